"""The back office: an API and a page over the services, protected by an admin key; it has no store of its own."""
