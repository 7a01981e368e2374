"""Which documents must be compared: components of documents that share a band key within a group.

Reads ids, ranks, sizes and keys, never texts. Keys pass one band at a time, so that memory stays at a few tens of bytes
a document; the rows of each task are then written to a file of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from drystone.dedup import _kernel
from drystone.dedup.ids import ID
from drystone.dedup.method import Method
from drystone.dedup.past import Past, Previous, load
from drystone.dedup.sketches import signature_type, words
from drystone.errors import UsageError
from drystone.work.buckets import Parted, read_part
from drystone.work.remote.mirror import opened, placed

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Text bytes for one task, and for one component before it is split over several tasks.
TASK_BYTES = 64 * 2**20
GIANT_BYTES = 256 * 2**20
#: What a row costs a task beside its text: it weighs tasks of very many very small documents.
ROW_BYTES = 1024
#: Files open at once. Where there are more tasks, rows go to a file for several of them first.
_OPEN = 400
_BATCH = 32768
_COLUMNS = ("id", "group", "rank", "bytes", "signature")


@dataclass(frozen=True)
class Candidates:
    """Files of rows to choose from: each of `tasks` holds whole components, each of `giants` one that is too large."""

    documents: int
    candidates: int
    components: int
    tasks: list[Path]
    giants: list[Path]


@dataclass
class _Columns:
    """One value a document, in the order of the item files."""

    counts: NDArray[np.uint32]
    groups: NDArray[np.uint32]
    sizes: NDArray[np.int64]


def find(items: Sequence[Path], method: Method, work: Path, previous: Previous | None = None) -> Candidates:
    """Find the components of the candidate graph and write their rows below `work`, a file a task.

    `items` are Parquet files of {id: binary(20), group: string, rank: binary, bytes: int64, signature}. A task's file
    is an Arrow file of {component: uint32, id, rank: large_binary, bytes, signature, place, keeper, similarity};
    the last three say what `previous` knows (see `past.Past.look_up`).
    Raises `UsageError` for a missing column and for signatures of another method.
    """
    documents = sum(_rows(path) for path in items)
    work.mkdir(parents=True, exist_ok=True)
    bands = method.banding[0]
    columns = _Columns(np.zeros(documents, np.uint32), np.zeros(documents, np.uint32), np.zeros(documents, np.int64))
    keys = work / "keys"
    try:
        _transpose(items, method, documents, columns, keys)
        components = _kernel.Components(documents)
        with keys.open("rb") as file:
            for _ in range(bands if documents else 0):
                components.link(np.fromfile(file, np.uint32, documents), columns.groups, columns.counts)
    finally:
        keys.unlink(missing_ok=True)
    roots = components.roots()
    del components
    task_of, count, tasks, giants = _assign(roots, columns.sizes)
    names = [work / f"task-{i:05d}.arrow" for i in range(tasks)] + [
        work / f"giant-{i:05d}.arrow" for i in range(giants)
    ]
    past = load(previous, method, _members(items, roots, task_of)) if previous else None
    candidates = _distribute(items, method, roots, task_of, names, past)
    return Candidates(documents, candidates, count, names[:tasks], names[tasks:])


def ids(found: Candidates) -> Iterator[pa.Array]:
    """Yield arrays of the ids of all documents that have a candidate."""
    for path in found.tasks + found.giants:
        yield from read_part(path).column("id").chunks


def _rows(path: Path) -> int:
    file = opened(path, _unbuffered)
    missing = [name for name in _COLUMNS if name not in file.schema_arrow.names]
    if missing:
        raise UsageError(f"{path} has no column {missing[0]!r}; items need {', '.join(_COLUMNS)}")
    return int(file.metadata.num_rows)


def _unbuffered(path: Path) -> pq.ParquetFile:
    return pq.ParquetFile(path, pre_buffer=False)


def batches(items: Sequence[Path], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield record batches of the item files, in their order, a bounded number of rows at a time."""
    for path in items:
        yield from opened(path, _unbuffered).iter_batches(_BATCH, columns=list(columns), use_threads=False)


def _transpose(items: Sequence[Path], method: Method, documents: int, columns: _Columns, keys: Path) -> None:
    """Write all keys of the first band, then all of the second, and so on; fill the columns."""
    codes: dict[str, int] = {}
    at = 0
    with keys.open("wb") as file:
        for batch in batches(items, ("group", "bytes", "signature")):
            n = len(batch)
            rows = words(batch.column("signature"), method)
            columns.counts[at : at + n] = rows[:, 0]
            columns.sizes[at : at + n] = batch.column("bytes").fill_null(0).to_numpy()
            group = batch.column("group").fill_null("").dictionary_encode()
            local = np.array([codes.setdefault(g, len(codes)) for g in group.dictionary.to_pylist()], np.uint32)
            columns.groups[at : at + n] = local[group.indices.to_numpy()]
            for band, column in enumerate(np.ascontiguousarray(rows[:, 1:].T)):
                os.pwrite(file.fileno(), column.data, 4 * (band * documents + at))
            at += n


def _assign(roots: NDArray[np.uint32], sizes: NDArray[np.int64]) -> tuple[NDArray[np.int32], int, int, int]:
    """Give each component of two and more a task: (task by root or -1, components, tasks, giants after them)."""
    members = np.bincount(roots, minlength=len(roots)).astype(np.uint32)
    component = np.flatnonzero(members > 1)
    weight = np.zeros(len(roots), np.int64)
    np.add.at(weight, roots, sizes + ROW_BYTES)
    weight = weight[component]
    giant = weight > GIANT_BYTES
    small = np.cumsum(np.where(giant, 0, weight))
    task = (small - 1) // TASK_BYTES if len(small) else small
    used, task = np.unique(np.where(giant, -1, task), return_inverse=True)
    first = int(len(used) > 0 and used[0] == -1)
    task = task - first
    tasks = len(used) - first
    giants = int(giant.sum())
    task[giant] = tasks + np.arange(giants)
    task_of = np.full(len(roots), -1, np.int32)
    task_of[component] = task
    return task_of, len(component), tasks, giants


def _members(items: Sequence[Path], roots: NDArray[np.uint32], task_of: NDArray[np.int32]) -> pa.Array:
    """Return the ids of all documents that have a candidate."""
    at = 0
    parts = [pa.array([], ID)]
    for batch in batches(items, ("id",)):
        has = task_of[roots[at : at + len(batch)]] >= 0
        parts.append(batch.column("id").cast(ID).filter(pa.array(has)))
        at += len(batch)
    return pa.concat_arrays(parts)


def _distribute(
    items: Sequence[Path],
    method: Method,
    roots: NDArray[np.uint32],
    task_of: NDArray[np.int32],
    names: list[Path],
    past: Past | None,
) -> int:
    schema = pa.schema(
        [
            ("component", pa.uint32()),
            ("id", ID),
            ("rank", pa.large_binary()),
            ("bytes", pa.int64()),
            ("signature", signature_type(method)),
            ("place", pa.int64()),
            ("keeper", pa.int64()),
            ("similarity", pa.float64()),
        ]
    )
    total = 0

    def found() -> Iterator[tuple[pa.RecordBatch, NDArray[np.int32]]]:
        nonlocal total
        at = 0
        for batch in batches(items, _COLUMNS):
            root = roots[at : at + len(batch)]
            at += len(batch)
            task = task_of[root]
            order = np.argsort(task, kind="stable")
            order = order[np.searchsorted(task[order], 0) :]  # -1: alone, nothing to compare
            if not len(order):
                continue
            total += len(order)
            rows = batch.take(pa.array(order))
            ids = rows.column("id").cast(ID)
            if past is None:
                known: list[Any] = [pa.array(np.full(len(order), -1))] * 2 + [pa.nulls(len(order), pa.float64())]
            else:
                known = [pa.array(column) for column in past.look_up(ids, rows.column("group"))]
            rows = pa.record_batch(
                [
                    pa.array(root[order]),
                    ids,
                    rows.column("rank").cast(pa.large_binary()),
                    rows.column("bytes"),
                    rows.column("signature").cast(signature_type(method)),
                    *known,
                ],
                schema=schema,
            )
            yield rows, task[order]

    _write_parts(schema, found(), names)
    return total


def _write_parts(
    schema: pa.Schema, found: Iterable[tuple[pa.RecordBatch, NDArray[np.int32]]], names: list[Path]
) -> None:
    """Write rows, each to the file of its number; where that is too many open files, several of these at a time."""
    if len(names) <= _OPEN:
        with Parted(schema, names) as parted:
            for rows, numbers in found:
                parted.add(rows, numbers)
        for name in names:
            placed(name)
        return
    each = -(-len(names) // _OPEN)
    several = [names[at].with_suffix(f".{each}-files") for at in range(0, len(names), each)]
    with Parted(schema.append(pa.field("number", pa.int32())), several) as parted:
        for rows, numbers in found:
            parted.add(rows.append_column("number", pa.array(numbers % each, pa.int32())), numbers // each)
    for at, path in enumerate(several):
        batches = (
            (pa.record_batch(batch.columns[:-1], schema=schema), batch.column(-1).to_numpy())
            for batch in read_part(path).to_batches()
        )
        _write_parts(schema, batches, names[at * each : (at + 1) * each])
        path.unlink()
