"""The waiting list of a sold-out tier, strictly in order of arrival; an account has one entry for a tier.

Tickets that come free are held for the first in line as an *offer*, within the transaction that frees them. The queue
number is drawn from the tier's row. Every join writes that row and the pool's, as claims and releases do.

Invariant: a tier on sale never has both a ticket that can be claimed and a waiting entry.
"""
