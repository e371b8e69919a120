"""Orders in the back office: listing, export, refunds."""
