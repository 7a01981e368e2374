"""What people ask of a release: why, how much, what changed, am I in it."""
