"""Live updates over Socket.IO: server, connections and the WebSocket route."""
