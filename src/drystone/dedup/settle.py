"""The choice: in the order of rank, a document is dropped if a kept one shares a band and is near enough.

Sees the rows of one task and the texts that `fetch` yields; each removal carries the similarity that was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from drystone.dedup import _kernel
from drystone.dedup.ids import ID, to_numpy
from drystone.dedup.method import Method
from drystone.dedup.sketches import Spans, words
from drystone.errors import UsageError
from drystone.work.buckets import read_part
from drystone.work.files import whole
from drystone.work.remote.mirror import opened
from drystone.work.store import Stage
from drystone.work.tasks import Runner, Summary, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Ids in, their texts out in the same order: each as bytes, or many at once as spans.
Fetch = Callable[[list[bytes]], Iterable[bytes | Spans]]

#: What people are told that the tasks belong to.
NAME = "near duplicates"

#: Ids asked of `fetch` at once, and bytes of text handed to the kernel at once.
_FETCH = 4096
_JOIN = 2**20

DROPPED = pa.schema([("id", ID), ("kept_id", ID), ("similarity", pa.float64())])
_SWEPT = pa.schema([("row", pa.int64()), ("kept", pa.int64()), ("similarity", pa.float64())])


def read_rows(path: Path) -> pa.Table:
    """Return a task's rows in the order of choice: by component, then rank. Raises `UsageError` for a repeated id."""
    table = (
        read_part(path)
        .sort_by([("component", "ascending"), ("rank", "ascending"), ("id", "ascending")])
        .combine_chunks()
    )
    sorted_ids = np.sort(to_numpy(table.column("id")))
    twice = np.flatnonzero(sorted_ids[1:] == sorted_ids[:-1])
    if len(twice):
        name = sorted_ids[twice[0]].tobytes().hex()
        raise UsageError(f"document {name} is listed more than once; each id may occur once")
    return table


class _Choice:
    """The choice within a component: a kernel's keeper over a task's rows, with what an earlier run knows of them."""

    def __init__(self, table: pa.Table, method: Method) -> None:
        self.method = method
        bands = method.banding[0]
        parts = [words(chunk, method)[:, 1:] for chunk in table.column("signature").chunks]
        self.keys = np.ascontiguousarray(np.concatenate(parts)) if parts else np.empty((0, bands), np.uint32)
        self.places = table.column("place").to_numpy()
        self.keepers = table.column("keeper").to_numpy()
        self.similarities = table.column("similarity").to_numpy()
        self.keeper = _kernel.Keeper(method.threshold, bands, method.seed)

    def hold(self, rows: NDArray[np.int64], texts: Spans) -> None:
        texts = texts.dressed(self.method)
        keys, places, keepers = self.keys[rows].reshape(-1), self.places[rows], self.keepers[rows]
        self.keeper.hold(texts.buffers, texts.which, texts.starts, texts.lengths, keys, rows, places, keepers)

    def add(self, rows: NDArray[np.int64], texts: Spans, first: NDArray[np.bool_], keep: bool = True) -> pa.Table:
        """Return the rows that are dropped (`_SWEPT`); before each `first` row, those kept so far are forgotten."""
        texts = texts.dressed(self.method)
        keys, places, keepers = self.keys[rows].reshape(-1), self.places[rows], self.keepers[rows]
        kept, shared, total = self.keeper.add(
            texts.buffers, texts.which, texts.starts, texts.lengths, keys, rows, first, places, keepers, keep
        )
        gone = kept >= 0
        row, kept, shared, total = rows[gone], kept[gone], shared[gone], total[gone]
        # A pair that the earlier run measured is not measured again: one of the two was dropped for the other.
        dropped = np.where(self.keepers[row] == self.places[kept], row, kept)
        similarity = np.where(total > 0, shared / np.maximum(total, 1), self.similarities[dropped])
        return pa.table([row, kept, similarity], schema=_SWEPT)

    def unchanged(self, start: int, end: int) -> list[tuple[int, int, float]] | None:
        """Return an earlier run's decisions on rows of one component, None where they may differ now.

        They hold where no row is new, the order is the same, and all rows that others were dropped for are here.
        """
        places, keepers = self.places[start:end].tolist(), self.keepers[start:end].tolist()
        if places[0] < 0 or any(a >= b for a, b in pairwise(places)):
            return None
        row_of = {place: start + i for i, place in enumerate(places)}
        if any(keeper not in row_of for keeper in keepers):
            return None
        gone = [i for i in range(end - start) if keepers[i] != places[i]]
        return [(start + i, row_of[keepers[i]], float(self.similarities[start + i])) for i in gone]


def texts(fetch: Fetch, ids: Sequence[bytes]) -> Iterator[Spans]:
    """Yield the texts of the ids, in order. Raises `UsageError` where `fetch` yields too few, or other than bytes."""
    for start in range(0, len(ids), _FETCH):
        part = list(ids[start : start + _FETCH])
        found = size = 0
        some: list[bytes] = []
        for text in fetch(part):
            if isinstance(text, Spans):
                found += len(text)
                yield text
                continue
            if not isinstance(text, bytes):
                raise UsageError(
                    f"fetch yielded {type(text).__name__} for document {part[found].hex()}; it must be bytes"
                )
            some.append(text)
            size += len(text)
            found += 1
            if size >= _JOIN:
                yield _spans(some)
                some, size = [], 0
        if some:
            yield _spans(some)
        if found != len(part):
            missing = f"; {part[found].hex()} is missing" if found < len(part) else ""
            raise UsageError(f"fetch yielded {found} of {len(part)} documents{missing}")


def _spans(texts: list[bytes]) -> Spans:
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    data = np.frombuffer(b"".join(texts), np.uint8)
    return Spans([data], np.zeros(len(texts), np.int64), np.cumsum(lengths) - lengths, lengths)


def choose(stage: Stage, task: str, rows: Path, method: Method, fetch: Fetch) -> Summary:
    """Choose within the whole components of a file of rows; write {id, kept_id, similarity} of what is dropped.

    A task of `drystone.work`: `TASK.parquet` is what it writes; the summary counts rows that are `dropped`, exact
    `comparisons`, and `text_bytes` that were fetched.
    """
    table = read_rows(rows)
    choice = _Choice(table, method)
    component = table.column("component").to_numpy()
    first = np.concatenate([[True], component[1:] != component[:-1]])
    found: list[pa.Table] = [_SWEPT.empty_table()]
    open_rows = np.arange(len(table), dtype=np.int64)
    if (choice.places >= 0).any():
        for start, end in pairwise([*np.flatnonzero(first).tolist(), len(table)]):
            known = choice.unchanged(start, end)
            if known is not None:
                open_rows[start:end] = -1
                if known:
                    found.append(pa.table([pa.array(c) for c in zip(*known, strict=True)], schema=_SWEPT))
        open_rows = open_rows[open_rows >= 0]
    size = at = 0
    ids = table.column("id").combine_chunks()
    for batch in texts(fetch, ids.take(pa.array(open_rows)).to_pylist()):
        numbers = open_rows[at : at + len(batch)]
        at += len(batch)
        size += int(batch.lengths.sum())
        found.append(choice.add(numbers, batch, first[numbers]))
    swept = pa.concat_tables(found)
    _write_dropped(swept, table, stage.file(f"{task}.parquet"))
    return {"dropped": len(swept), "comparisons": choice.keeper.comparisons, "text_bytes": size}


def _write_dropped(swept: pa.Table, table: pa.Table, out: Path) -> None:
    ids = table.column("id")
    columns = [ids.take(swept.column("row")), ids.take(swept.column("kept")), swept.column("similarity")]
    _replace(pa.table(columns, schema=DROPPED), out)


def _replace(table: pa.Table, out: Path) -> None:
    """Write Parquet so that a reader never sees half a file."""
    with whole(out, durable=False) as part:
        pq.write_table(table, part)


def sweep(
    stage: Stage,
    task: str,
    rows: Path,
    kept: NDArray[np.int64] | None,
    undecided: NDArray[np.int64],
    method: Method,
    fetch: Fetch,
) -> Summary:
    """Choose among `undecided` rows of a giant component by `kept` ones, all of them numbers in the order of rank.

    Without `kept`, the undecided are chosen among themselves. `TASK.parquet` gets {row, kept, similarity} of what is
    dropped; the summary is that of `choose`.
    """
    table = read_rows(rows)
    ids = table.column("id").combine_chunks()
    choice = _Choice(table, method)
    size = 0

    def fetched(numbers: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], Spans]]:
        at = 0
        for batch in texts(fetch, ids.take(pa.array(numbers)).to_pylist()):
            yield numbers[at : at + len(batch)], batch
            at += len(batch)

    if kept is not None:
        for numbers, batch in fetched(kept):
            choice.hold(numbers, batch)
            size += int(batch.lengths.sum())
        near = [choice.keeper.has_candidate(choice.keys[row]) for row in undecided.tolist()]
        undecided = undecided[np.array(near, np.bool_)]
    found = [_SWEPT.empty_table()]
    for numbers, batch in fetched(undecided):
        size += int(batch.lengths.sum())
        found.append(choice.add(numbers, batch, np.zeros(len(numbers), np.bool_), keep=kept is None))
    swept = pa.concat_tables(found)
    _replace(swept, stage.file(f"{task}.parquet"))
    return {"dropped": len(swept), "comparisons": choice.keeper.comparisons, "text_bytes": size}


def choose_in_rounds(
    run: Runner, stage: Stage, rows: Path, out: Path, method: Method, fetch: Fetch, budget: int
) -> Summary:
    """Choose within one component whose texts do not fit one task, in rounds; the result is that of `choose`.

    Each round chooses among the first undecided rows, as many as `budget` bytes allow, then compares those kept with
    all that come after, in parallel. So every row meets the kept rows before it in the order of rank.
    """
    table = read_rows(rows)
    sizes = table.column("bytes").to_numpy()
    alive = np.arange(len(table), dtype=np.int64)
    found = [_SWEPT.empty_table()]
    total: Summary = {"dropped": 0, "comparisons": 0, "text_bytes": 0}

    def go(name: str, kept: NDArray[np.int64] | None, shares: list[NDArray[np.int64]]) -> NDArray[np.int64]:
        given = {"rows": rows, "kept": kept, "method": method, "fetch": fetch}
        tasks = [Task(f"{name}-{i:05d}", sweep, {**given, "undecided": share}) for i, share in enumerate(shares)]
        for summary in run(NAME, stage, tasks):
            for key in total:
                total[key] += summary[key]
        files = [stage.file(f"{task.id}.parquet") for task in tasks]
        new = pa.concat_tables([_SWEPT.empty_table(), *(opened(file, pq.read_table) for file in files)])
        found.append(new)
        gone: NDArray[np.int64] = new.column("row").to_numpy()
        return gone

    number = 0
    while len(alive):
        block = max(1, int(np.searchsorted(np.cumsum(sizes[alive]), budget, side="right")))
        first, rest = alive[:block], alive[block:]
        kept = np.setdiff1d(first, go(f"{rows.stem}-{number:04d}-choose", None, [first]))
        ends = np.flatnonzero(np.diff(np.cumsum(sizes[rest]) // budget)) + 1
        shares = [share for share in np.split(rest, ends) if len(share)]
        alive = np.setdiff1d(rest, go(f"{rows.stem}-{number:04d}-sweep", kept, shares)) if shares else rest
        number += 1
    _write_dropped(pa.concat_tables(found), table, out)
    return total
