"""Question-answering data for training: reads SQuAD files with their licence, and holds articles back for validation.

It knows nothing of tokens or models: an example is a question, a context, and a string span.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple, NotRequired, TypedDict

from drystone.errors import UsageError
from drystone.reader.evaluation.metrics import Question
from drystone.reader.evaluation.rows import LabelledRow, read_labelled
from drystone.reader.training.records import DataFacts
from drystone.reader.training.state import write_atomically

#: The questions that training did not see, in the folder of a run: what `evaluate` is to be asked with.
HELD_OUT: Final = "held-out.json.gz"
#: Examples named in a message about bad data.
_NAMED = 5


class Example(NamedTuple):
    """A question, its context, and one answer as a string span; `start` is None where there is none."""

    question: str
    context: str
    start: int | None
    end: int
    id: str = ""
    title: str = ""
    golds: tuple[str, ...] = ()


class SquadAnswer(TypedDict):
    """A gold and where it begins in the context, in characters."""

    text: str
    answer_start: int


class SquadQuestion(TypedDict):
    """A question as a SQuAD file has it."""

    id: str
    question: str
    answers: list[SquadAnswer]
    is_impossible: NotRequired[bool]


@dataclass(frozen=True)
class DataSet:
    """Examples of one file with what a model's card must say of them; `weight` is how often an epoch shows each."""

    name: str
    examples: tuple[Example, ...]
    license: str
    sha256: str
    weight: float = 1.0
    left_out: tuple[str, ...] = ()

    def facts(self) -> DataFacts:
        """Return what the manifest keeps of this set."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "license": self.license,
            "examples": len(self.examples),
            "weight": self.weight,
            "left_out": list(self.left_out),
        }


def read_data(path: Path, *, license: str | None = None, weight: float = 1.0, skip_bad: bool = False) -> DataSet:
    """Read labelled questions: SQuAD v1.1 or v2.0, or rows as `datasets`, JSON Lines, CSV and Parquet have them.

    The licence is the file's own field `license`, or `license` where it has none. The first answer is learnt; the
    others are kept to measure by. Raises UsageError where the file is not as SQuAD lays it out, names no licence,
    holds no question, or has answers that are not in their context (`skip_bad` leaves those out and lists them).
    """
    if not 0 < weight <= 100:
        raise UsageError(f"{path}: a weight must be above 0 and at most 100, not {weight:g}.")
    file = read_labelled(path)
    terms = license or file.license
    if not isinstance(terms, str) or not terms.strip():
        raise UsageError(
            f'{path}: names no licence. Add a field "license" beside "data" with an SPDX expression, or say it with '
            f"--data {path.name},license=CC-BY-SA-4.0."
        )
    good, bad = [], []
    for example, problem in map(_example, file.rows):
        if problem:
            bad.append(f"{example.id}: {problem}")
        else:
            good.append(example)
    if bad and not skip_bad:
        more = f" and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
        raise UsageError(
            f"{path}: {len(bad)} answers are not in their context ({'; '.join(bad[:_NAMED])}{more}). Mend them, or "
            "leave them out with --skip-bad, which lists them in training.json."
        )
    if not good:
        raise UsageError(f"{path}: holds no question to learn from.")
    return DataSet(path.name, tuple(good), terms.strip(), hashlib.sha256(file.raw).hexdigest(), weight, tuple(bad))


def _example(row: LabelledRow) -> tuple[Example, str]:
    """Return a row as an example, and what is wrong with its first answer, if anything."""
    if not row.golds:
        return Example(row.question, row.context, None, 0, row.id, row.title), ""
    gold, start = row.golds[0], row.starts[0]
    if start is None:  # no file should leave that to a guess
        if row.context.count(gold) != 1 or not gold:
            nowhere = Example(row.question, row.context, 0, 0, row.id, row.title, row.golds)
            return nowhere, f"{gold[:40]!r} stands {row.context.count(gold)} times in its context: say answer_start"
        start = row.context.index(gold)
    example = Example(row.question, row.context, start, start + len(gold), row.id, row.title, row.golds)
    wrong = not gold or start < 0 or row.context[start : example.end] != gold
    return example, f"{gold[:40]!r} is not at character {start}" if wrong else ""


def write_data(path: Path, examples: Sequence[Example], license: str) -> None:
    """Write examples as a gzipped SQuAD file, from which `read_data` gives them back.

    Further golds stand where their text is first found. Raises ModelError where the disk is full.
    """
    articles: dict[str, dict[str, list[SquadQuestion]]] = {}
    for e in examples:
        starts = [e.start, *(max(e.context.find(gold), 0) for gold in e.golds[1:])] if e.start is not None else []
        answers: list[SquadAnswer] = [
            {"text": text, "answer_start": at} for text, at in zip(_golds(e), starts, strict=True)
        ]
        asked: SquadQuestion = {"id": e.id, "question": e.question, "answers": answers}
        if e.start is None:
            asked["is_impossible"] = True
        articles.setdefault(e.title, {}).setdefault(e.context, []).append(asked)
    data = [
        {"title": title, "paragraphs": [{"context": context, "qas": qas} for context, qas in paragraphs.items()]}
        for title, paragraphs in articles.items()
    ]
    raw = gzip.compress(json.dumps({"license": license, "data": data}).encode(), mtime=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda part: part.write_bytes(raw), "Nothing was trained yet.")


def hold_out(data: DataSet, share: float, seed: int = 0) -> tuple[DataSet, tuple[Example, ...]]:
    """Split off about `share` of the articles, chosen by a hash of seed and title: no article is on both sides.

    Raises UsageError where one side would be empty.
    """
    titles = sorted({example.title for example in data.examples})
    ranked = sorted(titles, key=lambda title: hashlib.sha256(f"{seed}:{title}".encode()).hexdigest())
    held = set(ranked[: max(1, round(share * len(titles)))])
    kept = tuple(e for e in data.examples if e.title not in held)
    if not kept:
        raise UsageError(f"{data.name}: {len(titles)} articles are too few to hold {share:.0%} of them back.")
    return replace(data, examples=kept), tuple(e for e in data.examples if e.title in held)


def questions(examples: Sequence[Example]) -> tuple[Question, ...]:
    """Return examples as questions to be measured by."""
    return tuple(Question(e.id or str(i), e.question, e.context, _golds(e), e.title) for i, e in enumerate(examples))


def _golds(example: Example) -> tuple[str, ...]:
    if example.start is None:
        return ()
    return example.golds or (example.context[example.start : example.end],)
