"""Between the network and the application: connections, proxies, bodies, headers, cookies. Knows no routes."""
