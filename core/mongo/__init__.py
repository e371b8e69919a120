"""MongoDB: the client, transactions, collections made at start-up, and the meaning of the driver's errors."""
