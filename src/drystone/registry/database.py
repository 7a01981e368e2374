"""Opens, creates and migrates a registry's database (SQLite by default, PostgreSQL by URL), and gives transactions.

Knows that there are migrations, not what stands in the tables. Alembic does the migrations: a registry lives for years
beside programs of several versions, and its operations are tried on both databases.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from drystone.errors import MissingExtraError, RegistryError
from drystone.registry.tables import METADATA

#: Migrations, oldest first; the last one is what this program works with.
REVISIONS: Final = ("0001", "0002")
SCHEMA_VERSION: Final = REVISIONS[-1]

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
#: Key of the advisory lock that writers of a registry hold in PostgreSQL (the bytes of "dryst").
_LOCK: Final = 0x6472797374
#: Options of a connection whose transaction will write.
_WRITES: Final = "drystone_writes"


def connect(url_or_path: str | Path) -> sa.Engine:
    """Open a registry, creating or migrating it where needed.

    A path (or `sqlite:///...`) is an SQLite file; `postgresql://...` a PostgreSQL database (extra `postgres`). Raises
    `RegistryError` for a file that is not a database, an unreachable server, or a registry of a newer Drystone.
    """
    text = str(url_or_path)
    name = text
    try:
        if "://" in text:
            url = sa.make_url(text)
            name = url.render_as_string(hide_password=True)
            engine = _engine(url)
        else:
            path = Path(text).expanduser()
            if path.is_dir():
                raise RegistryError(f"{path}: is a folder. Name a file, for example {path / 'registry.sqlite'}.")
            path.parent.mkdir(parents=True, exist_ok=True)
            engine = _engine(sa.URL.create("sqlite", database=str(path)))
        try:
            _prepare(engine, name)
        except BaseException:
            engine.dispose()
            raise
    except (SQLAlchemyError, OSError, ImportError, ValueError) as error:
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
    """Give a connection whose changes come all or not at all; writers wait for one another, so none is lost."""
    with _told(engine), engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        yield connection


@contextmanager
def _told(engine: sa.Engine) -> Iterator[None]:
    """Turn a database's error into one of ours that says what became of the step."""
    try:
        yield
    except SQLAlchemyError as error:
        name = engine.url.render_as_string(hide_password=True)
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            what = "the connection was lost"
        elif "locked" in str(error):
            what = "another program holds it"
        else:
            what = "the database refuses"
        raise RegistryError(
            f"{name}: {what} ({_reason(error)}). Nothing of this step was recorded unless it had just ended; "
            "look at what is there and try again."
        ) from None


def _reason(error: BaseException) -> str:
    return (str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__])[0]


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() == "postgresql":
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        try:
            return sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
        except ImportError:
            raise MissingExtraError("The driver for PostgreSQL", "postgres") from None
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _sqlite_settings)
        sa.event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_settings(connection: Any, _record: object) -> None:
    # Transactions are begun below, not by Python's module, which leaves changes of tables outside them.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout=30000", "foreign_keys=ON", "secure_delete=ON", "journal_mode=WAL", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: sa.Connection) -> None:
    # A writer says so at once: one that reads first and writes then could only fail where another came between.
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare(engine: sa.Engine, name: str) -> None:
    with engine.connect() as connection:
        present = set(sa.inspect(connection).get_table_names())
        if _revision(connection, present, name) == SCHEMA_VERSION:
            return
    with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
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
