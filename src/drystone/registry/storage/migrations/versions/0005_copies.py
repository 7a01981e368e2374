"""How copies are followed and who objects to that: near ones by choice, single ones by decision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns and the tables."""
    op.add_column("requests", sa.Column("near", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "settled_copies",
        sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), primary_key=True),
        sa.Column("blob", sa.LargeBinary(20), primary_key=True),
        sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), nullable=False, index=True),
    )
    op.create_table(
        "likenesses",
        sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), primary_key=True),
        sa.Column("blob", sa.LargeBinary(20), primary_key=True),
        sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), nullable=False, index=True),
        sa.Column("sample", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "objections",
        sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), primary_key=True, autoincrement=False),
        sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), nullable=False, index=True),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("evidence_sha256", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
