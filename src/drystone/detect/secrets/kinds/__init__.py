"""One module for each kind of secret or personal data."""
