"""What PostgreSQL is told: how it is reached (pg8000, pure Python), the writers' lock, when to go to disk.

Knows nothing of tables.
"""

from __future__ import annotations

import getpass
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa

from drystone.errors import MissingExtraError

#: Key of the advisory lock that writers of a registry hold (the bytes of "dryst"); migration 0003 has it, too.
LOCK: Final = 0x6472797374
#: Begins a transaction that writes; its end does not wait for the disk, `_TO_DISK` does.
ALONE: Final = sa.text(f"SELECT set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock({LOCK})")
#: A message in the server's log that nobody reads: with it, everything before it is on disk.
_TO_DISK: Final = sa.text(
    "SELECT set_config('synchronous_commit', 'on', true), pg_logical_emit_message(true, 'drystone', '')"
)
#: Seconds after which a server that does not answer is given up.
_PATIENCE: Final = 60


def engine(url: sa.URL) -> sa.Engine:
    """Return an engine for a URL; `sslmode` and `sslrootcert` in it, PGUSER and PGPASSWORD count as with libpq.

    Raises `MissingExtraError` without the driver, ValueError for an option that is not known.
    """
    if url.drivername != "postgresql":
        raise ValueError(f"write postgresql:// in place of {url.drivername}://")
    options = dict(url.query)
    encrypted = _encrypted(options.pop("sslmode", "disable"), options.pop("sslrootcert", None))
    if options:
        raise ValueError(f"the URL has options that are not known: {', '.join(sorted(options))}")
    url = url.set(
        drivername="postgresql+pg8000",
        username=url.username or os.environ.get("PGUSER") or getpass.getuser(),
        password=url.password or os.environ.get("PGPASSWORD"),
        query={},
    )
    try:
        return sa.create_engine(url, connect_args={"timeout": _PATIENCE, "ssl_context": encrypted})
    except ImportError:
        raise MissingExtraError("The driver for PostgreSQL", "postgres") from None


def _encrypted(mode: object, root: object) -> ssl.SSLContext | None:
    if mode == "disable":
        return None
    if mode not in ("require", "verify-ca", "verify-full"):
        raise ValueError("sslmode is disable, require, verify-ca or verify-full")
    context = ssl.create_default_context(cafile=str(root) if root is not None else None)
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


def at_once(engine: sa.Engine, statement: sa.Executable) -> sa.Row[Any]:
    """Run one statement as a transaction of its own and return its row once it is on disk."""
    with _each_alone(engine) as connection:
        row = connection.execute(statement).one()
        connection.execute(_TO_DISK)
    return row


def to_disk(engine: sa.Engine) -> None:
    """Wait until everything that was committed before is on disk."""
    with _each_alone(engine) as connection:
        connection.execute(_TO_DISK)


@contextmanager
def _each_alone(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection of which each statement is a transaction."""
    with engine.connect() as connection:
        # SQLAlchemy's isolation level AUTOCOMMIT would ask the server twice more each time.
        driver: Any = connection.connection.dbapi_connection
        driver.autocommit = True
        try:
            yield connection
        except BaseException:
            connection.invalidate()
            raise
        driver.autocommit = False
