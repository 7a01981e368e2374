"""Licences in running text: by whole texts, by their clauses, by their names."""
