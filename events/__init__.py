"""Events with ticket tiers: what is on offer, its stock, and its prices.

Terms: a *tier* is a kind of ticket of an event with a price and a stock; a *pool* is a ceiling over the tiers of an
event; a *numbered* tier has a seat for each ticket.
"""
