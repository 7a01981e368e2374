"""Where releases and exports lie, and up to which event requests were applied there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "locations",
        sa.Column("place", sa.String(1000), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("event", sa.Integer, nullable=False),
    )
