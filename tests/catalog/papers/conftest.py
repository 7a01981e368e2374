"""What papers are made of: a release of which everything is said, one of which nothing is, and a small reader."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, Final

import pytest

from drystone.release.read import Release, open_release
from tests.release.sample import FACTS, sample_rows, write_sample

ROWS = [row for row in sample_rows() if row.repository == "own/special"]
URL = "https://huggingface.co/datasets/stones/sample"


def made(folder: Path, **facts: Any) -> Release:
    write_sample(folder, ROWS, FACTS.model_copy(update=facts))
    return open_release(folder)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release of which everything is said."""
    return made(tmp_path_factory.mktemp("told"), url=URL)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release of which nothing is said besides name and version."""
    return made(
        tmp_path_factory.mktemp("bare"), authors=(), description="", date=None, registry_head=None, license="MIT"
    )


RECORD: Final = {
    "finished": "2026-11-23T14:20:32+00:00",
    "model": {"name": "base", "weights": "b" * 64},
    "data": [
        {"name": "squad", "license": "CC-BY-SA-4.0", "sha256": "a" * 64, "weight": 1.0, "examples": 83_473},
        {"name": "own", "license": "see its makers"},
    ],
    "recipe": {"seed": 1, "learning_rate": 3e-05},
}
CARD: Final = """\
---
pipeline_tag: question-answering
license: mit
model-index:
- name: some-reader
  results:
  - task: {type: question-answering}
    dataset: {name: "SQuAD v1.1, 24 articles held back from training", type: squad}
    metrics:
    - {type: f1, value: 81.2}
---
"""


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    """The folder of a reader of twelve numbers, with its card and the record of its training."""
    folder = tmp_path / "some-reader"
    folder.mkdir()
    (folder / "README.md").write_text(CARD)
    (folder / "config.json").write_text('{"model_type": "bert", "max_position_embeddings": 512}')
    (folder / "training.json").write_text(json.dumps(RECORD))
    (folder / "passport.json").write_text("{}")
    head = json.dumps({"w": {"dtype": "F16", "shape": [3, 4], "data_offsets": [0, 24]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + bytes(24))
    return folder
