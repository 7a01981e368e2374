"""Rows parted into one Arrow file each: by a number that is known, or by a key in hex digits into equal buckets.

So that what belongs together can be read at a time, and rows of two large tables be compared without sorting either.
One process adds many tables and then each file is read once; where many tasks write and many read, each its range,
`ranges` and `runs` do it with sorted files. Knows nothing of what is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from drystone.work.remote.mirror import opened

# Neither here nor in its neighbours an array at import: pyarrow loads pandas for the first one.
_HEX: Final = [f"{n:03x}" for n in range(4096)]


class Parted:
    """Rows of one schema in as many files as there are `paths`, all of which are open until the end of the block."""

    def __init__(self, schema: pa.Schema, paths: Sequence[Path]) -> None:
        self._writers = [pa.ipc.new_file(str(path), schema) for path in paths]

    def add(self, rows: pa.Table | pa.RecordBatch, numbers: npt.NDArray[np.integer[Any]]) -> None:
        """Add rows, each to the file of its number, in their order; those with a negative number to none."""
        order = np.argsort(numbers, kind="stable")
        order = order[np.searchsorted(numbers[order], 0) :]
        if not len(order):
            return
        if len(order) < len(numbers) or (order[1:] < order[:-1]).any():
            rows = rows.take(pa.array(order))
        present, starts = np.unique(numbers[order], return_index=True)
        for number, start, end in zip(present.tolist(), starts, [*starts[1:], len(order)], strict=True):
            self._writers[number].write(rows.slice(start, end - start))

    def close(self) -> None:
        """Close the files."""
        for writer in self._writers:
            writer.close()
        self._writers = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def read_part(path: Path) -> pa.Table:
    """Return the rows of one file, mapped into memory where they lie."""
    with opened(path, lambda each: pa.memory_map(str(each))) as file:
        return pa.ipc.open_file(file).read_all()


class Buckets:
    """`count` buckets of rows under one schema; which one a row goes to depends on its key's last three hex digits.

    With one bucket rows stay in memory; with more they lie in files under `folder`.
    """

    def __init__(self, schema: pa.Schema, count: int, folder: Path, name: str) -> None:
        self.count = min(max(count, 1), 4096)
        self._schema = schema
        self._paths = [folder / f"{name}-{i:04}.arrow" for i in range(self.count)]
        self._held: list[pa.Table] = []
        self._parted = Parted(schema, self._paths if self.count > 1 else [])

    def add(self, table: pa.Table, key: str) -> None:
        """Add rows; `key` names a column of texts that end in hex digits. Other texts and nulls share a bucket."""
        table = table.select(self._schema.names).combine_chunks()
        if self.count == 1:
            self._held.append(table)
            return
        digits = pc.index_in(pc.utf8_slice_codeunits(table.column(key), -3), value_set=pa.array(_HEX))
        self._parted.add(table, pc.fill_null(digits, 0).to_numpy() * self.count // len(_HEX))

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
        self._parted.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
