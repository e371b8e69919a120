"""Socket.IO: handshake, bounded connections, and the broadcast to all of them."""
