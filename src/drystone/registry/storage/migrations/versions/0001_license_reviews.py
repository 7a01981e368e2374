"""Licence reviews: the queue and the decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "license_reviews",
        sa.Column("text_sha256", sa.String(64), primary_key=True),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("expression", sa.Text),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("origin", sa.Text),
        sa.Column("path", sa.Text),
        sa.Column("swhid", sa.String(50)),
        sa.Column("sample", sa.Text),
    )
    op.create_table(
        "license_decisions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("text_sha256", sa.String(64), nullable=False, index=True),
        sa.Column("expression", sa.Text, nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("decided_at", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
