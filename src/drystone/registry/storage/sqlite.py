"""What SQLite is told: journal, waiting, when to go to disk, and that a file which is gone is not made anew.

Knows nothing of tables.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

#: Option of a connection whose transaction will write.
WRITES: Final = "drystone_writes"
_ATTEMPTS: Final = 200
#: Seconds that a writer waits for its turn.
PATIENCE = 30.0
_FILE: Final = "drystone_file"


def engine(url: sa.URL) -> sa.Engine:
    """Return an engine whose connections are set up for a registry."""
    made = sa.create_engine(url)
    sa.event.listen(made, "connect", _settings)
    sa.event.listen(made, "begin", _begin)
    return made


def from_now_on_there(engine: sa.Engine) -> None:
    """Refuse to go on where the file was removed or replaced: SQLite would write into one that nobody finds again."""
    path = engine.url.database
    if not path or path == ":memory:":
        return

    def connecting(_dialect: object, _record: object, _arguments: object, _options: object) -> None:
        if _file(path) is None:
            raise sqlite3.OperationalError("the file is gone")

    def remember(_connection: object, record: Any) -> None:
        record.info[_FILE] = _file(path)

    def taking(_connection: object, record: Any, _proxy: object) -> None:
        if record.info.get(_FILE) != _file(path):
            raise sa.exc.DisconnectionError("the file is gone")

    engine.dispose()
    sa.event.listen(engine, "do_connect", connecting)
    sa.event.listen(engine, "connect", remember)
    sa.event.listen(engine, "checkout", taking)


def to_disk(connection: sa.Connection) -> None:
    """Wait until the write-ahead log is on disk; what is not in it any more was put on disk by a checkpoint."""
    path = connection.engine.url.database
    known = connection.info.get(_FILE)
    if known is not None and _file(path) != known:
        raise OSError("the file was removed meanwhile")
    with suppress(FileNotFoundError):
        descriptor = os.open(f"{path}-wal", os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _file(path: str | None) -> tuple[int, int] | None:
    try:
        found = Path(path or "").stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _settings(connection: Any, _record: object) -> None:
    # Transactions are begun below, not by Python's module, which leaves changes of tables outside them.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout=30000", "foreign_keys=ON", "secure_delete=ON", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    _write_ahead(cursor)
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Let readers and a writer not wait for one another; kept in the file, so that it is done once."""
    for attempt in range(_ATTEMPTS):
        if cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",):
            return
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            # This one change does not wait for a lock by itself.
            if "locked" not in str(error) or attempt == _ATTEMPTS - 1:
                raise
        time.sleep(0.05)


def _begin(connection: sa.Connection) -> None:
    # A writer says so at once: one that reads first and writes then could only fail where another came between.
    if not connection.get_execution_options().get(WRITES):
        connection.exec_driver_sql("BEGIN")
        return
    cursor = connection.connection.cursor()
    # SQLite's own waiting sleeps ever longer, so that some writers never get their turn among many.
    cursor.execute("PRAGMA busy_timeout=0")
    end = time.monotonic() + PATIENCE
    try:
        while True:
            try:
                cursor.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
            time.sleep(random.uniform(0.0005, 0.002))
    finally:
        cursor.execute("PRAGMA busy_timeout=30000")
        cursor.close()
