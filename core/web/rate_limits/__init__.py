"""Rate limits: the limiter, prefetched quota, and the storages that count."""
