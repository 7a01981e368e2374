"""Batches: every window once, within the budget, and logits back in the order of the windows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.reader.engines.schedule import BUCKET, SPREAD, TOKENS, WINDOWS, Batch, collate, plan, rounded, run
from drystone.reader.spans.windows import Window

LENGTHS = st.lists(st.integers(1, 600), max_size=60)


def window(ids: list[int]) -> Window:
    return Window(0, np.array(ids, np.int32), np.zeros(len(ids), np.int8), 0, len(ids), 0)


@given(LENGTHS)
def test_every_window_is_in_one_batch_within_the_budget(lengths: list[int]) -> None:
    batches = plan(lengths)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        mine = [lengths[i] for i in batch]
        assert len(batch) <= WINDOWS
        assert max(mine) - min(mine) <= SPREAD
        assert len(batch) == 1 or rounded(max(mine)) * len(batch) <= TOKENS
    longest = [lengths[batch[0]] for batch in batches]
    assert longest == sorted(longest, reverse=True)


@given(st.integers(1, 10_000))
def test_rows_are_rounded_up_to_the_bucket(length: int) -> None:
    assert length <= rounded(length) < length + BUCKET
    assert rounded(length) % BUCKET == 0


def test_padding_is_marked_and_positions_count_on() -> None:
    batch = collate([window([5, 6, 7]), window([8])], 2, 512)
    assert batch.ids.tolist() == [[5, 6, 7, 0, 0, 0, 0, 0], [8, 0, 0, 0, 0, 0, 0, 0]]
    assert batch.blocks.sum(1).tolist() == [3, 1]
    assert batch.positions[1].tolist() == list(range(2, 10))
    # A model that takes fewer positions is given no more.
    assert collate([window([1] * 9)], 0, 10).ids.shape == (1, 10)


class Echo:
    """An engine whose logits are the ids."""

    name, precision, streams = "echo", "fp32", 2

    def __init__(self, packs: bool) -> None:
        self.packs = packs

    def run(self, batch: Batch) -> np.ndarray:
        return np.stack([batch.ids, batch.positions], -1).astype(np.float32)


@pytest.mark.parametrize("packs", [False, True])
@pytest.mark.parametrize("threads", [0, 2])
def test_logits_come_back_under_their_windows(packs: bool, threads: int) -> None:
    windows = [window(list(range(n, 2 * n))) for n in (3, 40, 1, 200, 17, 40, 90, 5)]
    pool = ThreadPoolExecutor(threads) if threads else None
    found = dict(run(Echo(packs), windows, 0, 512, pool))
    if pool is not None:
        pool.shutdown()
    assert found.keys() == set(range(len(windows)))
    for i, logits in found.items():
        assert logits[:, 0].tolist() == windows[i].ids.tolist()
