"""What a reader's folder records is gathered, and what is not as training writes it is left out, whatever it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drystone.catalog.importing.readers import import_reader
from drystone.catalog.papers.readers import described_reader
from drystone.errors import UsageError
from tests.catalog.papers.conftest import RECORD


def test_what_training_records_is_gathered(reader: Path) -> None:
    known = described_reader(reader, import_reader(reader, "some-reader", "2026-11-30").passport)
    assert (known.name, known.family, known.finished) == ("some-reader", "bert", "2026-11-23")
    assert [(one.name, one.sha256, one.license, one.examples) for one in known.data] == [
        ("squad", "a" * 64, "CC-BY-SA-4.0", 83_473),
        ("own", None, "see its makers", None),
    ]
    assert [one.name for one in known.bases] == ["base"]
    assert known.recipe == {"seed": "1", "learning_rate": "3e-05"}
    assert "model.safetensors" in known.files
    assert "passport.json" not in known.files


def test_of_a_mean_of_models_the_runs_are_told(reader: Path) -> None:
    parts = [{"name": f"run{n}", "training": RECORD} for n in range(2)]
    (reader / "training.json").write_text(json.dumps({"finished": "2026-11-24", "mean_of": parts}))
    known = described_reader(reader, import_reader(reader, "some-reader", "2026-11-30").passport)
    assert [one.name for one in known.data] == ["squad", "own"], "each once"
    assert known.recipe == {}, "two runs have two recipes"


@pytest.mark.parametrize(
    "record",
    [
        '{"finished": 3}', '{"finished": "soon", "model": 1, "data": {"name": 3}}',
        '{"mean_of": [1, {"training": []}, {"training": {"data": [null, {"name": "\\u001b[31m"}]}}]}',
        '{"data": [{"name": "x", "sha256": "none", "license": 3, "examples": true}], "recipe": []}',
    ],
    ids=range(4),
)  # fmt: skip
def test_what_is_no_record_is_left_out(reader: Path, record: str) -> None:
    (reader / "training.json").write_text(record)
    known = described_reader(reader, import_reader(reader, "some-reader", "2026-11-30").passport)
    every: list[Any] = [*known.data, *known.bases]
    assert all("\x1b" not in one.name and one.sha256 is None and one.license is None for one in every)
    assert known.finished is None


@pytest.mark.parametrize("record", ["[", "[]", "3", "[" * 100_000], ids=range(4))
def test_a_record_that_cannot_be_read_is_not_none(reader: Path, record: str) -> None:
    passport = import_reader(reader, "some-reader", "2026-11-30").passport
    (reader / "training.json").write_text(record)
    with pytest.raises(UsageError, match=r"training\.json is (not JSON|no JSON object)"):
        described_reader(reader, passport)
