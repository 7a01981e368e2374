"""Reads the labelled questions. Knows nothing of how they are answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
QUESTIONS = HERE / "questions.jsonl"
#: Questions of `tune` may choose weights, thresholds and training; those of `held_out` may only measure.
SPLITS = ("tune", "held_out")
KINDS = ("documentation", "code", "configuration")


class Gold(NamedTuple):
    """One place where the answer stands: bytes `start` to `end` of a file of the source archive.

    `path` lies inside the archive's top folder. `context` holds `text` and stands once in the file, so that the place
    is also found in released text, where redactions may have moved the bytes.
    """

    path: str
    start: int
    end: int
    text: str
    context: str


class Question(NamedTuple):
    """A question about one package. Without an answer, `absent` holds words that stand in none of its files."""

    id: str
    source: str
    split: str
    kind: str
    question: str
    answers: tuple[Gold, ...]
    absent: tuple[str, ...]

    @property
    def answerable(self) -> bool:
        """Whether the package holds an answer."""
        return bool(self.answers)


def settings(split: str) -> Path:
    """Return the build settings of a split's release."""
    return HERE / f"{split}.toml"


def questions(split: str | None = None, path: Path = QUESTIONS) -> list[Question]:
    """Return the questions of a split, or all."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [_question(row) for row in rows if split in (None, row["split"])]


def _question(row: Mapping[str, Any]) -> Question:
    gold = tuple(Gold(**answer) for answer in row["answers"])
    if row["answerable"] != bool(gold):
        raise ValueError(f"{row['id']}: answerable is {row['answerable']}, with {len(gold)} answers")
    kept = {key: row[key] for key in ("id", "source", "split", "kind", "question")}
    return Question(**kept, answers=gold, absent=tuple(row.get("absent", ())))
