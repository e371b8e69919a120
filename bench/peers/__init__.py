"""Peers: comparable services for the same task, in other designs. They import nothing of the service."""
