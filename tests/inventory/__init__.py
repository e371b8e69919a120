"""Stock and group commit with a second user that is no slot."""
