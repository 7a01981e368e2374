"""Which releases are known by name and number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "released",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("root", sa.String(64), primary_key=True),
        sa.Column("ground", sa.String(64), nullable=False),
        sa.Column("sources", sa.String(64), nullable=False),
    )
