"""Tables that stages hand to one another, and how a stage reads its range of ids from many files.

Rows are routed by id without a shuffle: each task writes its rows sorted by id, and a later task reads one range of
ids from all files, skipping row groups by their statistics. Memory is bounded by the rows of a range, whatever the
corpus. Holds no bytes of files.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

#: Rows that one task of a relational stage holds at a time.
ROWS_PER_RANGE: Final = 65_536

_TIME = pa.timestamp("us")

#: What an inventory lists. `id` is the git blob hash, empty where bytes were not read; `repository` counts within
#: the partition; `offset` is where the bytes lie in the partition's pack, -1 where they are read from the source.
OCCURRENCES: Final = pa.schema(
    [
        ("id", pa.binary()),
        ("repository", pa.int32()),
        ("path", pa.binary()),
        ("entry", pa.int32()),
        ("kind", pa.string()),
        ("mode", pa.int32()),
        ("size", pa.int64()),
        ("offset", pa.int64()),
        ("readable", pa.bool_()),
        ("problem", pa.string()),
        ("note", pa.string()),
    ]
)

#: Distinct blobs and where to read each one; `licence` says that some path of it may be a licence or metadata file.
BLOBS: Final = pa.schema(
    [
        ("id", pa.binary()),
        ("partition", pa.int32()),
        ("repository", pa.int32()),
        ("offset", pa.int64()),
        ("size", pa.int64()),
        ("names", pa.list_(pa.string())),
        ("license_path", pa.string()),
    ]
)

#: What detectors found in one blob. `license` and `header` are annotations in JSON; `notebook`
#: says that the text is a notebook's script. `excluded` says why a blob has no text (binary, undecodable, damaged)
#: and then everything after it is null.
ANNOTATIONS: Final = pa.schema(
    [
        ("id", pa.binary()),
        ("notebook", pa.bool_()),
        ("encoding", pa.string()),
        ("excluded", pa.string()),
        ("excluded_evidence", pa.string()),
        ("text_bytes", pa.int64()),
        ("num_lines", pa.int64()),
        ("max_line_length", pa.int64()),
        ("avg_line_length", pa.float32()),
        ("alpha_fraction", pa.float32()),
        ("alphanum_fraction", pa.float32()),
        ("encoded_longest", pa.int64()),
        ("encoded_fraction", pa.float32()),
        ("says_generated", pa.bool_()),
        ("visible_characters", pa.int64()),
        ("visible_fraction", pa.float64()),
        ("license", pa.string()),
        ("header", pa.string()),
        (
            "secrets",
            pa.list_(
                pa.struct(
                    [
                        ("kind", pa.string()),
                        ("rule", pa.string()),
                        ("start", pa.int64()),
                        ("end", pa.int64()),
                        ("confidence", pa.float32()),
                    ]
                )
            ),
        ),
        ("signature", pa.binary()),
    ]
)

#: What depends on a blob and one of its file names.
NAMES: Final = pa.schema(
    [("id", pa.binary()), ("name", pa.string()), ("language", pa.string()), ("generated", pa.bool_())]
)


def range_count(rows: int) -> int:
    """Return how many ranges of ids hold at most about `ROWS_PER_RANGE` rows each."""
    return max(1, math.ceil(rows / ROWS_PER_RANGE))


def id_range(index: int, count: int) -> tuple[bytes, bytes | None]:
    """Return the first id of range `index` of `count` and the first beyond it (None: no end)."""
    span = 2**32
    low = b"" if index == 0 else (index * span // count).to_bytes(4, "big")
    high = None if index == count - 1 else ((index + 1) * span // count).to_bytes(4, "big")
    return low, high


def in_range(column: str, low: Any, high: Any) -> pc.Expression:
    """Return the filter `low <= column < high`; `high` None means no end."""
    condition = pc.field(column) >= pa.scalar(low)
    return condition if high is None else condition & (pc.field(column) < pa.scalar(high))


def read(
    files: Sequence[Path], schema: pa.Schema, columns: Sequence[str] | None = None, where: pc.Expression | None = None
) -> pa.Table:
    """Read rows of many files of one schema; an empty list of files gives an empty table."""
    names = list(columns) if columns is not None else schema.names
    if not files:
        return pa.schema([schema.field(name) for name in names]).empty_table()
    dataset = ds.dataset([str(file) for file in files], schema=schema, format="parquet")
    return dataset.to_table(columns=names, filter=where, use_threads=False)


def path_text(path: bytes) -> str:
    r"""Return a path as text with a leading slash; bytes that are not UTF-8 are written as \xNN."""
    return "/" + path.decode("utf-8", "backslashreplace")


def base_name(path: bytes) -> str:
    """Return the last part of a path as text; detectors see names, not where a file lies."""
    return path.rsplit(b"/", 1)[-1].decode("utf-8", "replace")
