"""Repositories as wholes: which are one, which are forks, mirrors and copies of others, and how they came to be."""
