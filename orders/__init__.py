"""Claims of event tickets: reservations, holds, orders, tickets.

Terms: a *reservation* is one free ticket of an event for an account; a *hold* keeps tickets for an account until a
time; an *order* is a purchase. All of them claim stock through one group commit.
"""
