"""A release in the tables that others publish."""
