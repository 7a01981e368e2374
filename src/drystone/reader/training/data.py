"""Question-answering data for training: reads SQuAD files with their licence, and holds articles back for validation.

It knows nothing of tokens or models: an example is a question, a context, and a string span.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple, NotRequired, TypedDict

from drystone.errors import UsageError
from drystone.reader.evaluation.metrics import Question
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
    """Read a SQuAD v1.1 or v2.0 file (JSON, gzipped or not).

    The licence is the file's own field `license`, or `license` where it has none. The first answer is learnt; the
    others are kept to measure by. Raises UsageError where the file is not as SQuAD lays it out, names no licence,
    holds no question, or has answers that are not in their context (`skip_bad` leaves those out and lists them).
    """
    if not 0 < weight <= 100:
        raise UsageError(f"{path}: a weight must be above 0 and at most 100, not {weight:g}.")
    try:
        raw = path.read_bytes()
        data = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    except (OSError, EOFError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not readable JSON ({error}).") from None
    if not isinstance(data, dict) or not isinstance(data.get("data"), list):
        raise UsageError(f"{path}: is not as SQuAD lays it out: an object with a list `data`.")
    terms = license or data.get("license")
    if not isinstance(terms, str) or not terms.strip():
        raise UsageError(
            f'{path}: names no licence. Add a field "license" beside "data" with an SPDX expression, or say it with '
            f"--data {path.name},license=CC-BY-SA-4.0."
        )
    good, bad = [], []
    for example, problem in _examples(path, data["data"]):
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
    return DataSet(path.name, tuple(good), terms.strip(), hashlib.sha256(raw).hexdigest(), weight, tuple(bad))


def _examples(path: Path, articles: list[Any]) -> Iterator[tuple[Example, str]]:
    where = "data"
    try:
        for i, article in enumerate(articles):
            for j, paragraph in enumerate(article["paragraphs"]):
                context = paragraph["context"]
                for k, qa in enumerate(paragraph["qas"]):
                    where = f"data[{i}].paragraphs[{j}].qas[{k}]"
                    question, name = qa["question"], qa["id"]
                    if not all(isinstance(text, str) for text in (question, name, context)):
                        raise TypeError("id, question and context must be strings")
                    title = str(article.get("title", ""))
                    if qa.get("is_impossible") or not qa["answers"]:
                        yield Example(question, context, None, 0, name, title), ""
                        continue
                    golds = tuple(str(a["text"]) for a in qa["answers"])
                    start = int(qa["answers"][0]["answer_start"])
                    example = Example(question, context, start, start + len(golds[0]), name, title, golds)
                    wrong = not golds[0] or start < 0 or context[start : example.end] != golds[0]
                    yield example, f"{golds[0][:40]!r} is not at character {start}" if wrong else ""
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise UsageError(f"{path}: {where} is not as SQuAD lays it out ({error!r}).") from None


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
