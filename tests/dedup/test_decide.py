"""Decisions against brute force over all pairs; what they must not depend on; work that stays bounded."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.dedup import candidates, near
from drystone.dedup.explain import shingles
from drystone.errors import UsageError
from drystone.work.store import Stage
from drystone.work.tasks import Summary, Task

from .conftest import Decisions, Row, Texts, by_brute_force, make_rows, read, variations, write_items

Decide = Callable[..., Decisions]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("method", [near.Method(), near.Method(threshold=0.5), near.Method(sketch="permutations")])
def test_the_rule_word_for_word(seed: int, method: near.Method, decide: Decide) -> None:
    rows = make_rows(variations(seed), seed, groups=2)
    expected = by_brute_force(rows, method)
    assert expected, "the texts hold no near duplicates"
    assert decide(rows, method) == expected


def test_every_removal_is_provable_and_nothing_chains(decide: Decide) -> None:
    tokens = [b"t%d" % i for i in range(100)]
    a, b, c = tokens[:80], tokens[8:88], tokens[16:96]  # a like b, b like c, a unlike c
    rows = [(bytes([n]) * 20, "", b"%d" % n, b" ".join(text)) for n, text in enumerate((a, b, c), 1)]
    method = near.Method()
    assert near.explain(rows[0][3], rows[2][3], method)["similarity"] < 0.7
    decisions = decide(rows, method)
    told = near.explain(rows[0][3], rows[1][3], method)
    assert told["near"]
    assert decisions == {
        rows[0][0]: (rows[0][0], None, None),
        rows[1][0]: (rows[0][0], rows[0][0], told["similarity"]),
    }


def test_groups_keep_apart_and_empty_means_all(decide: Decide) -> None:
    text = b"one two three four five six"
    rows = [(bytes([n]) * 20, g, b"%d" % n, text) for n, g in enumerate(["", "", "x", "y", "y"], 1)]
    decisions = decide(rows, near.Method())
    assert {i[0]: k and k[0] for i, (_, k, _) in decisions.items()} == {1: None, 2: 1, 4: None, 5: 4}


def test_cluster_is_the_smallest_id_even_of_a_dropped_one(decide: Decide) -> None:
    text = b"one two three four five six"
    rows = [(b"\x09" * 20, "", b"1", text), (b"\x02" * 20, "", b"2", text), (b"\x02" * 19 + b"\0", "", b"3", text)]
    decisions = decide(rows, near.Method())
    assert {cluster for cluster, _, _ in decisions.values()} == {b"\x02" * 19 + b"\0"}
    assert [i for i, (_, kept, _) in decisions.items() if kept is None] == [b"\x09" * 20]


def test_nothing_depends_on_order_files_tasks_or_splitting(decide: Decide, monkeypatch: pytest.MonkeyPatch) -> None:
    method = near.Method()
    rows = make_rows(variations(3, families=30), 3)
    expected = decide(rows, method)
    shuffled = list(rows)
    random.Random(1).shuffle(shuffled)
    assert decide(shuffled, method, files=3) == expected
    monkeypatch.setattr(candidates, "_BATCH", 7)
    monkeypatch.setattr(candidates, "TASK_BYTES", 2000)
    assert decide(shuffled, method, files=2) == expected
    monkeypatch.setattr(candidates, "_OPEN", 3)  # more tasks than files that may be open: parted level by level
    assert decide(shuffled, method, files=2) == expected
    monkeypatch.setattr(candidates, "GIANT_BYTES", 1500)
    names: list[str] = []

    def run(name: str, stage: Stage, tasks: Sequence[Task]) -> list[Summary]:
        tasks = pickle.loads(pickle.dumps(tasks))
        names.extend(task.id for task in tasks)
        results = [task.do(stage) for task in reversed(tasks)][::-1]
        return list(json.loads(json.dumps(results)))

    assert decide(shuffled, method, run=run) == expected
    assert any("-sweep-" in name for name in names)
    assert len(names) == len(set(names))


def crowd(count: int, seed: int = 5) -> list[bytes]:
    """Documents whose first half is one pasted header, so that all are alike, but none so much as the threshold."""
    chance = random.Random(seed)
    header = b" ".join(b"header%d" % i for i in range(60))
    return [header + b" " + b" ".join(b"%x" % chance.getrandbits(40) for _ in range(45)) for _ in range(count)]


def test_crowded_buckets_lose_nothing(decide: Decide) -> None:
    texts = crowd(250)
    chance = random.Random(9)
    for text in chance.sample(texts, 60):  # near copies, and a second crowd
        words = text.split()
        for _ in range(chance.randrange(1, 7)):
            words[chance.randrange(len(words))] = b"edit%d" % chance.randrange(10**6)
        texts.append(b" ".join(words))
    texts += [t.replace(b"header", b"notice") for t in crowd(100, 6)]
    rows = make_rows(texts, 2)
    method = near.Method(threshold=0.7, bands=128, rows=2)  # every pair is a candidate
    expected = by_brute_force(rows, method)
    assert 30 <= sum(kept is not None for _, kept, _ in expected.values()) <= 60
    assert decide(rows, method) == expected


def _timed_summary(rows: list[Row], folder: Path, method: near.Method) -> near.Summary:
    items = write_items(rows, method, folder)
    return near.decide(items, folder / "out.parquet", method, Texts(rows), None, folder / "work")


def test_a_hundred_thousand_near_copies_in_one_bucket(tmp_path: Path) -> None:
    header = b" ".join(b"word%d" % n for n in range(50))
    rows = make_rows([b"Copyright %d by %x\n%s" % (n % 40, n, header) for n in range(100_000)])
    summary = _timed_summary(rows, tmp_path, near.Method())
    assert summary["dropped"] == 99_999
    assert summary["comparisons"] == 99_999
    decisions = read(tmp_path / "out.parquet")
    texts = {r[0]: r[3] for r in rows}
    [head] = [i for i, (_, kept, _) in decisions.items() if kept is None]
    assert head == min(rows, key=lambda r: r[2])[0]
    for i in random.Random(1).sample(sorted(decisions), 200):
        _, kept, similarity = decisions[i]
        if kept is not None:
            assert similarity == near.explain(texts[i], texts[kept], near.Method())["similarity"] >= 0.7


def test_tiny_files_just_below_the_threshold_under_one_header(tmp_path: Path) -> None:
    header = b"Permission is hereby granted free of charge to any person obtaining a copy of this software " * 3
    rows = make_rows([b"Copyright %d by %x\n%s" % (n % 40, n, header) for n in range(20_000)])
    assert 0.6 < near.explain(rows[0][3], rows[1][3], near.Method())["similarity"] < 0.7
    summary = _timed_summary(rows, tmp_path, near.Method())
    assert summary["candidates"] > 19_000
    assert summary["dropped"] < 2000
    assert summary["comparisons"] < 10 * len(rows)


@pytest.mark.slow
def test_forty_thousand_different_files_under_one_header(tmp_path: Path) -> None:
    rows = make_rows(crowd(40_000))
    method = near.Method()
    assert len(shingles(rows[0][3]) & shingles(rows[1][3])) >= 55
    summary = _timed_summary(rows, tmp_path, method)
    assert summary["candidates"] > 20_000
    assert summary["comparisons"] < 10 * len(rows)


def test_documents_without_a_candidate_are_never_read(tmp_path: Path) -> None:
    chance = random.Random(1)
    rows = make_rows([b" ".join(b"%x" % chance.getrandbits(60) for _ in range(50)) for _ in range(200)])
    items = write_items(rows, near.Method(), tmp_path)
    fetch = Texts(rows)
    summary = near.decide(items, tmp_path / "out.parquet", near.Method(), fetch, None, tmp_path / "work")
    assert fetch.asked == []
    assert summary["dropped"] == summary["clusters"] == summary["candidates"] == 0
    assert read(tmp_path / "out.parquet") == {}


def test_no_documents_at_all(tmp_path: Path) -> None:
    for items in ([], write_items([], near.Method(), tmp_path)):
        summary = near.decide(items, tmp_path / "out.parquet", near.Method(), Texts([]), None, tmp_path / "work")
        assert summary["documents"] == 0
        assert read(tmp_path / "out.parquet") == {}


def test_bad_items_are_named(tmp_path: Path) -> None:
    method = near.Method()
    rows = make_rows([b"a b c d e f"] * 3)

    def run(rows: list[Row], fetch: Any, method: near.Method = method) -> None:
        near.decide(items, tmp_path / "out.parquet", method, fetch, None, tmp_path / "work")

    items = write_items(rows, method, tmp_path)
    with pytest.raises(UsageError, match="signatures are of type"):
        run(rows, Texts(rows), near.Method(bands=8, rows=8))
    with pytest.raises(UsageError, match="missing"):
        run(rows, lambda ids: [b"a b c d e f"] * (len(ids) - 1))
    with pytest.raises(UsageError, match="must be bytes"):
        run(rows, lambda ids: ["a b c d e f"] * len(ids))
    pq.write_table(pq.read_table(items[0]).drop_columns(["rank"]), items[0])
    with pytest.raises(UsageError, match="rank"):
        run(rows, Texts(rows))
    items = write_items([*rows, rows[0]], method, tmp_path)
    with pytest.raises(UsageError, match=f"{rows[0][0].hex()} is listed more than once"):
        run(rows, Texts(rows))


def test_fixed_size_ranks_and_null_groups_are_fine(tmp_path: Path) -> None:
    method = near.Method()
    rows = make_rows([b"a b c d e f"] * 3)
    items = write_items(rows, method, tmp_path)
    table = pq.read_table(items[0])
    table = table.set_column(1, "group", pa.nulls(3, pa.string()))
    table = table.set_column(2, "rank", table.column("rank").cast(pa.binary(9)))
    pq.write_table(table, items[0])
    near.decide(items, tmp_path / "out.parquet", method, Texts(rows), None, tmp_path / "work")
    assert len(read(tmp_path / "out.parquet")) == 3
