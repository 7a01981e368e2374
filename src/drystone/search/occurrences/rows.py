"""Rows of a ledger as the filters of a query look at them, and kept files by the hash of their bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final, TypedDict, cast

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone._json import Json
from drystone.detect.paths import paths_flags
from drystone.errors import ReleaseError
from drystone.release.columns import LedgerRow
from drystone.release.layout import shown
from drystone.release.read import Release
from drystone.search.pages import Cache, ReadShard
from drystone.search.segment import FLAGS, Segment

#: Bytes of text that are kept unpacked.
_MEMORY: Final = 64 * 1024**2


#: Brings a file of a release here where it lies elsewhere.
Fetch = Callable[[str], object]


def is_here(_: str) -> None:
    """Bring nothing: the release lies here."""


def bring_ledger(release: Release, fetch: Fetch) -> None:
    """Bring the ledger and the repositories of a release here."""
    for entry in release.manifest.files:
        if entry.kind != "data":
            fetch(entry.place)


class Owner(TypedDict):
    """What of a repository a search asks for."""

    repository_id: str
    origin: str
    repo_name: str | None
    directory_id: str | None
    revision_id: str | None
    snapshot_id: str | None
    year: int


_OWNER: Final = ["repository_id", "origin", "repo_name", "directory_id", "revision_id", "snapshot_id", "revision_date",
                 "committer_date"]  # fmt: skip


def owners(release: Release) -> dict[str, Owner]:
    """Return the repositories of a release by their ids; `year` is that of the commit, 0 where unknown."""
    found: dict[str, Owner] = {}
    for table in release.repositories(_OWNER):
        for row in table.to_pylist():
            date = row.pop("committer_date") or row["revision_date"]
            found[row["repository_id"]] = cast(Owner, {**row, "year": date.year if date is not None else 0})
    return found


def evidence_of(row: LedgerRow) -> Json:
    """Return the evidence of a row of a ledger, None where it has none. Raises `ReleaseError` where it is no JSON."""
    if row["evidence"] is None:
        return None
    try:
        found: Json = orjson.loads(row["evidence"])
    except orjson.JSONDecodeError:
        raise ReleaseError(
            f"{shown(row['path'])}: its evidence in the ledger cannot be read; drystone verify says what is damaged"
        ) from None
    return found


def rows_of(release: Release, places: Sequence[tuple[int, int]], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return columns of rows of the ledger, each given by its part and row in it, in order."""
    parts = release.manifest.of_kind("ledger")
    wanted: dict[int, list[int]] = {}
    for part, row in places:
        wanted.setdefault(part, []).append(row)
    found: list[dict[str, Any]] = []
    for part, rows in sorted(wanted.items()):
        first = 0
        for table in release.rows(parts[part], columns):
            here = [row - first for row in rows if first <= row < first + table.num_rows]
            found += table.take(pa.array(here, pa.int64())).to_pylist() if here else []
            first += table.num_rows
            if first > max(rows):
                break
    return found


class LedgerRows:
    """One table of a ledger, with the attributes of a segment that filters ask for."""

    def __init__(self, table: pa.Table, of: dict[str, Owner]) -> None:
        self.table, self.count, self._owners = table, table.num_rows, of

    def codes(self, name: str) -> tuple[list[Any], npt.NDArray[np.int32]]:
        """Return the distinct values of a column, the last of them None, and for each row which one it has."""
        asked = "repository_id" if name == "repo_name" else name
        encoded = self.table.column(asked).combine_chunks().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], pa.dictionary(pa.int32(), pa.string()))
        values = encoded.dictionary.to_pylist()
        if name == "repo_name":
            values = [owner["repo_name"] if (owner := self._owners.get(id_)) else None for id_ in values]
        codes = pc.fill_null(encoded.indices, len(values)).to_numpy(zero_copy_only=False).astype(np.int32)
        return [*values, None], codes

    @cached_property
    def paths(self) -> list[str]:
        """The path of each row."""
        paths: list[str] = self.table.column("path").to_pylist()
        return paths

    @cached_property
    def flags(self) -> npt.NDArray[np.uint8]:
        """What paths say: bits of `segment.FLAGS`; whether a file is generated is not known here."""
        return np.array(
            [
                FLAGS["vendor"] * one.vendor + FLAGS["test"] * one.test + FLAGS["doc"] * one.documentation
                + FLAGS["configuration"] * one.configuration
                for one in paths_flags([path[1:] for path in self.paths])
            ],
            np.uint8,
        )  # fmt: skip

    @cached_property
    def years(self) -> npt.NDArray[np.int16]:
        """The year of each row's commit, 0 where unknown."""
        values, codes = self.codes("repository_id")
        of_value = [owner["year"] if (owner := self._owners.get(id_)) else 0 for id_ in values]
        return np.array(of_value, np.int16)[codes]

    @cached_property
    def hashes(self) -> npt.NDArray[np.int16]:
        """The hash of each content's SWHID, shape (rows, 20), a byte a number; -1 where a row has none."""
        swhids = self.table.column("swhid").to_pylist()
        named = [swhid is not None and swhid.startswith("swh:1:cnt:") for swhid in swhids]
        digits = "".join(swhid[-40:] if there else "0" * 40 for swhid, there in zip(swhids, named, strict=True))
        found = np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(-1, 20).astype(np.int16)
        found[~np.array(named, bool)] = -1
        return found

    @cached_property
    def path_lines(self) -> tuple[bytes, npt.NDArray[np.int64]]:
        """All paths, one a line, and where each begins; a line end inside a path is shown as a space."""
        lines = [f"{path.replace(chr(10), ' ')}\n".encode() for path in self.paths]
        sizes = np.fromiter(map(len, lines), np.int64, len(lines))
        return b"".join(lines), np.cumsum(sizes) - sizes


class KeptFiles:
    """The kept files of a release by the hash of their original bytes, with their texts."""

    def __init__(self, release: Release, segments: Sequence[Segment], fetch: Fetch = is_here) -> None:
        self._release, self._segments, self._fetch = release, segments, fetch
        self._cache, self._shards = Cache(_MEMORY), dict[str, ReadShard]()

    @cached_property
    def _sorted(self) -> tuple[npt.NDArray[np.bytes_], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The hashes in order, which file each is of, and the first file of each segment."""
        counts = [segment.count for segment in self._segments]
        all_ = np.concatenate([np.zeros((0, 20), np.uint8), *(segment.hashes for segment in self._segments)])
        hashes = np.ascontiguousarray(all_).view("S20").reshape(-1)
        order = np.argsort(hashes, kind="stable")
        return hashes[order], order, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    def place(self, swhid: str | None) -> tuple[Segment, int] | None:
        """Return the segment of a kept file and its number there; None where no kept file has these bytes."""
        if swhid is None:
            return None
        hashes, order, firsts = self._sorted
        wanted = np.array([bytes.fromhex(swhid[-40:])], "S20")[0]
        at = int(np.searchsorted(hashes, wanted))
        if at == len(hashes) or hashes[at] != wanted:
            return None
        file = int(order[at])
        segment = int(np.searchsorted(firsts, file, side="right")) - 1
        return self._segments[segment], file - int(firsts[segment])

    def text(self, segment: Segment, file: int) -> memoryview:
        """Return the text of a file. Raises `ReleaseError` where it is not the one that was indexed."""
        pages, starts, sizes = segment.page_numbers, segment.starts, segment.sizes
        shard, page = segment.pages[pages[file]]
        entry = segment.entries[shard]
        found = self._cache.held(key := (entry.sha256, page.place))
        if found is None:
            opened = self._shards.get(entry.path)
            if opened is None:
                self._fetch(entry.place)
                opened = self._shards[entry.path] = ReadShard(self._release.path / entry.place)
            found = self._cache.keep(key, opened.read(page))
        return found[starts[file] : starts[file] + sizes[file]]
