"""A small archive made by hand: objects with their true hashes, as a graph export and as a bucket of contents."""

from __future__ import annotations

import gzip
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq

from drystone.identity.hashes import blob_hash, snapshot_hash, tree_hash
from drystone.sources.software_heritage.contents import ContentId

_NS = pa.timestamp("ns")

#: Columns as swh-export 1.12 writes them (swh/export/relational.py).
SCHEMAS: dict[str, pa.Schema] = {
    "origin": pa.schema([("id", pa.string()), ("url", pa.string())]),
    "origin_visit": pa.schema(
        [("origin", pa.string()), ("visit", pa.int64()), ("date", _NS), ("type", pa.string())]
    ),
    "origin_visit_status": pa.schema(
        [("origin", pa.string()), ("visit", pa.int64()), ("date", _NS), ("status", pa.string()),
         ("snapshot", pa.string()), ("type", pa.string())]
    ),
    "snapshot": pa.schema([("id", pa.string())]),
    "snapshot_branch": pa.schema(
        [("snapshot_id", pa.string()), ("name", pa.binary()), ("target", pa.string()), ("target_type", pa.string())]
    ),
    "release": pa.schema(
        [("id", pa.string()), ("name", pa.binary()), ("target", pa.string()), ("target_type", pa.string()),
         ("date", _NS)]
    ),
    "revision": pa.schema(
        [("id", pa.string()), ("message", pa.binary()), ("date", _NS), ("committer_date", _NS),
         ("directory", pa.string()), ("type", pa.string())]
    ),
    "directory": pa.schema([("id", pa.string()), ("raw_manifest", pa.binary())]),
    "directory_entry": pa.schema(
        [("directory_id", pa.string()), ("name", pa.binary()), ("type", pa.string()), ("target", pa.string()),
         ("perms", pa.int32())]
    ),
    "content": pa.schema(
        [("sha1", pa.string()), ("sha1_git", pa.string()), ("sha256", pa.string()), ("blake2s256", pa.string()),
         ("length", pa.int64()), ("status", pa.string()), ("data", pa.binary())]
    ),
    "skipped_content": pa.schema(
        [("sha1", pa.string()), ("sha1_git", pa.string()), ("sha256", pa.string()), ("blake2s256", pa.string()),
         ("length", pa.int64()), ("status", pa.string()), ("reason", pa.string())]
    ),
}  # fmt: skip


class Link(bytes):
    """A symbolic link's target, in a tree."""


class Module(bytes):
    """A submodule's revision (20 bytes), in a tree."""


class Tree(bytes):
    """A directory by its id (20 bytes), whether it is there or not."""


def when(year: int, day: int = 1) -> datetime:
    return datetime(year, 1, day, tzinfo=UTC).replace(tzinfo=None)


class World:
    """Rows of the export's tables, put together object by object."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
        self.contents: dict[bytes, bytes] = {}
        self._directories: set[bytes] = set()

    def blob(self, data: bytes) -> bytes:
        id_ = blob_hash(data)
        if id_ not in self.contents:
            self.contents[id_] = data
            self.rows["content"].append(
                {"sha1": hashlib.sha1(data).hexdigest(), "sha1_git": id_.hex(),
                 "sha256": hashlib.sha256(data).hexdigest(), "blake2s256": hashlib.blake2s(data).hexdigest(),
                 "length": len(data), "status": "visible", "data": data}
            )  # fmt: skip
        return id_

    def tree(self, items: dict[str | bytes, Any]) -> bytes:
        """Add a directory of files (str or bytes), links, submodules and directories (dict, or `Tree`)."""
        entries = []
        for name, item in items.items():
            raw = name.encode() if isinstance(name, str) else name
            match item:
                case dict():
                    entries.append((0o040000, raw, self.tree(item), "dir"))
                case Tree():
                    entries.append((0o040000, raw, bytes(item), "dir"))
                case Link():
                    entries.append((0o120000, raw, self.blob(bytes(item)), "file"))
                case Module():
                    entries.append((0o160000, raw, bytes(item), "rev"))
                case _:
                    data = item.encode() if isinstance(item, str) else item
                    entries.append((0o100644, raw, self.blob(data), "file"))
        id_ = tree_hash((mode, name, target) for mode, name, target, _ in entries)
        self.directory(id_, entries)
        return id_

    def directory(self, id_: bytes, entries: list[tuple[int, bytes, bytes, str]]) -> None:
        if id_ in self._directories:
            return
        self._directories.add(id_)
        self.rows["directory"].append({"id": id_.hex()})
        for mode, name, target, kind in entries:
            self.rows["directory_entry"].append(
                {"directory_id": id_.hex(), "name": name, "type": kind, "target": target.hex(), "perms": mode}
            )

    def revision(self, directory: bytes, date: Any = None, committer_date: Any = None) -> bytes:
        id_ = hashlib.sha1(repr((directory, date, committer_date)).encode()).digest()
        self.rows["revision"].append(
            {"id": id_.hex(), "message": b"one", "directory": directory.hex(), "type": "git",
             "date": date or when(2020), "committer_date": committer_date or date or when(2020)}
        )  # fmt: skip
        return id_

    def release(self, target: bytes, kind: str = "revision") -> bytes:
        id_ = hashlib.sha1(b"release" + target).digest()
        self.rows["release"].append(
            {"id": id_.hex(), "name": b"1", "target": target.hex(), "target_type": kind, "date": when(2020)}
        )
        return id_

    def snapshot(self, branches: dict[str, tuple[str, bytes]]) -> bytes:
        # Any name will do but for the empty one, which tells that nothing is missing.
        id_ = hashlib.sha1(repr(sorted(branches.items())).encode()).digest() if branches else snapshot_hash({})
        self.rows["snapshot"].append({"id": id_.hex()})
        for name, (kind, target) in branches.items():
            self.rows["snapshot_branch"].append(
                {"snapshot_id": id_.hex(), "name": name.encode(), "target": target.hex(), "target_type": kind}
            )
        return id_

    def origin(self, url: str, *visits: tuple[str, bytes | None]) -> None:
        """Add an origin with its visits, from 1: each a status and a snapshot."""
        self.rows["origin"].append({"id": hashlib.sha1(url.encode()).hexdigest(), "url": url})
        for number, (status, snapshot) in enumerate(visits, 1):
            date = when(2024, number)
            self.rows["origin_visit"].append({"origin": url, "visit": number, "date": date, "type": "git"})
            self.rows["origin_visit_status"] += [
                {"origin": url, "visit": number, "date": date, "status": "created", "type": "git"},
                {"origin": url, "visit": number, "date": when(2024, number + 1), "status": status,
                 "snapshot": snapshot.hex() if snapshot else None, "type": "git"},
            ]  # fmt: skip

    def repository(self, url: str, files: dict[str | bytes, Any], date: Any = None) -> bytes:
        """Add an origin whose only visit found `files` on refs/heads/main."""
        revision = self.revision(self.tree(files), date)
        main = "refs/heads/main"
        self.origin(url, ("full", self.snapshot({main: ("revision", revision), "HEAD": ("alias", main.encode())})))
        return revision

    def write(self, folder: Path, form: str = "orc", files: int = 2) -> Path:
        """Write all tables, each into `files` files."""
        for table, schema in SCHEMAS.items():
            place = folder / form / table
            place.mkdir(parents=True, exist_ok=True)
            for number in range(files):
                rows = pa.Table.from_pylist(self.rows[table][number::files], schema)
                if form == "orc":
                    pyarrow.orc.write_table(rows, place / f"{table}-{number}.orc", compression="zstd")
                else:
                    pq.write_table(rows, place / f"{table}-{number}.parquet")
        return folder

    def bucket(self, folder: Path) -> Path:
        """Write all contents as gzip objects by sha1."""
        (folder / "content").mkdir(parents=True)
        for data in self.contents.values():
            (folder / "content" / hashlib.sha1(data).hexdigest()).write_bytes(gzip.compress(data, 1))
        return folder

    def ids(self) -> list[ContentId]:
        """Return what is known of all contents, in the order of their making."""
        return [
            ContentId(
                id_, hashlib.sha1(data).digest(), hashlib.sha256(data).digest(), hashlib.blake2s(data).digest(),
                len(data),
            )
            for id_, data in self.contents.items()
        ]  # fmt: skip
