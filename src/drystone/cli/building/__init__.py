"""Make something: a release, its exports, a table without near duplicates."""
