"""Names for bytes: SWHIDs and content hashes. Knows nothing of where the bytes come from."""
