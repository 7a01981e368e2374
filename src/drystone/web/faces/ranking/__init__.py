"""Ranks and disputes of the catalog over HTTP."""
