"""Transactional outbox: e-mails are stored with the change that they report, and each is sent once.

A change and its e-mails are written in one transaction. The *worker* *leases* due e-mails and passes them to a
*mailer*, individually or as a *batch*. An e-mail is `queued`, `sending` while it is leased, `retrying` after a
transient failure, and at last `sent` or `dead`.

Invariants: an e-mail exists exactly if its change was committed; its id is the provider's Idempotency-Key, so that a
repeated call does not send it twice; the organiser's e-mail is sent before the guest's.
"""
