"""Measures whether a reader knows that a text holds no answer, and what it loses among more than the right text.

`python -m benchmarks.reader_refusing` prints it for models/mini, or the folder that DRYSTONE_READER names. Questions
are those of the 24 articles of SQuAD that training never saw, and 40 of our own over six READMEs
(reader_readmes.jsonl), whose packages are in no training data either. Nothing is chosen on them.

- Answer or no answer: each question with its own paragraph, and with another paragraph of the article that does not
  hold an answer as text; the area under the curve of `1 - null_score`.
- Five paragraphs: its own and four others of the article, read one by one, and the answer of the highest logit taken.
- v2.0-style questions: the same pairs, half without an answer; F1 where the empty answer competes, over the F1 of
  always answering nothing.
- READMEs: the section between two headings that holds the answer, and the whole file; both read in pieces.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.harness import CACHE, Figure, main

QUESTIONS = Path(__file__).parent / "reader_readmes.jsonl"
#: Paragraphs that are given in place of one.
PARAGRAPHS = 5
_HEADING = re.compile(r"^(?:#{1,6} .*|\S[^\n]*\n(?:=|-|~|\^){3,}[ \t]*)$", re.MULTILINE)


class Readme(NamedTuple):
    """A question over a README: the whole text, the section that answers it, and the gold."""

    question: str
    text: str
    section: str
    gold: str


def readmes() -> list[Readme]:
    """The questions of our own, with their texts: fetched once into the cache, each package pinned by its version."""
    from drystone.sources import parse_source
    from drystone.sources.base import Limits

    rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    texts: dict[str, str] = {}
    cache = CACHE / "corpus"
    cache.mkdir(parents=True, exist_ok=True)
    for name in dict.fromkeys(row["source"] for row in rows):
        source = parse_source(name)
        source.fetch(cache)
        with source.open(cache, Limits()) as opened:
            found = [e.data for e in opened.entries() if re.search(rb"^[^/]+/README\.(?:md|rst)$", e.path)]
        texts[name] = found[0].decode().replace("\r\n", "\n")
    made = []
    for row in rows:
        text = texts[row["source"]]
        at = text.index(row["context"])
        edges = [0, *(m.start() for m in _HEADING.finditer(text)), len(text)]
        low, high = max(e for e in edges if e <= at), min(e for e in edges if e > at)
        made.append(Readme(row["question"], text, text[low:high], row["text"]))
    return made


def with_others(asked: Sequence[Any], seed: int = 0) -> list[list[str]]:
    """Four other paragraphs of each question's article that do not hold its golds as text; fewer where there are not
    so many."""
    random = np.random.default_rng(seed)
    articles: dict[str, dict[str, None]] = {}
    for q in asked:
        articles.setdefault(q.title, {})[q.context] = None
    found = []
    for q in asked:
        own = [c for c in articles[q.title] if c != q.context and not any(g.lower() in c.lower() for g in q.golds)]
        found.append([own[i] for i in random.permutation(len(own))[: PARAGRAPHS - 1]])
    return found


def area(right: np.ndarray, wrong: np.ndarray) -> float:
    """The chance that a right one is above a wrong one; a tie counts half."""
    ranked = np.concatenate([right, wrong])
    ranks = np.empty(len(ranked))
    order = ranked.argsort(kind="stable")
    values, first, counts = np.unique(ranked[order], return_index=True, return_counts=True)
    ranks[order] = np.repeat(first + (counts + 1) / 2, counts)
    del values
    return float((ranks[: len(right)].sum() - len(right) * (len(right) + 1) / 2) / (len(right) * len(wrong)))


def figures(model: Path, asked: Sequence[Any]) -> list[Figure]:
    """The five figures of a reader, on held-out questions and on our own."""
    from drystone.reader import Reader
    from drystone.reader.evaluation.metrics import score

    reader = Reader.load(model)
    others = with_others(asked)
    asked = [q for q, found in zip(asked, others, strict=True) if found]
    others = [found for found in others if found]
    pairs = [(q.question, c) for q, found in zip(asked, others, strict=True) for c in (q.context, *found)]
    answers = iter(reader.stream(pairs, max_answer_len=30))
    read = [[next(answers)[0] for _ in (q.context, *found)] for q, found in zip(asked, others, strict=True)]
    one = np.array([score(q, own[0].text)[1] for q, own in zip(asked, read, strict=True)]) * 100
    best = [max(found, key=lambda a: a.logit) for found in read]
    five = np.array([score(q, a.text)[1] for q, a in zip(asked, best, strict=True)]) * 100
    right, wrong = (np.array([1 - found[at].null_score for found in read]) for at in (0, 1))
    refused = [[a.null_score > a.score for a in found[:2]] for found in read]
    v2 = np.array([((not no[0]) * f1 + no[1] * 100) / 2 for no, f1 in zip(refused, one, strict=True)])
    said = np.array(refused)
    precision, recall = said[:, 1].sum() / max(said.sum(), 1), said[:, 1].mean()
    note = f"{len(asked)} questions; by the answer's own score "
    note += f"{area(*(np.array([found[at].score for found in read]) for at in (0, 1))):.3f}"
    shown = [
        Figure("answer or no answer, same article", area(right, wrong), "AUC", 0.98, 0.99, note=note),
        Figure(
            "five paragraphs in place of one", float(one.mean() - five.mean()), "F1 lost", 3, 1.5,
            lower_is_better=True, note=f"one {one.mean():.2f}, five {five.mean():.2f}",
        ),
        Figure(
            "v2.0-style questions over always empty", float(v2.mean() - 50), "F1", 15, 25,
            note=f'F1 {v2.mean():.2f}; "no answer": precision {precision:.3f}, recall {recall:.3f}',
        ),
    ]  # fmt: skip
    return [*shown, _readme_figure(reader)]


def _readme_figure(reader: Any) -> Figure:
    from drystone.reader.evaluation.metrics import Question, score

    marks = []
    for one in readmes():
        golds = Question("", one.question, "", (one.gold,))
        row = [reader.answer(one.question, documents=[text], max_answer_len=30) for text in (one.section, one.text)]
        marks.append([100 * score(golds, a.text)[1] for a in row])
        print(f"{one.question}  {one.gold!r}: {row[0].text!r}, {row[1].text!r}", file=sys.stderr)
    section, whole = np.array(marks).mean(0)
    note = f"section {section:.1f}, whole {whole:.1f}, {len(marks)} questions"
    return Figure(
        "whole README in place of the right section", section - whole, "F1 lost", 10, 5, lower_is_better=True, note=note
    )


def measure(quick: bool) -> list[Figure]:
    """All figures of the reader."""
    from benchmarks.reader_quality import READER, held_out

    asked = held_out(READER)
    return figures(READER, asked[:: max(1, len(asked) // (200 if quick else 2000))])


if __name__ == "__main__":
    main(measure)
