"""Demo data: three accounts and some events, for trying the service out."""
