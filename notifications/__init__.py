"""Letters: what the service promises to send, and sends once.

Words: a *letter* is a row of the *outbox*, written in the transaction that promises it. The *worker* *leases* due
letters and hands them to a *mailer*; a letter is `pending`, then `sent`, or `failed` when it was given up.

Invariants: a letter exists exactly when what it tells of was committed; its id is the provider's Idempotency-Key, so a
letter whose sending was interrupted is sent again without arriving twice; the admin's goes out before the guest's.
"""
