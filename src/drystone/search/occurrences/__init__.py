"""What the ledger adds to a search: files that are out, other places of the same bytes, what a version lost."""
