"""Opens, creates and migrates a registry's database (SQLite by default, PostgreSQL by URL), and gives transactions.

Knows that there are migrations, not what stands in the tables; what each database is told stands in `_sqlite` and
`_postgresql`. Alembic does the migrations: a registry lives for years beside programs of several versions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from drystone.errors import RegistryError, RegistryUnavailableError
from drystone.identity.origins import public
from drystone.registry.storage import postgresql as _postgresql
from drystone.registry.storage import sqlite as _sqlite
from drystone.registry.storage.tables import METADATA

#: Migrations, oldest first; the last one is what this program works with.
REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006")
SCHEMA_VERSION: Final = REVISIONS[-1]

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def connect(url_or_path: str | Path, *, migrate: bool = True, create: bool = True) -> sa.Engine:
    """Open a registry, creating or migrating it where needed; without `create` there must be one.

    A path (or `sqlite:///...`) is an SQLite file; `postgresql://...` a PostgreSQL database (extra `postgres`). Raises
    `RegistryError` for a file that is not a database, an unreachable server, a registry of a newer Drystone, without
    `migrate` for one of an older, without `create` for an empty database.
    """
    text = str(url_or_path)
    # No password is shown, not even that of a URL that cannot be read.
    name = public(text) if "://" in text else text
    try:
        if "://" in text:
            url = sa.make_url(text)
        else:
            path = Path(text).expanduser()
            if path.is_dir():
                raise RegistryError(f"{path}: is a folder. Name a file, for example {path / 'registry.sqlite'}.")
            path.parent.mkdir(parents=True, exist_ok=True)
            if create:  # who asked, and how to reach them, is for its owner alone to read
                path.touch(mode=0o600)
            url = sa.URL.create("sqlite", database=str(path))
        engine = _engine(url)
        try:
            _prepare(engine, name, migrate, create)
            if engine.dialect.name == "sqlite":
                _sqlite.from_now_on_there(engine)
        except BaseException:
            engine.dispose()
            raise
    except (SQLAlchemyError, sqlite3.Error, OSError, ImportError, ValueError, TypeError) as error:
        raise RegistryError(
            f"{name}: cannot be opened as a registry ({_reason(error)}). Check the path or URL."
        ) from None
    return engine


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection that sees one state of the registry."""
    with _told(engine), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection whose changes come all or not at all; writers wait for one another, so none is lost.

    What was written is on disk when this ends. Writers wait for the disk together, after the next one could begin: the
    database's own way would let each of them wait alone.
    """
    with _told(engine):
        with engine.connect().execution_options(**{_sqlite.WRITES: True}) as connection:
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(_postgresql.ALONE)
                yield connection
            if connection.dialect.name == "sqlite":
                _sqlite.to_disk(connection)
        if engine.dialect.name == "postgresql":
            _postgresql.to_disk(engine)


def at_once(engine: sa.Engine, statement: sa.Executable) -> sa.Row[Any]:
    """Run one statement in PostgreSQL that takes the writers' lock itself; return its row once it is on disk.

    No answer of ours lies between lock and end of its transaction, so that other writers wait for the server alone.
    """
    with _told(engine):
        return _postgresql.at_once(engine, statement)


@contextmanager
def _told(engine: sa.Engine) -> Iterator[None]:
    """Turn a database's error into one of ours that says what became of the step."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        name = public(engine.url.render_as_string())
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            what = "the connection was lost"
        elif "locked" in str(error):
            what = "another program holds it"
        else:
            what = "the database refuses"
        raise RegistryUnavailableError(
            f"{name}: {what} ({_reason(error)}). Nothing of this step was recorded unless it had just ended; "
            "look at what is there and try again."
        ) from None


def _reason(error: BaseException) -> str:
    return (str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__])[0]


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() == "postgresql":
        return _postgresql.engine(url)
    return _sqlite.engine(url) if url.get_backend_name() == "sqlite" else sa.create_engine(url)


def _prepare(engine: sa.Engine, name: str, migrate: bool, create: bool) -> None:
    with engine.connect() as connection:
        present = set(sa.inspect(connection).get_table_names())
        revision = _revision(connection, present, name)
        if revision == SCHEMA_VERSION:
            return
    if revision is None and not create:
        raise RegistryError(f"{name}: is an empty database, not a registry. drystone registry init makes it one.")
    if not migrate:
        raise RegistryError(f"{name}: is empty, or of an older Drystone; drystone registry audit migrates it.")
    with engine.connect().execution_options(**{_sqlite.WRITES: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(_postgresql.ALONE)
        # Again, now that no other program can come between.
        present = set(sa.inspect(connection).get_table_names())
        revision = _revision(connection, present, name)
        if revision != SCHEMA_VERSION:
            _migrate(connection, revision)


def _revision(connection: sa.Connection, present: set[str], name: str) -> str | None:
    """Return the migration that a database stands at, None for an empty one."""
    newer = RegistryError(f"{name}: was made by a newer Drystone (this one knows version {SCHEMA_VERSION}). Update it.")
    if "alembic_version" in present:
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all()
        if list(found) and (len(found) != 1 or found[0] not in REVISIONS):
            raise newer
        if found:
            return str(found[0])
    if "registry_version" in present:  # made before there were migrations
        version = connection.execute(sa.text("SELECT max(version) FROM registry_version")).scalar()
        if version != 1:
            raise newer
        return REVISIONS[0]
    if strangers := present - set(METADATA.tables) - {"alembic_version"}:
        raise RegistryError(
            f"{name}: is a database of something else (tables {', '.join(sorted(strangers)[:3])}). "
            "Name another file or database."
        )
    return None


def _migrate(connection: sa.Connection, revision: str | None) -> None:
    # Loaded only where it is needed: a registry is migrated once and opened often.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    if revision is not None and not sa.inspect(connection).has_table("alembic_version"):
        command.stamp(config, revision)
    command.upgrade(config, SCHEMA_VERSION)
