"""HTTP server parts of a worker: connection limits, client sockets, and answers to broken requests."""
