"""The routers, one for each face: each parses a request, asks a room below, and draws or sends what it answers."""
