"""Delivery of the outbox's e-mails: worker, batches, throttle and sender."""
