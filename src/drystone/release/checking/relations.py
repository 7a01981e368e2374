"""Laws of the tables beside the ledger that say what repositories are to each other, and how they came to be.

Holds the ids, origins and revisions of the repositories, and the last key of a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from drystone.release.columns import Kind
from drystone.release.schema import KEYS
from drystone.release.tables import keys_of

#: Told (check, file, what is wrong).
Add = Callable[[str, str, str], None]
_CHECK = "relations"


class Relations:
    """Compares pairs of repositories and histories with the list of repositories; rows of each file come in order."""

    def __init__(self, repositories: Iterable[pa.Table], add: Add) -> None:
        self._add = add
        self._last: dict[str, tuple[Any, ...]] = {}
        #: Ids, and revisions by origin, of the repositories; ids and origins that the tables name.
        self._ids: set[str] = set()
        self._revisions: dict[str, set[str]] = {}
        self._named: dict[str, str] = {}
        self._found: dict[str, set[str]] = {}
        for table in repositories:
            self._list(table)
        self._wanted = pa.array(sorted(set().union(*self._revisions.values())), pa.string())

    def _list(self, table: pa.Table) -> None:
        names = ("repository_id", "origin", "revision_id", "status")
        for id_, origin, revision, status in zip(*(table[name].to_pylist() for name in names), strict=True):
            self._ids.add(id_)
            known = self._revisions.setdefault(origin, set())
            known |= {revision} if revision and status == "read" else set()

    def add(self, table: pa.Table, path: str, kind: Kind) -> None:
        """Take rows of a table of one kind in `columns.OPTIONAL`."""
        for key in keys_of(table, KEYS[kind]):
            if None in key:
                self._add("order", path, f"{key} is no key")
                continue
            if not self._last.get(path, key[:0]) < key:
                self._add("order", path, f"{key} follows {self._last.get(path)}")
            self._last[path] = key
        if kind == "repository_duplicates":
            self._pairs(table, path)
        else:
            self._history(table, path)

    def _pairs(self, table: pa.Table, path: str) -> None:
        for name in ("repository_id", "other_repository_id"):
            self._named.update((str(id_), path) for id_ in table[name].unique().to_pylist())
        for name in ("share", "similarity"):
            within = pc.and_(pc.greater_equal(table[name], 0.0), pc.less_equal(table[name], 1.0))
            for row in table.filter(pc.invert(pc.fill_null(within, False))).to_pylist():
                self._add(_CHECK, path, f"{name} of {row['origin']} and {row['other_origin']} is {row[name]}")

    def _history(self, table: pa.Table, path: str) -> None:
        for origin in table["origin"].unique().to_pylist():
            if origin not in self._found:
                self._found[origin] = set()
                self._named[f"origin {origin}"] = path
        mine = table.filter(pc.is_in(table["revision_id"], value_set=self._wanted))
        for origin, revision in zip(mine["origin"].to_pylist(), mine["revision_id"].to_pylist(), strict=True):
            self._found[origin].add(revision)

    def finish(self) -> None:
        """Compare; call once, after all rows were taken."""
        for name, path in self._named.items():
            known = name[7:] in self._revisions if name.startswith("origin ") else name in self._ids
            if not known:
                self._add(_CHECK, path, f"{name} is not listed in repositories.parquet")
        for origin, found in self._found.items():
            for revision in sorted(self._revisions.get(origin, set()) - found):
                self._add(_CHECK, "history.parquet", f"revision {revision} of {origin} is not in its history")
