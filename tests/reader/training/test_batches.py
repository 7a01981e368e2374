"""Steps of training: every example once, by weight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.reader import Reader
from drystone.reader.training.batches import MAX_QUESTION, make_rows, order, pack, pool_steps
from drystone.reader.training.data import (
    DataSet,
    Example,
    read_data,
)
from tests.reader.tiny_data import make_squad, write_squad


def test_an_epoch_shows_every_set_by_its_weight(bert: Reader, tmp_path: Path) -> None:
    data = read_data(write_squad(tmp_path / "a.json", make_squad(6)))
    count = len(data.examples)
    sets = [data, DataSet("b", data.examples, "MIT", "", weight=2.5), DataSet("c", data.examples, "MIT", "", 0.25)]
    packed = pack(bert.windower, sets)
    size = packed.epoch_size()
    first = np.bincount(order(packed, 0, 0, size), minlength=3 * count)
    assert set(first[:count]) == {1} and set(first[count : 2 * count]) == {2, 3}
    assert first[2 * count :].sum() == round(count / 4)
    both = order(packed, 0, 0, 2 * size)
    assert not np.array_equal(both[:size], both[size:])
    assert np.array_equal(order(packed, 0, 7, size), both[7 : size + 7])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 99),
    longest=st.integers(20, 120),
    tokens=st.integers(40, 600),
    parts=st.integers(1, 5),
)
def test_steps_hold_every_example_once_with_its_answer(
    bert: Reader, tmp_path_factory: pytest.TempPathFactory, seed: int, longest: int, tokens: int, parts: int
) -> None:
    global _PACKED  # noqa: PLW0603  tokenized once for all examples
    if _PACKED is None:
        _PACKED = pack(bert.windower, [read_data(write_squad(tmp_path_factory.mktemp("x") / "a", make_squad(8)))])
    packed = _PACKED
    chosen = order(packed, seed, 0, packed.epoch_size())
    steps = pool_steps(packed, chosen, seed=seed, pool=0, longest=longest, tokens=tokens, parts=parts)
    assert sorted(int(i) for step in steps for part in step for i in part[:, 0]) == sorted(chosen.tolist())
    assert all(len(step) <= parts for step in steps)
    for step in steps:
        for part in step:
            rows = make_rows(packed, part, 0)
            assert rows.ids.size <= tokens or len(part) == 1
            for row, (example, begin, _) in enumerate(part.tolist()):
                question, context, first, last = packed.rows[example].tolist()
                asked = min(len(packed.texts[question]), MAX_QUESTION)
                room = max(longest - packed.fixed - asked, 1)
                assert int((rows.valid[row] > 0).sum()) - 1 <= room
                got = rows.ids[row, rows.starts[row] : rows.ends[row] + 1]
                want = packed.texts[context][first : last + 1]
                assert np.array_equal(got, want[: len(got)]) and (len(got) == len(want) or len(want) > room)
                assert begin >= 0


_PACKED: Any = None


def test_an_example_without_ids_is_named_by_its_place(bert: Reader) -> None:
    packed = pack(bert.windower, [DataSet("a", (Example("Who?", "A list.", 0, 6),), "MIT", "")])
    assert packed.names == ("0",)
