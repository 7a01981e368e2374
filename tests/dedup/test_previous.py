"""A run over an earlier one: the same result as from scratch, and little measured twice."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from drystone.dedup import candidates, near
from drystone.dedup.past import Previous
from drystone.errors import UsageError

from .conftest import Decisions, Row, Texts, make_rows, read, variations, write_items

METHOD = near.Method()


def run(
    rows: list[Row], folder: Path, previous: Previous | None = None
) -> tuple[Decisions, near.Summary, Previous, Texts]:
    items = write_items(rows, METHOD, folder, 2)
    fetch = Texts(rows)
    summary = near.decide(items, folder / "out.parquet", METHOD, fetch, None, folder / "work", previous)
    return read(folder / "out.parquet"), summary, Previous(items, folder / "out.parquet", METHOD.describe()), fetch


def change(rows: list[Row], seed: int) -> list[Row]:
    """A later version: files gone, files new, some of other rank or group, in another order."""
    chance = random.Random(seed)
    old = chance.sample(rows, len(rows) * chance.choice([2, 5, 9, 10]) // 10)
    ranks = {row[2] for row in rows}
    out = []

    def unused_rank() -> bytes:
        while (rank := b"%09d" % chance.randrange(10**6)) in ranks:
            pass
        ranks.add(rank)
        return rank

    for id_, old_group, old_rank, text in old:
        rank = unused_rank() if chance.random() < 0.1 else old_rank
        group = chance.choice(["g0", "g1"]) if chance.random() < 0.05 else old_group
        out.append((id_, group, rank, text))
    new = variations(seed + 1000, families=chance.choice([0, 3, 12]))
    for text in chance.sample([row[3] for row in rows], 5):  # edits of old files, of those that are gone too
        words = text.split()
        words[chance.randrange(len(words))] = b"edited"
        new.append(b" ".join(words))
    for text in new:
        out.append((chance.randbytes(20), f"g{chance.randrange(2)}", unused_rank(), text))
    chance.shuffle(out)
    return out


@pytest.mark.parametrize("giant", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_the_same_as_from_scratch(seed: int, giant: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if giant:
        monkeypatch.setattr(candidates, "GIANT_BYTES", 1500)
        monkeypatch.setattr(candidates, "TASK_BYTES", 2000)
    rows = make_rows(variations(seed, families=20), seed, groups=2)
    _, _, previous, _ = run(rows, tmp_path / "0")
    for step in (1, 2):  # a chain of versions, each on the one before
        rows = change(rows, 10 * seed + step)
        expected, scratch, _, _ = run(rows, tmp_path / f"scratch-{step}")
        got, summary, previous, _ = run(rows, tmp_path / f"{step}", previous)
        assert got == expected
        assert summary["comparisons"] <= scratch["comparisons"]


def test_nothing_new_means_nothing_read(tmp_path: Path) -> None:
    rows = make_rows(variations(1, families=30), 1)
    expected, scratch, previous, _ = run(rows, tmp_path / "0")
    assert scratch["comparisons"] > 0
    got, summary, _, fetch = run(list(reversed(rows)), tmp_path / "1", previous)
    assert got == expected
    assert (summary["comparisons"], summary["text_bytes"], fetch.asked) == (0, 0, [])


def test_old_is_not_compared_with_old(tmp_path: Path) -> None:
    rows = make_rows(variations(2, families=40), 2)
    _, scratch, previous, _ = run(rows, tmp_path / "0")
    words = rows[0][3].split()
    words[0] = b"changed"
    rows.append((b"\1" * 20, "g0", b"999999999", b" ".join(words)))
    _, summary, _, fetch = run(rows, tmp_path / "1", previous)
    assert summary["comparisons"] <= 8 < scratch["comparisons"]
    assert len(fetch.asked) < len(rows) // 2


def test_a_lost_keeper_frees_what_was_dropped_for_it(tmp_path: Path) -> None:
    tokens = [b"t%d" % i for i in range(100)]
    texts = [b" ".join(t) for t in (tokens[:80], tokens[8:88], tokens[16:96])]
    rows = [(bytes([n]) * 20, "", b"%d" % n, text) for n, text in enumerate(texts, 1)]
    _, _, previous, _ = run(rows, tmp_path / "0")
    got, _, _, _ = run(rows[1:], tmp_path / "1", previous)
    assert [kept for _, kept, _ in got.values()] == [None, rows[1][0]]


def test_another_method_is_refused(tmp_path: Path) -> None:
    rows = make_rows([b"a b c d e f"] * 3)
    _, _, previous, _ = run(rows, tmp_path / "0")
    other = Previous(previous.items, previous.decisions, replace(METHOD, threshold=0.8).describe())
    with pytest.raises(UsageError, match="another method"):
        run(rows, tmp_path / "1", other)


def test_signatures_are_used_again(tmp_path: Path) -> None:
    rows = make_rows([*variations(3), b"too short"])
    items = write_items(rows, METHOD, tmp_path, 3)
    ids = pa.array([row[0] for row in rows] + [b"\0" * 20], pa.binary(20))
    found, known = near.reuse(items, ids)
    assert known.tolist() == [True] * len(rows) + [False]
    assert (
        found.to_pylist()[:-1] == near.signatures(pa.array([row[3] for row in rows], pa.binary()), METHOD).to_pylist()
    )
    assert near.reuse([], ids)[1].sum() == 0
