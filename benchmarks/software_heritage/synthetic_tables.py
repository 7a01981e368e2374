"""The tables of a made-up graph export while they are written: columns as swh-export has them, files by id.

Knows nothing of what stands in the rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq

Ids = npt.NDArray[np.uint8]  # one id of 20 bytes a row

#: The columns of swh-export 1.12 (`relational.py`) for the tables that a walk over heads needs.
_VISIT_TIME: Final = {"orc": pa.timestamp("ns"), "parquet": pa.timestamp("us")}
_OBJECT_TIME: Final = {
    "orc": pa.timestamp("ns"),
    "parquet": pa.struct([("seconds", pa.int64()), ("microseconds", pa.uint32())]),
}
_TEXT, _BYTES = pa.string(), pa.binary()


def schemas(layout: str) -> dict[str, pa.Schema]:
    """Return the columns of each table in the ORC or in the Parquet export."""
    visit, time = _VISIT_TIME[layout], _OBJECT_TIME[layout]
    person = [("author", _BYTES), ("date", time), ("date_offset", pa.int16()), ("date_raw_offset_bytes", _BYTES)]
    committer = [(f"committer{name.removeprefix('author')}" if name == "author" else f"committer_{name}", type_)
                 for name, type_ in person]  # fmt: skip
    committer[2] = ("committer_offset", pa.int16())
    columns: dict[str, list[tuple[str, pa.DataType]]] = {
        "origin": [("id", _TEXT), ("url", _TEXT)],
        "origin_visit": [("origin", _TEXT), ("visit", pa.int64()), ("date", visit), ("type", _TEXT)],
        "origin_visit_status": [("origin", _TEXT), ("visit", pa.int64()), ("date", visit), ("status", _TEXT),
                                ("snapshot", _TEXT), ("type", _TEXT)],
        "snapshot": [("id", _TEXT)],
        "snapshot_branch": [("snapshot_id", _TEXT), ("name", _BYTES), ("target", _TEXT), ("target_type", _TEXT)],
        "release": [("id", _TEXT), ("name", _BYTES), ("message", _BYTES), ("target", _TEXT), ("target_type", _TEXT),
                    *person, ("raw_manifest", _BYTES)],
        "revision": [("id", _TEXT), ("message", _BYTES), *person, *committer, ("directory", _TEXT), ("type", _TEXT),
                     ("raw_manifest", _BYTES)],
        "revision_history": [("id", _TEXT), ("parent_id", _TEXT), ("parent_rank", pa.int32())],
        "directory": [("id", _TEXT), ("raw_manifest", _BYTES)],
        "directory_entry": [("directory_id", _TEXT), ("name", _BYTES), ("type", _TEXT), ("target", _TEXT),
                            ("perms", pa.int32())],
        "content": [("sha1", _TEXT), ("sha1_git", _TEXT), ("sha256", _TEXT), ("blake2s256", _TEXT),
                    ("length", pa.int64()), ("status", _TEXT), ("data", _BYTES)],
        "skipped_content": [("sha1", _TEXT), ("sha1_git", _TEXT), ("sha256", _TEXT), ("blake2s256", _TEXT),
                            ("length", pa.int64()), ("status", _TEXT), ("reason", _TEXT)],
    }  # fmt: skip
    return {name: pa.schema(found) for name, found in columns.items()}


class Tables:
    """The files of an export while they are written; rows of a table go to file `id[0] % files`."""

    def __init__(self, folder: Path, layout: str, files: int) -> None:
        self._folder, self._layout, self._files = folder, layout, files
        self._schemas = schemas(layout)
        self._writers: dict[tuple[str, int], Any] = {}
        self.rows = dict.fromkeys(self._schemas, 0)

    def __enter__(self) -> Tables:
        for name in self._schemas:
            (self._folder / name).mkdir(parents=True)
            self._writer(name, 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers.values():
            writer.close()

    def write(self, name: str, columns: Sequence[Any], part: int = 0) -> None:
        """Write columns, in the order of the table's schema, to one file of a table."""
        schema = self._schemas[name]
        arrays = [c if isinstance(c, pa.Array) else pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
        table = pa.table(arrays, schema=schema)
        self.rows[name] += table.num_rows
        self._writer(name, part).write(table)

    def write_parts(self, name: str, columns: Sequence[pa.Array], parts: npt.NDArray[Any]) -> None:
        """Write rows that are ordered by the byte in `parts`, each to its file."""
        bounds = np.searchsorted(parts, np.arange(self._files + 1))
        for part, (low, high) in enumerate(pairwise(bounds)):
            if high > low:
                self.write(name, [column.slice(low, high - low) for column in columns], part)

    def part(self, ids: Ids) -> npt.NDArray[Any]:
        """Return the file of each id."""
        return ids[:, 0] % self._files

    def time(self, moments: Sequence[datetime]) -> pa.Array:
        """Return times of revisions and releases as this layout has them."""
        micros = [int(m.timestamp()) for m in moments]
        if self._layout == "orc":
            return pa.array([m.replace(tzinfo=None) for m in moments], pa.timestamp("ns"))
        return pa.array([{"seconds": s, "microseconds": 0} for s in micros], _OBJECT_TIME["parquet"])

    def _writer(self, name: str, part: int) -> Any:
        if (name, part) not in self._writers:
            unique = hashlib.sha1(f"{name} {part}".encode()).hexdigest()[:16]
            path = self._folder / name / f"{name}-{unique}.{self._layout}"
            if self._layout == "orc":
                made = pyarrow.orc.ORCWriter(str(path), compression="zstd", stripe_size=16 << 20)
            else:
                made = pq.ParquetWriter(path, self._schemas[name], compression="zstd")
            self._writers[name, part] = made
        return self._writers[name, part]


def fixed(rows: Ids, type_: pa.DataType) -> pa.Array:
    width = rows.shape[1]
    offsets = pa.py_buffer(np.arange(0, (len(rows) + 1) * width, width, dtype=np.int32))
    return pa.Array.from_buffers(type_, len(rows), [None, offsets, pa.py_buffer(np.ascontiguousarray(rows))])


def hexadecimal(ids: Ids) -> pa.Array:
    text = np.frombuffer(np.ascontiguousarray(ids).tobytes().hex().encode(), dtype=np.uint8)
    return fixed(text.reshape(len(ids), -1), _TEXT)
