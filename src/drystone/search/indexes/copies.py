"""The list of bytes that lie in several places of a release: of each the rows of the ledger, so that none is searched.

An Arrow IPC file, made from the ledger alone and named by its hashes. Bytes that lie in one place are not in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from drystone.errors import ReleaseError
from drystone.release.layout import shown
from drystone.release.manifest import FileEntry
from drystone.release.schema import ANY_LEDGER
from drystone.release.tables import batches
from drystone.search.segment import column, table_bytes

SUFFIX: Final = ".copies"
#: Raised by one with any change of the format.
VERSION: Final = 1
#: One row for each occurrence of bytes that have several: hash of the SWHID, part of the ledger (from 0), row in it.
COPIES: Final = pa.schema([("swhid", pa.binary(20)), ("part", pa.uint32()), ("row", pa.uint32())])

Hashes = npt.NDArray[np.bytes_]
Numbers = npt.NDArray[np.uint32]


def name(parts: Sequence[FileEntry]) -> str:
    """Return the name of the list over these parts of the ledger, hex: a hash of their bytes and of the version."""
    lines = [f"drystone copies {VERSION}", *(f"{entry.sha256} {entry.path}" for entry in parts)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


class CopyList:
    """The list of a release, opened."""

    def __init__(self, table: pa.Table) -> None:
        self._part, self._row = (column(table, name) for name in ("part", "row"))
        self._hashes = _hashes(table.column(0).combine_chunks())

    def times(self, hash_: bytes) -> int:
        """Return how many occurrences these bytes have (1 where only one is known)."""
        low, high = self._range(hash_)
        return max(1, high - low)

    def rows(self, hash_: bytes) -> list[tuple[int, int]]:
        """Return part and row of each, in the order of the ledger; nothing where there is one occurrence or none."""
        low, high = self._range(hash_)
        return list(zip(self._part[low:high].tolist(), self._row[low:high].tolist(), strict=True))

    def sample(self, most: int) -> list[tuple[bytes, int, int]]:
        """Return some of the list: hash, part and row of each."""
        chosen = range(0, len(self._hashes), len(self._hashes) // most + 1)
        return [(self._hashes[at].ljust(20, b"\0"), int(self._part[at]), int(self._row[at])) for at in chosen]

    def _range(self, hash_: bytes) -> tuple[int, int]:
        wanted = np.array([hash_], "S20")
        low, high = (int(np.searchsorted(self._hashes, wanted, side)[0]) for side in ("left", "right"))
        return low, high


def parts(folder: Path, entries: Sequence[FileEntry]) -> list[bytes]:
    """Return the bytes of the list. Reads one column of the ledger twice; memory holds 8 bytes for each occurrence.

    Raises `ReleaseError` where the ledger is damaged.
    """
    firsts = [np.zeros(0, np.uint64)]
    for entry in entries:
        firsts += [_beginnings(hashes) for hashes, _ in _column(folder, entry)]
    beginnings = np.sort(np.concatenate(firsts))
    several = np.unique(beginnings[1:][beginnings[1:] == beginnings[:-1]])
    found: list[tuple[Hashes, Numbers, Numbers]] = []
    for part, entry in enumerate(entries):
        for hashes, rows in _column(folder, entry):
            there = np.isin(_beginnings(hashes), several)
            found.append((hashes[there], np.full(int(there.sum()), part, np.uint32), rows[there]))
    all_ = [np.concatenate([one[at] for one in found]) if found else np.zeros(0, kind) for at, kind in
            enumerate(("S20", np.uint32, np.uint32))]  # fmt: skip
    order = np.lexsort((all_[2], all_[1], all_[0]))
    hashes, part_of, rows = (column[order] for column in all_)
    same = hashes[1:] == hashes[:-1]
    wanted = np.concatenate([same, [False]]) | np.concatenate([[False], same]) if len(hashes) else np.zeros(0, bool)
    packed = np.ascontiguousarray(hashes[wanted])
    column = pa.FixedSizeBinaryArray.from_buffers(pa.binary(20), len(packed), [None, pa.py_buffer(packed)])
    return [table_bytes(pa.table([column, part_of[wanted], rows[wanted]], schema=COPIES))]


def read(path: Path, entries: Sequence[FileEntry]) -> CopyList:
    """Open the list over these parts of the ledger.

    Raises `ReleaseError` where the file is missing, cut off, of other parts or damaged.
    """
    again = "Run drystone index again"
    if path.name != f"{name(entries)}{SUFFIX}":
        raise ReleaseError(f"{shown(str(path))} was made for another ledger. {again}")
    try:
        table = pa.ipc.open_file(pa.py_buffer(path.read_bytes())).read_all()
        table.validate(full=True)
    except FileNotFoundError:
        raise ReleaseError(f"{shown(str(path))} is missing. {again}") from None
    except (pa.ArrowException, OSError) as error:
        raise ReleaseError(f"{shown(str(path))} is damaged: {shown(str(error))[:200]}. {again}") from None
    if table.schema != COPIES:
        raise ReleaseError(f"{shown(str(path))} has other columns. {again}")
    return CopyList(table)


def _column(folder: Path, entry: FileEntry) -> list[tuple[Hashes, Numbers]]:
    """Return the hashes of the files in a part of the ledger that were read, and their rows."""
    found, at = [], 0
    for table in batches(folder / entry.place, ANY_LEDGER, ["swhid", "kind"]):
        named = [
            (at + row, bytes.fromhex(swhid[-40:]))
            for row, (swhid, kind) in enumerate(zip(*(c.to_pylist() for c in table.columns), strict=True))
            if swhid is not None and kind == "file"
        ]
        found.append((np.array([hash_ for _, hash_ in named], "S20"), np.array([row for row, _ in named], np.uint32)))
        at += table.num_rows
    return found


def _beginnings(hashes: Hashes) -> npt.NDArray[np.uint64]:
    """Return the first eight bytes of each hash."""
    plain = np.ascontiguousarray(hashes).view(np.uint8).reshape(-1, 20)[:, :8]
    return np.ascontiguousarray(plain).view("<u8").reshape(-1)


def _hashes(column: pa.Array) -> Hashes:
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], pa.binary(20))
    data = column.buffers()[1]
    return np.frombuffer(data, "S20", len(column), column.offset * 20) if len(column) else np.zeros(0, "S20")
