"""Index and query language over releases."""
