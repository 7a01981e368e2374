"""Ranges of ids: how many, where each begins, and reading the rows of one from many Parquet files.

Rows are routed by id without a shuffle: each task writes its rows sorted by id, and a later task reads one range of
ids from all files, skipping row groups by their statistics. Memory is bounded by the rows of a range, however many
there are. For tables of any columns; `runs` does the same for keys of 20 bytes in numbers where decoding Parquet and
comparing values one by one would be the work. Knows nothing of what an id names.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone.work.remote.mirror import opened

#: Rows that one task of a relational stage holds at a time, at a few kilobytes of memory each. Builds of very many rows
#: take larger ranges, up to a bound, since each range is looked for in every file.
ROWS_PER_RANGE: Final = 16_384
_MOST_ROWS: Final = 65_536
_MANY_RANGES: Final = 64
_FEWEST_RANGES: Final = 2
_WORTH_A_RANGE: Final = 4096


def bounds(index: int, count: int) -> tuple[bytes, bytes | None]:
    """Return the first id of range `index` of `count` equal ranges, and the first one after it (None: no end)."""
    low = b"" if index == 0 else (index * 2**32 // count).to_bytes(4, "big")
    return low, None if index == count - 1 else ((index + 1) * 2**32 // count).to_bytes(4, "big")


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


class Between(NamedTuple):
    """Rows that are not before `low` and before `high` in the order of `columns`; None means no end on that side.

    `low` and `high` have values of the first few columns: what begins with all of them is not before it.
    """

    columns: tuple[str, ...]
    low: tuple[Any, ...] | None
    high: tuple[Any, ...] | None


def id_range(index: int, count: int, column: str = "id") -> Range:
    """Return range `index` of `count` equal ranges of ids."""
    return Range(column, *bounds(index, count))


def read(files: Sequence[Path], schema: pa.Schema, columns: Sequence[str] = (), *ranges: Range | Between) -> pa.Table:
    """Read the rows within all `ranges` from files of one schema; no `columns` means all.

    Row groups whose statistics lie outside a range are not read. pyarrow.dataset would do the same, but it loads
    pandas where that is installed, which every worker process would pay for.
    """
    names = list(columns) or schema.names
    wanted = pa.schema([schema.field(name) for name in names])
    parts = [part for file in files for part in _read_one(file, names, ranges)]
    return pa.concat_tables([wanted.empty_table(), *(part.cast(wanted) for part in parts)])


def _read_one(file: Path, names: list[str], ranges: Sequence[Range | Between]) -> Iterator[pa.Table]:
    with opened(file, pq.ParquetFile) as reader:
        groups = [i for i in range(reader.num_row_groups) if _may_hold(reader.metadata.row_group(i), ranges)]
        looked_at = dict.fromkeys(column for limits in ranges for column in _columns(limits) if column not in names)
        for group in groups:
            table = within(reader.read_row_group(group, columns=[*names, *looked_at], use_threads=False), *ranges)
            if table.num_rows:
                yield table.select(names)


def _columns(limits: Range | Between) -> Sequence[str]:
    return limits.columns if isinstance(limits, Between) else (limits.column,)


def within(table: pa.Table, *ranges: Range | Between) -> pa.Table:
    """Return a table's rows that lie within all `ranges`."""
    for limits in ranges:
        columns, (low, high) = _columns(limits), limits[1:]
        if low is not None:
            table = table.filter(pc.invert(_before(table, columns, low if isinstance(limits, Between) else (low,))))
        if high is not None:
            table = table.filter(_before(table, columns, high if isinstance(limits, Between) else (high,)))
    return table


def _before(table: pa.Table, columns: Sequence[str], bound: tuple[Any, ...]) -> pa.ChunkedArray:
    """Return which rows are before a bound: less in a column, and equal in all columns before that one."""
    column, *others = columns
    values = table.column(column)
    scalar = pa.scalar(bound[0], values.type)
    less = pc.less(values, scalar)
    if len(bound) == 1:
        return less
    return pc.or_(less, pc.and_(pc.equal(values, scalar), _before(table, others, bound[1:])))


def _may_hold(group: pq.RowGroupMetaData, ranges: Sequence[Range | Between]) -> bool:
    if not ranges:
        return True
    columns = {group.column(i).path_in_schema: group.column(i).statistics for i in range(group.num_columns)}
    for limits in ranges:
        statistics = columns[_columns(limits)[0]]
        if statistics is None or not statistics.has_min_max:
            continue
        if isinstance(limits, Between):
            # Of the values of the first column those of the bounds themselves may be in it, whatever the others are.
            low, high = limits.low, limits.high
            if (low and statistics.max < low[0]) or (high and statistics.min > high[0]):
                return False
        elif statistics.max < limits.low or (limits.high is not None and statistics.min >= limits.high):
            return False
    return True
