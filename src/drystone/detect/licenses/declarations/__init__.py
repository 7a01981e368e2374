"""Licences that files made for it declare: metadata, tags, REUSE, Debian."""
