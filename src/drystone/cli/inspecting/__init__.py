"""Look into a release or a folder, and change nothing."""
