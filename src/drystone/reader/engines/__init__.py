"""One module a runtime; each imports its runtime inside."""
