"""Passports: what an artifact is, can do and is known of, in one form. Compares nothing."""
