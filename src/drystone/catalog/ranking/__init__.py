"""Ranks artifacts of one kind, 0 to 100, as intervals: what is unknown widens them. Disputes and history of ranks.

Knows no importer and no face. How it is scored stands in scoring.toml, with a version.
"""
