"""Letters: what the service promises to send, and sends once.

Words: a *letter* is a row of the *outbox*, written in the transaction that promises it. The *worker* *leases* due
letters and hands them to a *mailer*, one by one or as a *batch*. A letter is `queued`, `sending` while it is leased,
`retrying` after a try that failed for now, and in the end `sent`, or `dead` when it was given up.

Invariants: a letter exists exactly when what it tells of was committed; its id is the provider's Idempotency-Key, so a
letter whose sending was interrupted is sent again without arriving twice; the admin's goes out before the guest's.
"""
