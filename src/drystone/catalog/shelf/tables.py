"""The tables of a catalog's database, and opening it. Knows no passport's form."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from drystone.errors import UsageError
from drystone.release.layout import shown

#: Of the tables: another number where they change.
SCHEMA: Final = 1
METADATA: Final = sa.MetaData()

SCHEMAS: Final = sa.Table("catalog_schema", METADATA, sa.Column("version", sa.Integer, primary_key=True))
ARTIFACTS: Final = sa.Table(
    "catalog_artifacts",
    METADATA,
    sa.Column("name", sa.String(96), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("passport", sa.LargeBinary, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
)
#: Names under which an artifact is found: its own, its title and its aliases, without case.
NAMES: Final = sa.Table(
    "catalog_names",
    METADATA,
    sa.Column("alias", sa.String(300), primary_key=True),
    sa.Column("name", sa.String(96), sa.ForeignKey("catalog_artifacts.name", ondelete="CASCADE"), nullable=False),
)
TEXTS: Final = sa.Table(
    "catalog_texts",
    METADATA,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)


def connect(place: str | Path, *, make: bool) -> sa.Engine:
    """Open a catalog's database: a path (SQLite) or a SQLAlchemy URL; `make` it where there is none.

    Raises `UsageError` where it is not there, is none, or is of another version.
    """
    text = str(place)
    name = sa.make_url(text).render_as_string(hide_password=True) if "://" in text else shown(text)
    if "://" not in text and not make and not Path(text).is_file():
        raise UsageError(f"{name}: no catalog there. drystone catalog add makes one.")
    try:
        engine = sa.create_engine(text if "://" in text else sa.URL.create("sqlite", database=text))
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", _keep_references)
        with engine.begin() as connection:
            present = sa.inspect(connection).get_table_names()
            if SCHEMAS.name not in present:
                if not make:
                    raise UsageError(f"{name}: is no catalog. drystone catalog add makes one.")
                METADATA.create_all(connection)
                connection.execute(sa.insert(SCHEMAS).values(version=SCHEMA))
            found = connection.execute(sa.select(SCHEMAS.c.version)).scalar()
    except (SQLAlchemyError, ImportError, OSError) as error:
        reason = (str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{name}: cannot be opened as a catalog ({reason}). Check the path or URL.") from None
    if found != SCHEMA:
        raise UsageError(f"{name}: is a catalog of version {found}; this program works with {SCHEMA}.")
    return engine


def _keep_references(connection: object, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[attr-defined]
