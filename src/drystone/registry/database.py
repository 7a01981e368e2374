"""Opens, creates and versions a registry: what people decided, in SQL (SQLite by default, another database by URL).

Knows which tables there are, not what they mean.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from drystone.errors import RegistryError

#: Raised by one with each change of the tables; a step in `_UPGRADES` brings an older registry up.
SCHEMA_VERSION: Final = 1

METADATA: Final = sa.MetaData()

_VERSION: Final = sa.Table(
    "registry_version",
    METADATA,
    sa.Column("version", sa.Integer, primary_key=True),
)

#: Version -> SQL statements that lead to the next one.
_UPGRADES: Final[dict[int, tuple[str, ...]]] = {}


def connect(url_or_path: str | Path) -> sa.Engine:
    """Open a registry, creating it where there is none.

    A path (or `sqlite:///...`) is an SQLite file; any other SQLAlchemy URL is taken as it is. Raises `RegistryError`
    for a file that is not a database, an unreachable server, or a registry made by a newer Drystone.
    """
    text = str(url_or_path)
    try:
        if "://" in text:
            engine = sa.create_engine(text)
        else:
            path = Path(text).expanduser()
            if path.is_dir():
                raise RegistryError(f"{path}: is a folder. Name a file, for example {path / 'registry.sqlite'}.")
            path.parent.mkdir(parents=True, exist_ok=True)
            engine = sa.create_engine(f"sqlite:///{path}")
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", _sqlite_settings)
        _prepare(engine, text)
    except (SQLAlchemyError, OSError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise RegistryError(f"{text}: cannot be opened as a registry ({reason}). Check the path or URL.") from None
    return engine


def _sqlite_settings(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()


def _prepare(engine: sa.Engine, name: str) -> None:
    with engine.begin() as connection:
        present = set(sa.inspect(connection).get_table_names())
        if _VERSION.name not in present:
            strangers = present - set(METADATA.tables)
            if strangers:
                raise RegistryError(
                    f"{name}: is a database of something else (tables {', '.join(sorted(strangers)[:3])}). "
                    "Name another file or database."
                )
            METADATA.create_all(connection)
            connection.execute(sa.insert(_VERSION).values(version=SCHEMA_VERSION))
            return
        version = connection.execute(sa.select(sa.func.max(_VERSION.c.version))).scalar_one_or_none() or 0
        if version > SCHEMA_VERSION:
            raise RegistryError(
                f"{name}: was made by a newer Drystone (registry version {version}, this one knows {SCHEMA_VERSION}). "
                "Update Drystone."
            )
        for step in range(version, SCHEMA_VERSION):
            for statement in _UPGRADES.get(step, ()):
                connection.execute(sa.text(statement))
            connection.execute(sa.update(_VERSION).values(version=step + 1))
        METADATA.create_all(connection)
