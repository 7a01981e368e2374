"""Indexes and texts in an object store: few ranges at a time, all together. Knows no query."""
