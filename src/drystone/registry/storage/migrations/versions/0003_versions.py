"""Which version of a release took the place of which, and appending in PostgreSQL by one statement."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table and the function."""
    op.create_table(
        "superseded",
        sa.Column("root", sa.String(64), primary_key=True),
        sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("by_root", sa.String(64), nullable=False),
        sa.Column("by_version", sa.Text, nullable=False),
        sa.Column("retracted", sa.Boolean, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        # The lock is that of all writers (`registry._postgresql.LOCK`); the hash is that of `registry.events`.
        op.execute(
            """
            CREATE FUNCTION drystone_append(
                moment text, what text, whose text, said text, rest text,
                OUT seq integer, OUT previous text, OUT hash text
            ) LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM pg_advisory_xact_lock(431417291636), set_config('synchronous_commit', 'off', true);
                SELECT e.seq, e.hash INTO seq, previous FROM events e ORDER BY e.seq DESC LIMIT 1;
                seq := coalesce(seq, 0) + 1;
                previous := coalesce(previous, repeat('0', 64));
                hash := encode(sha256(convert_to('["' || previous || '",' || seq || ',' || rest, 'UTF8')), 'hex');
                INSERT INTO events VALUES (seq, moment, what, whose, said, previous, hash);
            END $$
            """
        )
