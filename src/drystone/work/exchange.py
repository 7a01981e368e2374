"""Rows on their way from the tasks that wrote them to those that read them, so that opens grow with the data.

Where each of n tasks looked for its rows in all files of m others, n times m files would be opened. Here neighbouring
files become one as long as they are small; where there are still many, tasks merge a few of them at a time and cut what
they hold into parts, level by level, until each reader finds its rows in a handful of files. Readers are told a folder,
a number and a rule, never a list of files. Knows nothing of what the rows mean.
"""

from __future__ import annotations

import bisect
import pkgutil
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypedDict, overload

import numpy as np
import pyarrow as pa

from drystone.work.ranges import Between, read
from drystone.work.remote.mirror import opened
from drystone.work.store import Stage, write_atomically, write_table
from drystone.work.tasks import Runner, Task, share

#: As many files a reader opens itself; more are merged first.
DIRECT: Final = 8
#: Files that one task merges, and parts that it cuts them into.
FAN: Final = 32
#: Rows up to which neighbouring files become one.
ROWS: Final = 1 << 17
#: Rows of one group of a merged file: what is read at least. A part is about as many.
_GROUP: Final = ROWS // FAN

#: Where a reader's rows begin: values of the first few columns of the order.
Low = tuple[Any, ...]


class Files(Sequence[Path]):
    """Files in an order, by a rule that is short however many they are. Picklable."""

    @abstractmethod
    def names(self, first: int, last: int) -> list[Path]:
        """Return the files from number `first` up to, and without, `last`."""

    @abstractmethod
    def beside(self, suffix: str) -> Files:
        """Return the files that are called the same with `suffix` in place of `.parquet`."""

    @overload
    def __getitem__(self, at: int) -> Path: ...
    @overload
    def __getitem__(self, at: slice) -> list[Path]: ...
    def __getitem__(self, at: int | slice) -> Path | list[Path]:
        """Return one file, or those of a slice with no step."""
        found = range(len(self))[at]
        return self.names(found, found + 1)[0] if isinstance(found, int) else self.names(found.start, found.stop)

    def __iter__(self) -> Iterator[Path]:
        """Yield all files."""
        return iter(self.names(0, len(self)))


@dataclass(frozen=True)
class Numbered(Files):
    """Files of a folder that are called by their number, between `before` and `after`."""

    folder: Path
    length: int
    before: str = ""
    after: str = ".parquet"

    def names(self, first: int, last: int) -> list[Path]:
        """Return the files from number `first` up to, and without, `last`."""
        return [self.folder / f"{self.before}{number:05d}{self.after}" for number in range(first, last)]

    def beside(self, suffix: str) -> Numbered:
        """Return the files that are called the same with `suffix` in place of `.parquet`."""
        return replace(self, after=suffix)

    def __len__(self) -> int:
        """Return how many there are."""
        return self.length


@dataclass(frozen=True)
class Lined(Files):
    """Files below `root` whose names stand in the file `lines`, each in as many bytes."""

    lines: Path
    root: Path
    length: int
    width: int
    after: str = ".parquet"

    @classmethod
    def of(cls, paths: Sequence[Path], root: Path, lines: Path) -> Lined:
        """Write the list of Parquet files that lie below `root`, and return what finds them by it."""
        told = [str(path.relative_to(root)).removesuffix(".parquet").encode() for path in paths]
        width = max(map(len, told), default=0) + 1
        data = b"".join(name.ljust(width - 1) + b"\n" for name in told)
        write_atomically(lines, lambda path: path.write_bytes(data), durable=False)
        return cls(lines, root, len(told), width)

    def names(self, first: int, last: int) -> list[Path]:
        """Return the files from number `first` up to, and without, `last`."""
        with opened(self.lines, lambda path: path.open("rb")) as file:
            file.seek(first * self.width)
            found = file.read((last - first) * self.width)
        return [self.root / f"{line.decode().rstrip()}{self.after}" for line in found.splitlines()]

    def beside(self, suffix: str) -> Lined:
        """Return the files that are called the same with `suffix` in place of `.parquet`."""
        return replace(self, after=suffix)

    def __len__(self) -> int:
        """Return how many there are."""
        return self.length


class Merged(TypedDict):
    """Rows of a merged file."""

    rows: int


@dataclass(frozen=True)
class Readers:
    """Who reads: `count` tasks in the order of the rows; the rows of task i begin at `low(i)` in the order `by`."""

    by: tuple[str, ...]
    count: int
    low: Callable[[int], Low]

    def first(self, part: int, parts: int) -> int:
        """Return the first reader of one of `parts` equal parts of all readers."""
        return part * self.count // parts

    def part_of(self, reader: int, parts: int) -> int:
        """Return in which of `parts` equal parts a reader is."""
        return bisect.bisect_right(range(parts), reader, key=lambda part: self.first(part, parts)) - 1

    def between(self, part: int, parts: int) -> Between:
        """Return where the rows of one of `parts` equal parts of all readers lie."""
        last = self.first(part + 1, parts)
        low = self.low(self.first(part, parts)) if part else None
        return Between(self.by, low, None if last == self.count else self.low(last))


@dataclass(frozen=True)
class Routed:
    """Files in which each reader finds its rows: `blocks` of them for each of `parts` equal parts of the readers."""

    readers: Readers
    given: Files
    parts: int = 0
    blocks: int = 0
    folder: Path = Path()
    level: int = 0

    def of(self, reader: int) -> Files:
        """Return the files that have all rows of a reader, in their order, and perhaps others."""
        if not self.level:
            return self.given
        part = self.readers.part_of(reader, self.parts)
        return Numbered(self.folder, self.blocks, f"{self.level}-{part:05d}-")


def route(
    run: Runner, name: str, stage: Stage, given: Files, rows: Sequence[int], schema: str, readers: Readers
) -> Routed:
    """Bring together what each reader reads, where `given` are many files; `rows` says how many each of them has.

    `schema` names it as "module:NAME", so that it is loaded where rows are. Rows that are equal in the order keep the
    order of the files, and within each file. `name` is what people are told. Raises `ValueError` where `rows` are not
    those of all files: the rest would be lost.
    """
    if len(rows) != len(given):
        raise ValueError(f"{name}: rows of {len(rows)} files are known, and there are {len(given)}")
    whole = Routed(readers, given)
    if len(given) <= DIRECT or not readers.count:
        return whole
    shared = share(stage, schema=schema, by=readers.by)
    level, parts, count = 0, 1, len(given)
    cuts = blocks(rows)
    if len(cuts) <= len(given):
        level, count = 1, len(cuts) - 1
        arguments = [{"given": given, "first": first, "last": last} for first, last in pairwise(cuts)]
        run(name, stage, [_task(1, 0, at, each, shared) for at, each in enumerate(arguments)])
    while count > DIRECT:
        before, above = Routed(readers, given, parts, count, stage.folder, level), parts
        level, parts, count = level + 1, min(readers.count, parts * FAN), -(-count // FAN)
        tasks = []
        for part in range(parts):
            files = before.of(readers.first(part, parts))
            between = readers.between(part, parts) if parts > above else None
            for block in range(count):
                first, last = block * FAN, min(len(files), (block + 1) * FAN)
                tasks.append(
                    _task(
                        level, part, block, {"given": files, "first": first, "last": last, "between": between}, shared
                    )
                )
        run(name, stage, tasks)
    return Routed(readers, given, parts, count, stage.folder, level)


def blocks(rows: Sequence[int], size: int = ROWS) -> list[int]:
    """Return where blocks of neighbours that have about `size` rows together (at least one) begin, and the end."""
    size = max(1, size)  # each block then ends after the one before it, also where nothing has rows
    ends = np.cumsum(rows)
    cuts = [0]
    while cuts[-1] < len(rows):
        before = int(ends[cuts[-1] - 1]) if cuts[-1] else 0
        cuts.append(min(len(rows), int(np.searchsorted(ends, before + size, side="left")) + 1))
    return cuts


def _task(level: int, part: int, block: int, arguments: Mapping[str, Any], shared: Path) -> Task:
    return Task(f"{level}-{part:05d}-{block:05d}", merge, arguments, weight=1e6, shared=shared)


def merge(
    stage: Stage,
    task: str,
    given: Files,
    first: int,
    last: int,
    schema: str,
    by: Sequence[str],
    between: Between | None = None,
) -> Merged:
    """Write the rows of the files `first` to `last`, without `last`, that lie in `between` (None: all), in order."""
    columns: pa.Schema = pkgutil.resolve_name(schema)
    table = read(given.names(first, last), columns, (), *([between] if between is not None else []))
    if table.num_rows:
        table = table.unify_dictionaries().combine_chunks().sort_by([(column, "ascending") for column in by])
    write_table(stage.file(f"{task}.parquet"), table, row_group=_GROUP)
    return {"rows": table.num_rows}
