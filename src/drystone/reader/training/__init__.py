"""Training of readers; what is needed for it is an extra."""
