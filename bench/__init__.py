"""Benchmarks of the service, as deployed, beside comparable services and earlier commits."""
