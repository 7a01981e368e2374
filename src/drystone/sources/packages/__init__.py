"""Packages of registries as sources: one release each, fetched, checked by its hash, and read as an archive."""
