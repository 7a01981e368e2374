"""A bounded cache of contents by hash in one SQLite file, shared by all processes of a build.

What is put in first goes first. Holds bytes and hashes only; whoever reads checks them.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Final

from drystone.errors import BuildError

#: Bytes that wait to be written in one transaction.
_BATCH_BYTES: Final = 4 << 20
_SCHEMA: Final = """
create table if not exists contents (
    number integer primary key autoincrement, id blob not null unique, data blob not null
);
create table if not exists held (bytes integer not null);
insert into held select 0 where not exists (select 1 from held);
"""


class ContentCache:
    """At most `limit` bytes of contents below `folder`; safe to share between threads and processes."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._waiting: dict[bytes, bytes] = {}
        self._waiting_bytes = 0
        self._path = folder / "contents.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self._path, timeout=120, check_same_thread=False, isolation_level=None)
            self._database.execute("pragma journal_mode=wal")
            # A cache: what is lost when the machine stops is fetched again.
            self._database.execute("pragma synchronous=off")
            self._database.execute("begin immediate")
            for statement in filter(str.strip, _SCHEMA.split(";")):
                self._database.execute(statement)
            self._database.execute("commit")
        except (OSError, sqlite3.Error) as error:
            raise BuildError(f"{self._path}: the cache cannot be used ({error}); remove it or free space") from None

    def get(self, id_: bytes) -> bytes | None:
        """Return the bytes kept under a hash, None where there are none."""
        with self._lock:
            if id_ in self._waiting:
                return self._waiting[id_]
            try:
                row = self._database.execute("select data from contents where id = ?", (id_,)).fetchone()
            except sqlite3.Error as error:
                raise BuildError(f"{self._path}: the cache cannot be read ({error}); remove it") from None
        return bytes(row[0]) if row is not None else None

    def newest(self) -> bytes | None:
        """Return the bytes that were put in last, of all processes; None where there are none."""
        with self._lock:
            if self._waiting:
                return self._waiting[next(reversed(self._waiting))]
            try:
                row = self._database.execute("select data from contents order by number desc limit 1").fetchone()
            except sqlite3.Error as error:
                raise BuildError(f"{self._path}: the cache cannot be read ({error}); remove it") from None
        return bytes(row[0]) if row is not None else None

    def put(self, id_: bytes, data: bytes) -> None:
        """Keep bytes under a hash; what is larger than an eighth of the limit is not kept."""
        if len(data) > self._limit // 8:
            return
        with self._lock:
            if id_ not in self._waiting:
                self._waiting[id_] = data
                self._waiting_bytes += len(data)
            if self._waiting_bytes >= min(_BATCH_BYTES, self._limit // 8):
                self._write()

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            self._write()

    def close(self) -> None:
        """Write what waits and close the file."""
        with self._lock:
            self._write()
            self._database.close()

    def _write(self) -> None:
        if not self._waiting:
            return
        run = self._database.execute
        try:
            run("begin immediate")
            for id_, data in self._waiting.items():
                if run("insert or ignore into contents (id, data) values (?, ?)", (id_, data)).rowcount:
                    run("update held set bytes = bytes + ?", (len(data),))
            over = int(run("select bytes from held").fetchone()[0]) - self._limit
            while over > 0:
                oldest = run("select number, length(data) from contents order by number limit 256").fetchall()
                going = []
                for number, size in oldest:
                    if over <= 0:
                        break
                    going.append(number)
                    over -= size
                freed = sum(size for number, size in oldest[: len(going)])
                run("delete from contents where number <= ?", (going[-1],))
                run("update held set bytes = bytes - ?", (freed,))
            run("commit")
        except sqlite3.Error as error:
            raise BuildError(f"{self._path}: the cache cannot be written ({error}); free space or remove it") from None
        self._waiting.clear()
        self._waiting_bytes = 0
