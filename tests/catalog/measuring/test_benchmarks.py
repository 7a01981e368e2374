"""Runs of 13 words against the plain definition."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from drystone.catalog.measuring import benchmarks
from drystone.catalog.measuring.benchmarks import WORDS, BenchmarkTexts, read_benchmarks
from drystone.errors import UsageError


def words(text: str) -> list[str]:
    return text.split()


def test_it_is_the_plain_definition() -> None:
    draw = random.Random(3)
    texts = [
        " ".join(draw.choice("abcdefgh") * draw.randint(1, 2) for _ in range(draw.randint(0, 60))) for _ in range(60)
    ]
    files = [
        " ".join(draw.choice("abcdefgh") * draw.randint(1, 2) for _ in range(draw.randint(0, 400))) for _ in range(60)
    ]
    for number in range(0, 60, 3):
        files[number] += " " + texts[number][-80:]
    runs = [{tuple(words(text)[at : at + WORDS]) for at in range(len(words(text)) - WORDS + 1)} for text in texts]
    of_files = [{tuple(words(file)[at : at + WORDS]) for at in range(len(words(file)) - WORDS + 1)} for file in files]
    looked_for = BenchmarkTexts(texts)
    hits = looked_for.hits([file.encode() for file in files])
    every = set().union(*runs)
    assert hits.tolist() == [bool(one & every) for one in of_files]
    assert looked_for.found.tolist() == [any(run & one for one in of_files) for run in runs]
    assert looked_for.short == sum(not run for run in runs)
    assert 0 < hits.sum() < len(files)


def test_runs_across_parts_and_not_across_files() -> None:
    long = " ".join(f"w{n}" for n in range(70_000))
    text = " ".join(f"w{n}" for n in range(65_530, 65_545))
    looked_for = BenchmarkTexts([text])
    assert looked_for.hits([long.encode()]).tolist() == [True]
    halves = [" ".join(f"w{n}" for n in part).encode() for part in (range(65_530, 65_537), range(65_537, 65_545))]
    assert BenchmarkTexts([text]).hits(halves).tolist() == [False, False]
    assert not BenchmarkTexts([]).hits([b"", b"x"]).any()


def test_files_of_benchmarks(tmp_path: Path) -> None:
    file = tmp_path / "b.jsonl"
    file.write_text('{"text": "a"}\n\n{"text": "b", "id": 1}\n')
    assert read_benchmarks([file]) == ["a", "b"]
    for text, said in (
        ("[1]\n", "is no object"),
        ("{\n", "is not JSON"),
        ("[" * 10_000, "is not JSON"),
        ("\n", "holds no text"),
    ):
        file.write_text(text)
        with pytest.raises(UsageError, match=said):
            read_benchmarks([file])


def test_of_a_line_without_an_end_no_more_is_read_than_a_line_may_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmarks, "_LONGEST", 1000)
    with (tmp_path / "b.jsonl").open("wb") as file:
        file.truncate(1 << 34)  # 16 GB of zeros, that take no place
    with pytest.raises(UsageError, match=r"b\.jsonl:1: at most"):
        read_benchmarks([tmp_path / "b.jsonl"])
