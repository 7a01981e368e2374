"""Releases as tools for programs that speak the Model Context Protocol: search, ask, read, why, licenses. A face."""
