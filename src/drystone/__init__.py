"""Governed code-dataset releases, traced file by file."""
