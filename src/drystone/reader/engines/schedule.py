"""Puts windows into batches and runs them: by length, within a budget of tokens, results in the order of the windows.

It knows nothing of questions or models: it sees lengths, and calls an engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from drystone.reader.model.onnx_graph import PUBLIC_INPUTS
from drystone.reader.spans.windows import Window

#: A batch holds at most this many padded tokens and windows, and its lengths differ by at most the spread. On CPUs
#: larger batches gain nothing (docs/reader.md, "Batching"), and padding costs what it weighs.
TOKENS, WINDOWS, SPREAD = 1024, 8, 16
#: Row lengths are rounded up to a multiple of this, so that a runtime meets few distinct shapes.
BUCKET = 8


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows for a model, int64 [rows, tokens]; `blocks` is 1 for a token and 0 for padding."""

    ids: np.ndarray
    types: np.ndarray
    positions: np.ndarray
    blocks: np.ndarray

    def named(self, name: str) -> np.ndarray:
        """Return the rows that a graph calls by this name: ours, or that of other consumers' graphs (`input_ids`)."""
        found: np.ndarray = getattr(self, PUBLIC_INPUTS.get(name, name))
        return found


class InferenceEngine(Protocol):
    """A model in a runtime. `streams` is how many batches it computes at once; one that `packs` computes no padding,
    so that windows of any lengths may share a batch.
    """

    name: str
    precision: str
    streams: int
    packs: bool

    def run(self, batch: Batch) -> np.ndarray:
        """Return float32 logits [rows, tokens, 2]."""
        ...


def plan(
    lengths: Sequence[int], *, tokens: int = TOKENS, windows: int = WINDOWS, spread: int = SPREAD
) -> list[list[int]]:
    """Return batches as lists of indexes, longest windows first; every index is in exactly one batch."""
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    batches: list[list[int]] = []
    for i in order:
        batch = batches[-1] if batches else None
        if (
            batch
            and len(batch) < windows
            and lengths[batch[0]] - lengths[i] <= spread
            and rounded(lengths[batch[0]]) * (len(batch) + 1) <= tokens
        ):
            batch.append(i)
        else:
            batches.append([i])
    return batches


def widest(engine: InferenceEngine) -> int:
    """Return by how much the lengths in one batch may differ."""
    return 1 << 30 if engine.packs else SPREAD


def rounded(length: int) -> int:
    """Return the row length for a window of `length` tokens."""
    return -(-length // BUCKET) * BUCKET


def collate(windows: Sequence[Window], positions_from: int, longest: int) -> Batch:
    """Stack windows, padded to one bucketed length that is at most `longest`; positions count from `positions_from`."""
    width = max(len(window) for window in windows)
    width = min(rounded(width), max(longest, width))
    ids, types, blocks = (np.zeros((len(windows), width), np.int64) for _ in range(3))
    for row, window in enumerate(windows):
        ids[row, : len(window)] = window.ids
        types[row, : len(window)] = window.types
        blocks[row, : len(window)] = 1
    positions = np.broadcast_to(np.arange(positions_from, positions_from + width), ids.shape)
    return Batch(ids, types, positions, blocks)


def run(
    engine: InferenceEngine, windows: Sequence[Window], positions_from: int, longest: int, pool: Executor | None = None
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (index of the window, float32 logits [tokens, 2]) for every window, batch by batch.

    With a pool, `engine.streams` batches are computed at once.
    """
    batches = plan([len(window) for window in windows], spread=widest(engine))

    def compute(batch: list[int]) -> np.ndarray:
        return engine.run(collate([windows[i] for i in batch], positions_from, longest))

    if pool is None or len(batches) == 1:
        results: Iterator[np.ndarray] = map(compute, batches)
    else:
        results = _ahead(pool, compute, batches, engine.streams + 1)
    for batch, logits in zip(batches, results, strict=True):
        for row, i in enumerate(batch):
            yield i, logits[row, : len(windows[i])]


def _ahead(pool: Executor, compute: object, batches: list[list[int]], depth: int) -> Iterator[np.ndarray]:
    assert callable(compute)
    waiting: list[Future[np.ndarray]] = []
    try:
        for batch in batches:
            waiting.append(pool.submit(compute, batch))
            if len(waiting) >= depth:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
    finally:
        for future in waiting:
            future.cancel()
