"""Answers from releases: passages found, spans read, each with a citation that anyone can check. Knows no face."""
