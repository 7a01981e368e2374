"""The choice: in the order of rank, a document is dropped if a kept one shares a band and is near enough.

Sees the rows of one task and the texts that `fetch` yields; each removal carries the similarity that was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from drystone.dedup import _kernel
from drystone.dedup.ids import ID, to_numpy
from drystone.dedup.method import Method
from drystone.dedup.sketches import words
from drystone.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Fetch = Callable[[list[bytes]], Iterable[bytes]]

#: Ids asked of `fetch` at once.
_FETCH = 4096

DROPPED = pa.schema([("id", ID), ("kept_id", ID), ("similarity", pa.float64())])
_SWEPT = pa.schema([("row", pa.int64()), ("kept", pa.int64()), ("similarity", pa.float64())])


@dataclass(frozen=True)
class Task:
    """Whole components, in one file of rows; `out` gets what is dropped."""

    rows: Path
    out: Path
    method: Method
    fetch: Fetch


@dataclass(frozen=True)
class Sweep:
    """A part of one giant component: `undecided` rows against `kept` ones, all of them numbers in the order of rank.

    Without `kept`, the undecided are chosen among themselves. `out` gets {row, kept, similarity} of what is dropped.
    """

    rows: Path
    out: Path
    kept: NDArray[np.int64] | None
    undecided: NDArray[np.int64]
    method: Method
    fetch: Fetch


class Settled(TypedDict):
    """What a task did; `dropped` counts rows, `comparisons` exact ones, `text_bytes` what was fetched."""

    dropped: int
    comparisons: int
    text_bytes: int


def read_rows(path: Path) -> pa.Table:
    """Return a task's rows in the order of choice: by component, then rank. Raises `UsageError` for a repeated id."""
    with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as reader:
        table = reader.read_all()
    table = table.sort_by([("component", "ascending"), ("rank", "ascending"), ("id", "ascending")]).combine_chunks()
    sorted_ids = np.sort(to_numpy(table.column("id")))
    twice = np.flatnonzero(sorted_ids[1:] == sorted_ids[:-1])
    if len(twice):
        name = sorted_ids[twice[0]].tobytes().hex()
        raise UsageError(f"document {name} is listed more than once; each id may occur once")
    return table


class _Choice:
    """The choice within a component: a kernel's keeper over a task's rows, with what an earlier run knows of them."""

    def __init__(self, table: pa.Table, method: Method) -> None:
        bands = method.banding[0]
        parts = [words(chunk, method)[:, 1:] for chunk in table.column("signature").chunks]
        self.keys = np.ascontiguousarray(np.concatenate(parts)) if parts else np.empty((0, bands), np.uint32)
        self.places: list[int] = table.column("place").to_pylist()
        self.keepers: list[int] = table.column("keeper").to_pylist()
        self.similarities = table.column("similarity").to_numpy()
        self.keeper = _kernel.Keeper(method.threshold, bands, method.seed)
        self.kept: list[int] = []

    def clear(self) -> None:
        self.keeper.clear()
        self.kept.clear()

    def hold(self, row: int, text: bytes) -> None:
        self.keeper.hold(text, self.keys[row], self.places[row], self.keepers[row])
        self.kept.append(row)

    def add(self, row: int, text: bytes, keep: bool = True) -> tuple[int, int, float] | None:
        """Return (row, kept row, similarity) where the row is dropped."""
        number, shared, total = self.keeper.add(text, self.keys[row], keep, self.places[row], self.keepers[row])
        if number >= 0:
            kept = self.kept[number]
            if total:
                return row, kept, shared / total
            dropped = row if self.keepers[row] == self.places[kept] else kept
            return row, kept, float(self.similarities[dropped])
        if keep:
            self.kept.append(row)
        return None

    def unchanged(self, start: int, end: int) -> list[tuple[int, int, float]] | None:
        """Return an earlier run's decisions on rows of one component, None where they may differ now.

        They hold where no row is new, the order is the same, and all rows that others were dropped for are here.
        """
        places, keepers = self.places[start:end], self.keepers[start:end]
        if places[0] < 0 or any(a >= b for a, b in pairwise(places)):
            return None
        row_of = {place: start + i for i, place in enumerate(places)}
        if any(keeper not in row_of for keeper in keepers):
            return None
        gone = [i for i in range(end - start) if keepers[i] != places[i]]
        return [(start + i, row_of[keepers[i]], float(self.similarities[start + i])) for i in gone]


def texts(fetch: Fetch, ids: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the bytes of each id. Raises `UsageError` where `fetch` yields too few or something else."""
    for start in range(0, len(ids), _FETCH):
        part = list(ids[start : start + _FETCH])
        found = 0
        for text in fetch(part):
            if not isinstance(text, bytes):
                raise UsageError(
                    f"fetch yielded {type(text).__name__} for document {part[found].hex()}; it must be bytes"
                )
            found += 1
            yield text
        if found != len(part):
            raise UsageError(f"fetch yielded {found} of {len(part)} documents; {part[found].hex()} is missing")


def settle(task: Task) -> Settled:
    """Settle the components of one task and write {id, kept_id, similarity} of what is dropped."""
    table = read_rows(task.rows)
    ids: list[bytes] = table.column("id").to_pylist()
    choice = _Choice(table, task.method)
    component = table.column("component").to_numpy()
    starts = np.flatnonzero(np.concatenate([[True], component[1:] != component[:-1]])).tolist()
    first = set(starts)
    dropped: list[tuple[int, int, float]] = []
    open_rows: list[int] = []
    for start, end in pairwise([*starts, len(ids)]):
        known = choice.unchanged(start, end)
        if known is None:
            open_rows += range(start, end)
        else:
            dropped += known
    size = 0
    for row, text in zip(open_rows, texts(task.fetch, [ids[row] for row in open_rows]), strict=True):
        if row in first:
            choice.clear()
        size += len(text)
        if found := choice.add(row, text):
            dropped.append(found)
    _write([(ids[row], ids[kept], similarity) for row, kept, similarity in dropped], DROPPED, task.out)
    return {"dropped": len(dropped), "comparisons": choice.keeper.comparisons, "text_bytes": size}


def _write(rows: list[Any], schema: pa.Schema, out: Path) -> None:
    columns = zip(*rows, strict=True) if rows else [[] for _ in schema]
    _replace(pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema), out)


def _replace(table: pa.Table, out: Path) -> None:
    """Write Parquet so that a reader never sees half a file."""
    part = out.with_name(out.name + ".part")
    pq.write_table(table, part)
    part.replace(out)


def sweep(task: Sweep) -> Settled:
    """Settle a part of a giant component; what is dropped is written to the task's `out`."""
    table = read_rows(task.rows)
    ids: list[bytes] = table.column("id").to_pylist()
    choice = _Choice(table, task.method)
    undecided: list[int] = task.undecided.tolist()
    size = 0
    if task.kept is not None:
        kept: list[int] = task.kept.tolist()
        for row, text in zip(kept, texts(task.fetch, [ids[row] for row in kept]), strict=True):
            choice.hold(row, text)
            size += len(text)
        undecided = [row for row in undecided if choice.keeper.has_candidate(choice.keys[row])]
    dropped = []
    for row, text in zip(undecided, texts(task.fetch, [ids[row] for row in undecided]), strict=True):
        size += len(text)
        if found := choice.add(row, text, keep=task.kept is None):
            dropped.append(found)
    _write(dropped, _SWEPT, task.out)
    return {"dropped": len(dropped), "comparisons": choice.keeper.comparisons, "text_bytes": size}


def settle_giant(task: Task, run: Callable[[Callable[..., Any], list[Any], str], list[Any]], budget: int) -> Settled:
    """Settle one component whose texts do not fit one task, in rounds; the result is that of `settle`.

    Each round chooses among the first undecided rows, as many as `budget` bytes allow, then compares those kept with
    all that come after, in parallel. So every row meets the kept rows before it in the order of rank.
    """
    table = read_rows(task.rows)
    sizes = table.column("bytes").to_numpy()
    ids = table.column("id")
    alive = np.arange(len(table), dtype=np.int64)
    found = [_SWEPT.empty_table()]
    total: Settled = {"dropped": 0, "comparisons": 0, "text_bytes": 0}

    def go(name: str, kept: NDArray[np.int64] | None, shares: list[NDArray[np.int64]]) -> NDArray[np.int64]:
        files = [task.rows.with_name(f"{name}-{i:05d}.parquet") for i in range(len(shares))]
        sweeps = [
            Sweep(task.rows, out, kept, share, task.method, task.fetch)
            for out, share in zip(files, shares, strict=True)
        ]
        for settled in run(sweep, sweeps, name):
            for key in ("dropped", "comparisons", "text_bytes"):
                total[key] += settled[key]
        new = pa.concat_tables([_SWEPT.empty_table(), *(pq.read_table(out) for out in files)])
        found.append(new)
        gone: NDArray[np.int64] = new.column("row").to_numpy()
        return gone

    number = 0
    while len(alive):
        block = max(1, int(np.searchsorted(np.cumsum(sizes[alive]), budget, side="right")))
        first, rest = alive[:block], alive[block:]
        kept = np.setdiff1d(first, go(f"{task.rows.stem}-{number:04d}-choose", None, [first]))
        ends = np.flatnonzero(np.diff(np.cumsum(sizes[rest]) // budget)) + 1
        shares = [share for share in np.split(rest, ends) if len(share)]
        alive = np.setdiff1d(rest, go(f"{task.rows.stem}-{number:04d}-sweep", kept, shares)) if shares else rest
        number += 1
    swept = pa.concat_tables(found)
    columns = [ids.take(swept.column("row")), ids.take(swept.column("kept")), swept.column("similarity")]
    _replace(pa.table(columns, schema=DROPPED), task.out)
    return total
