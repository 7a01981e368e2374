"""Reading, splitting and batching of training data."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from drystone.errors import UsageError
from drystone.reader.training.data import (
    hold_out,
    questions,
    read_data,
    write_data,
)
from drystone.reader.training.mining import mine_unanswerable
from tests.reader.tiny_data import make_squad, write_squad


def one(start: int = 0, text: str = "Paris", **more: Any) -> list[dict[str, Any]]:
    qa = {"id": "q1", "question": "Where?", "answers": [{"text": text, "answer_start": start}]} | more
    return [{"title": "t", "paragraphs": [{"context": "Paris is here.", "qas": [qa]}]}]


def test_a_file_names_its_licence_or_the_caller_does(tmp_path: Path) -> None:
    assert read_data(write_squad(tmp_path / "a.json", one())).license == "CC0-1.0"
    bare = write_squad(tmp_path / "b.json", one(), license=None)
    with pytest.raises(UsageError, match="names no licence"):
        read_data(bare)
    assert read_data(bare, license="MIT").facts()["license"] == "MIT"


def test_answers_that_are_not_in_their_context_are_named_or_left_out(tmp_path: Path) -> None:
    data = write_squad(tmp_path / "a.json", one(3) + one() + one(0, "London") + one(-1) + one(0, ""))
    with pytest.raises(UsageError, match=r"4 answers are not in their context \(q1: 'Paris' is not at character 3"):
        read_data(data)
    kept = read_data(data, skip_bad=True)
    assert len(kept.examples) == 1
    assert len(kept.facts()["left_out"]) == 4


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"{", "not readable JSON"),
        (b"7", "a list `data`"),
        (b'{"data": [], "license": "MIT"}', "holds no question"),
        (b'{"data": [{"paragraphs": [{"qas": []}]}], "license": "MIT"}', r"data\[0\] is not as SQuAD"),
        (json.dumps({"license": "MIT", "data": one(question=3)}).encode(), r"qas\[0\] is not as SQuAD"),
        (b"\x1f\x8b\x08", r"not readable \("),
    ],
)
def test_files_of_another_shape_are_named(tmp_path: Path, raw: bytes, says: str) -> None:
    path = tmp_path / ("a.json.gz" if raw[:1] == b"\x1f" else "a.json")
    path.write_bytes(raw)
    with pytest.raises(UsageError, match=says):
        read_data(path)


def test_gzip_and_weights(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"license": "MIT", "data": one()}).encode()))
    assert read_data(path, weight=2).weight == 2
    with pytest.raises(UsageError, match="weight must be above 0"):
        read_data(path, weight=0)


def test_held_out_articles_are_on_one_side_only(tmp_path: Path) -> None:
    data = read_data(write_squad(tmp_path / "a.json", make_squad(20)))
    kept, held = hold_out(data, 0.25)
    titles = {e.title for e in held}
    assert len(titles) == 5 and titles.isdisjoint(e.title for e in kept.examples)
    assert len(kept.examples) + len(held) == len(data.examples)
    assert hold_out(data, 0.25)[1] == held != hold_out(data, 0.25, seed=1)[1]
    with pytest.raises(UsageError, match="1 articles are too few"):
        hold_out(read_data(write_squad(tmp_path / "b.json", one())), 0.5)


def test_held_out_questions_are_written_as_they_were_read(tmp_path: Path) -> None:
    data = mine_unanswerable(read_data(write_squad(tmp_path / "data.json", make_squad(8))), 0.2)
    _, held = hold_out(data, 0.5)
    assert any(e.start is None for e in held)
    several = held[0]._replace(golds=(*held[0].golds, held[0].context[:3]))
    write_data(tmp_path / "held.json.gz", [several, *held[1:]], "CC0-1.0")
    again = read_data(tmp_path / "held.json.gz")
    assert again.license == "CC0-1.0"
    assert set(again.examples) == {several, *held[1:]}


def test_mined_questions_have_no_answer_in_their_paragraph(tmp_path: Path) -> None:
    data = read_data(write_squad(tmp_path / "a.json", make_squad(10)))
    mined = mine_unanswerable(data, 0.5)
    new = [e for e in mined.examples if e.start is None]
    assert len(new) == round(0.5 * len(data.examples))
    by_id = {e.id: e for e in data.examples}
    for e in new:
        source = by_id[e.id.removesuffix(":mined")]
        assert (source.title, source.question) == (e.title, e.question)
        assert e.context != source.context and source.golds[0].lower() not in e.context.lower()
    assert mine_unanswerable(data, 0.5) == mined
    assert not questions(new)[0].golds
    with pytest.raises(UsageError, match="no article has a second paragraph"):
        mine_unanswerable(read_data(write_squad(tmp_path / "b.json", one())), 1)
