"""The outbox: e-mails stored in the transaction that enqueues them."""
