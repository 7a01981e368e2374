"""The release on disk: layout, manifest, write, verify, read. Knows nothing of how it was built."""
