"""A checkpoint's network: its files, its families, and the forward pass over several kinds of arrays."""
