"""Tables that stages hand to one another, and how a stage reads its range of ids from many files.

Rows are routed by id without a shuffle: each task writes its rows sorted by id, and a later task reads one range of
ids from all files, skipping row groups by their statistics. Memory is bounded by the rows of a range, whatever the
corpus. Holds no bytes of files.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone.detect.licenses import file_kind, is_license_file
from drystone.detect.licenses.paths import names_source_code

#: Rows that one task of a relational stage holds at a time, at a few kilobytes of memory each. Builds of very many rows
#: take larger ranges, up to a bound, since each range is looked for in every file.
ROWS_PER_RANGE: Final = 16_384
_MOST_ROWS: Final = 65_536
_MANY_RANGES: Final = 64
_FEWEST_RANGES: Final = 2
_WORTH_A_RANGE: Final = 4096

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

#: Directories of the repositories of a partition: path (the root's is empty) and git tree hash.
DIRECTORIES: Final = pa.schema([("repository", pa.int32()), ("path", pa.binary()), ("id", pa.binary(20))])

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

#: What the near-duplicate stage says of a file: its cluster, and for a dropped one the kept file and the similarity.
NEAR: Final = pa.schema(
    [("id", pa.binary()), ("cluster", pa.binary()), ("kept_id", pa.binary()), ("similarity", pa.float64())]
)


def range_count(rows: int) -> int:
    """Return how many ranges of ids hold at most about `ROWS_PER_RANGE` rows each, or up to `_MOST_ROWS` of many.

    Fewer rows make up to `_FEWEST_RANGES` ranges, so that several processes have something to do.
    """
    per_range = max(ROWS_PER_RANGE, min(_MOST_ROWS, rows // _MANY_RANGES))
    return max(math.ceil(rows / per_range), min(_FEWEST_RANGES, math.ceil(rows / _WORTH_A_RANGE)), 1)


class Range(NamedTuple):
    """Rows whose `column` is at least `low` and below `high`; `high` None means no end."""

    column: str
    low: Any
    high: Any


def id_range(index: int, count: int, column: str = "id") -> Range:
    """Return range `index` of `count` equal ranges of ids."""
    span = 2**32
    low = b"" if index == 0 else (index * span // count).to_bytes(4, "big")
    high = None if index == count - 1 else ((index + 1) * span // count).to_bytes(4, "big")
    return Range(column, low, high)


def read(files: Sequence[Path], schema: pa.Schema, columns: Sequence[str] = (), *ranges: Range) -> pa.Table:
    """Read the rows within all `ranges` from files of one schema; no `columns` means all.

    Row groups whose statistics lie outside a range are not read. pyarrow.dataset would do the same, but it loads
    pandas where that is installed, which every worker process would pay for.
    """
    names = list(columns) or schema.names
    wanted = pa.schema([schema.field(name) for name in names])
    parts = [part for file in files for part in _read_one(file, names, ranges)]
    return pa.concat_tables([wanted.empty_table(), *(part.cast(wanted) for part in parts)])


def _read_one(file: Path, names: list[str], ranges: Sequence[Range]) -> Iterator[pa.Table]:
    with pq.ParquetFile(file) as reader:
        groups = [i for i in range(reader.num_row_groups) if _may_hold(reader.metadata.row_group(i), ranges)]
        columns = [*names, *(r.column for r in ranges if r.column not in names)]
        for group in groups:
            table = within(reader.read_row_group(group, columns=columns, use_threads=False), *ranges)
            if table.num_rows:
                yield table.select(names)


def within(table: pa.Table, *ranges: Range) -> pa.Table:
    """Return a table's rows that lie within all `ranges`."""
    for column, low, high in ranges:
        values = table.column(column)
        mask = pc.greater_equal(values, pa.scalar(low, values.type))
        if high is not None:
            mask = pc.and_(mask, pc.less(values, pa.scalar(high, values.type)))
        table = table.filter(mask)
    return table


def _may_hold(group: pq.RowGroupMetaData, ranges: Sequence[Range]) -> bool:
    if not ranges:
        return True
    columns = {group.column(i).path_in_schema: group.column(i).statistics for i in range(group.num_columns)}
    for name, low, high in ranges:
        statistics = columns[name]
        if statistics is None or not statistics.has_min_max:
            continue
        if statistics.max < low or (high is not None and statistics.min >= high):
            return False
    return True


def path_text(path: bytes) -> str:
    r"""Return a path as text with a leading slash; bytes that are not UTF-8 are written as \xNN."""
    return "/" + path.decode("utf-8", "backslashreplace")


def base_name(path: bytes) -> str:
    """Return the last part of a path as text; detectors see names, not where a file lies."""
    return path.rsplit(b"/", 1)[-1].decode("utf-8", "replace")


def speaks_for_tree(path: str) -> bool:
    """Return whether a file may say under which licence its folder stands.

    Source code whose name has a licence word in it (`copyright.py`, `about.c`) speaks for itself only.
    """
    return is_license_file(path) and (file_kind(path) == "metadata" or not names_source_code(path))
