"""A reader in the formats of other runtimes."""
