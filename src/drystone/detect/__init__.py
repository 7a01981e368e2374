"""Detectors: bytes and path in, annotation out. Pure; knows nothing of policies, sources or releases."""
