"""The choice: in the order of rank, a document is dropped if a kept one shares a band and is near enough.

Sees the rows of one task and the texts that `fetch` yields; each removal carries the similarity that was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
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


def _keys(table: pa.Table, method: Method) -> NDArray[np.uint32]:
    column = table.column("signature")
    parts = [words(chunk, method)[:, 1:] for chunk in column.chunks]
    return np.ascontiguousarray(np.concatenate(parts)) if parts else np.empty((0, method.banding[0]), np.uint32)


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


def _keeper(method: Method) -> Any:
    return _kernel.Keeper(method.threshold, method.banding[0], method.seed)


def settle(task: Task) -> Settled:
    """Settle the components of one task and write {id, kept_id, similarity} of what is dropped."""
    table = read_rows(task.rows)
    ids: list[bytes] = table.column("id").to_pylist()
    component = table.column("component").to_numpy()
    keys = _keys(table, task.method)
    keeper = _keeper(task.method)
    kept: list[bytes] = []
    dropped: list[tuple[bytes, bytes, float]] = []
    current = -1
    size = 0
    for i, text in enumerate(texts(task.fetch, ids)):
        if component[i] != current:
            current = component[i]
            keeper.clear()
            kept.clear()
        size += len(text)
        number, shared, total = keeper.add(text, keys[i])
        if number < 0:
            kept.append(ids[i])
        else:
            dropped.append((ids[i], kept[number], shared / total))
    _write(dropped, DROPPED, task.out)
    return {"dropped": len(dropped), "comparisons": keeper.comparisons, "text_bytes": size}


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
    keys = _keys(table, task.method)
    keeper = _keeper(task.method)
    dropped: list[tuple[int, int, float]] = []
    kept: list[int] = []
    undecided = task.undecided.tolist()
    size = 0
    if task.kept is not None:
        kept = task.kept.tolist()
        for i, text in zip(kept, texts(task.fetch, [ids[i] for i in kept]), strict=True):
            keeper.hold(text, keys[i])
            size += len(text)
        undecided = [i for i in undecided if keeper.has_candidate(keys[i])]
    for i, text in zip(undecided, texts(task.fetch, [ids[i] for i in undecided]), strict=True):
        size += len(text)
        number, shared, total = keeper.add(text, keys[i], keep=task.kept is None)
        if number >= 0:
            dropped.append((i, kept[number], shared / total))
        elif task.kept is None:
            kept.append(i)
    _write(dropped, _SWEPT, task.out)
    return {"dropped": len(dropped), "comparisons": keeper.comparisons, "text_bytes": size}


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
