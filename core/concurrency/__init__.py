"""Batching, request coalescing, short-lived caches and serialized transactions within a process."""
