"""Releases as tools for programs that speak the Model Context Protocol: search, ask, read, why, licenses;
and a catalog: find, compare, passport. A face."""
