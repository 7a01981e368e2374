"""Patterns: read, asked of an index as trigrams, and looked for in texts. Knows no segments."""
