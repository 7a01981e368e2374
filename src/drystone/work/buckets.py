"""Rows parted by a key in hex digits into buckets that fit in memory, on disk where there are many.

So that rows of two large tables can be compared without sorting either. One process adds many tables and then reads
each bucket once; where many tasks write and many read, each its range, `ranges` and `runs` do it with sorted files.
Knows nothing of what is compared.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

# Neither here nor in its neighbours an array at import: pyarrow loads pandas for the first one.
_HEX: Final = [f"{n:03x}" for n in range(4096)]


class Buckets:
    """`count` buckets of rows under one schema; which one a row goes to depends on its key's last three hex digits.

    With one bucket rows stay in memory; with more they lie in Arrow files under `folder`.
    """

    def __init__(self, schema: pa.Schema, count: int, folder: Path, name: str) -> None:
        self.count = min(max(count, 1), 4096)
        self._schema = schema
        self._paths = [folder / f"{name}-{i:04}.arrow" for i in range(self.count)]
        self._held: list[pa.Table] = []
        self._writers = [pa.ipc.new_file(str(path), schema) for path in self._paths] if self.count > 1 else []

    def add(self, table: pa.Table, key: str) -> None:
        """Add rows; `key` names a column of texts that end in hex digits. Other texts and nulls share a bucket."""
        table = table.select(self._schema.names).combine_chunks()
        if not self._writers:
            self._held.append(table)
            return
        digits = pc.index_in(pc.utf8_slice_codeunits(table.column(key), -3), value_set=pa.array(_HEX))
        bucket = pc.divide(pc.multiply(pc.fill_null(digits, 0), self.count), 4096)
        order = pc.sort_indices(bucket)
        sorted_bucket = bucket.take(order)
        table = table.take(order)
        for run in pc.value_counts(sorted_bucket):  # runs come in ascending order, since the rows are sorted
            size = run["counts"].as_py()
            self._writers[run["values"].as_py()].write_table(table.slice(0, size))
            table = table.slice(size)

    def read(self, number: int) -> pa.Table:
        """Return one bucket and let go of it; no rows can be added after the first call."""
        if self.count == 1:
            held, self._held = self._held, []
            return pa.concat_tables(held) if held else self._schema.empty_table()
        self.close()
        with pa.ipc.open_file(str(self._paths[number])) as file:
            table = file.read_all()
        self._paths[number].unlink()
        return table

    def close(self) -> None:
        """Close the files below."""
        for writer in self._writers:
            writer.close()
        self._writers = []

    def __enter__(self) -> Buckets:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
