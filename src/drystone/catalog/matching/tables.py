"""The tables of match records, in a catalog's database beside its passports; made when they are first needed."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData()

#: Every search. `at`: seconds since 1970, UTC. `session`: a keyed hash of who asks, of that day alone. `query`: only
#: where it may be kept; `query_key`: a keyed hash of it. `mark`: "counted", "bot" or "repeat"; only the first counts.
SEARCHES: Final = sa.Table(
    "catalog_searches",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("at", sa.Integer, nullable=False),
    sa.Column("session", sa.String(32), nullable=False),
    sa.Column("query_key", sa.String(32), nullable=False),
    sa.Column("query", sa.Text, nullable=True),
    sa.Column("mark", sa.String(8), nullable=False),
    sa.Index("catalog_searches_by_session", "session", "at"),
)
#: What a search showed, and what was reported of it (`success` null: nothing).
SHOWN: Final = sa.Table(
    "catalog_shown",
    METADATA,
    sa.Column("search", sa.String(32), sa.ForeignKey("catalog_searches.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("artifact", sa.String(96), primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("capability", sa.String(96), nullable=True),
    sa.Column("success", sa.Boolean, nullable=True),
    sa.Column("reported_at", sa.Integer, nullable=True),
    sa.Index("catalog_shown_by_artifact", "artifact"),
)
#: Random bytes that this catalog's hashes and tokens are keyed with.
KEYS: Final = sa.Table(
    "catalog_match_keys",
    METADATA,
    sa.Column("name", sa.String(16), primary_key=True),
    sa.Column("key", sa.LargeBinary, nullable=False),
)
#: Sentence vectors, float16, so that none is computed twice.
VECTORS: Final = sa.Table(
    "catalog_vectors",
    METADATA,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("encoder", sa.String(64), primary_key=True),
    sa.Column("vector", sa.LargeBinary, nullable=False),
)
