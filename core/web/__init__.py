"""The HTTP furniture every feature shares: request context, the one error payload, limits, headers, health."""
