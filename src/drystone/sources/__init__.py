"""Where repositories come from; one module per kind of source. Knows nothing of detection or policy."""
