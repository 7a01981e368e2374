"""The tables of ranks that were kept and of disputes, beside the passports of a catalog."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from drystone.catalog.shelf.tables import METADATA

#: A ranking of a day by one scoring, which its hash names (`sha256_of_scoring`).
RANKINGS: Final = sa.Table(
    "catalog_rankings",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("version", sa.String(300), nullable=False),
    sa.Column("scoring_sha256", sa.String(64), nullable=False),
    sa.UniqueConstraint("day", "version", "scoring_sha256"),
)
RANKS: Final = sa.Table(
    "catalog_ranks",
    METADATA,
    sa.Column("ranking", sa.Integer, sa.ForeignKey("catalog_rankings.number", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.String(96), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("low", sa.Float, nullable=False),
    sa.Column("high", sa.Float, nullable=False),
    sa.Column("known", sa.Float, nullable=False),
    sa.Column("best_place", sa.Integer, nullable=False),
    sa.Column("worst_place", sa.Integer, nullable=False),
    sa.Column("artifacts", sa.Integer, nullable=False),
    sa.Index("catalog_ranks_name", "name"),
)
#: What somebody says against a fact of an artifact, with a link; and what was decided.
DISPUTES: Final = sa.Table(
    "catalog_disputes",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("artifact", sa.String(96), nullable=False),
    sa.Column("fact", sa.String(96), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("link", sa.String(2000), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("answer", sa.Text),
    sa.Column("answered_by", sa.String(300)),
    sa.Column("answered_on", sa.String(10)),
    sa.Index("catalog_disputes_artifact", "artifact"),
)
OWN: Final = (RANKINGS, RANKS, DISPUTES)
