"""Alembic's entry: migrates the connection that `registry/storage/database.py` gives it, inside its transaction."""

from __future__ import annotations

from alembic import context

from drystone.registry.storage.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
