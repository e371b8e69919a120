"""A stand-in for Stripe: a real HTTP server that keeps money exactly, and fails on demand."""
