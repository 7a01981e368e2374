"""How a registry of an earlier version becomes one of this: Alembic migrations."""
