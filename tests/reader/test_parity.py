"""Answers against those of Transformers 4.57's pipeline, with the same weights, on 500 real question-context pairs.

Where both differ, the difference must be one of those that docs/reader.md explains; each is counted and printed.
"""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from benchmarks.harness import CACHE

from drystone.reader import Answer, Reader
from drystone.reader.engines.schedule import run
from drystone.reader.reader import Options
from drystone.reader.spans.decode import _masses, _merge
from drystone.reader.spans.words import whole

Oracle = Callable[[str, Path, list[dict[str, Any]]], Any]


@pytest.fixture(scope="module")
def pairs(shared_data: Path) -> list[tuple[str, str]]:
    with gzip.open(shared_data / "squad" / "squad_v1.1_train.json.gz") as file:
        articles = json.load(file)["data"]
    every = [(q["question"], p["context"]) for a in articles[-40:] for p in a["paragraphs"] for q in p["qas"]]
    return every[:: len(every) // 500][:500]


@pytest.fixture(scope="module")
def trained(minilm: Path, shared_data: Path) -> Path:
    """MiniLM fine-tuned for some minutes on articles that the pairs do not come from; kept in the cache."""
    out = CACHE / "minilm-qa"
    if not (out / "model.safetensors").is_file():
        if not os.environ.get("DRYSTONE_ORACLES"):
            pytest.skip("no trained MiniLM is here (DRYSTONE_ORACLES=1 trains one)")
        pytest.importorskip("torch")
        from drystone.reader.training.train import Example, train

        with gzip.open(shared_data / "squad" / "squad_v1.1_train.json.gz") as file:
            articles = json.load(file)["data"][:-40]
        examples = [
            Example(q["question"], p["context"], a["answer_start"], a["answer_start"] + len(a["text"]))
            for article in articles
            for p in article["paragraphs"]
            for q in p["qas"][:1]
            for a in q["answers"][:1]
            if len(p["context"]) < 420
        ]
        train(minilm, examples[:2400], out, learning_rate=2e-4, max_seq_len=256)
    return out


def fold(reader: Reader, pair: tuple[str, str], options: Options) -> list[dict[str, Any]]:
    """What the pipeline makes of the very same candidates: one entry a text, wherever it stands, scores added up."""
    (prepared,) = reader.prepare([pair], options)
    model = reader.model
    for i, logits in run(reader.engine, prepared.windows, model.positions_from, model.max_tokens):
        prepared.logits[prepared.windows[i].first] = logits
    scores = prepared.scores()
    masses, weights, null = _masses(scores, "window")
    span = lambda first, last: prepared.context.span(first, last, words=True)  # noqa: E731
    merged, _ = _merge(scores, masses, weights, span, options.top_k * 2 + 10, options.max_answer_len)
    folded: dict[str, float] = {}
    for (start, end), (score, _) in merged.items():
        text = pair[1][start:end].lower()
        folded[text] = folded.get(text, 0.0) + score
    if options.handle_impossible_answer:
        folded[""] = null
    return [{"answer": t, "score": s} for t, s in sorted(folded.items(), key=lambda e: -e[1])][: options.top_k]


def edges(reader: Reader, pair: tuple[str, str], options: Options) -> set[int]:
    """Where windows begin and end in the context, as string offsets."""
    (prepared,) = reader.prepare([pair], options)
    at = [prepared.context.span(w.first, w.first + w.count - 1, words=False) for w in prepared.windows]
    return {offset for span in at for offset in span}


def explain(
    reader: Reader,
    pair: tuple[str, str],
    options: Options,
    ours: list[Answer],
    theirs: list[dict[str, Any]],
    folded: list[dict[str, Any]],
) -> str:
    """Name the way in which the pipeline's answers differ from ours, or "unexplained"."""

    def close(a: float, b: float) -> bool:
        return abs(a - b) <= 1e-5 + 1e-3 * b

    context = pair[1]
    same = [
        (a.start, a.end, a.text) == (b["start"], b["end"], b["answer"]) and close(a.score, b["score"])
        for a, b in zip(ours, theirs, strict=False)
    ]
    if all(same):
        return "equal" if len(ours) == len(theirs) else "the pipeline misses answers"
    if all(
        f["answer"] == b["answer"].lower() and close(f["score"], b["score"])
        for f, b in zip(folded, theirs, strict=False)
    ):
        return "the pipeline adds up different places with the same text"
    for b in theirs:
        for at in (b["start"], b["end"]):
            if 0 < at < len(context) and context[at - 1].isalnum() and context[at].isalnum():
                return "the pipeline cuts a word at the edge of a window"
    cut = edges(reader, pair, options)
    parted = [at for at in cut if 0 < at < len(context) and context[at - 1].isalnum() and context[at].isalnum()]
    if any(a.start < at < a.end for a in ours for at in parted):
        # What it counts for the parts of our best answer apart leaves another in front, which we rank next.
        following = next(reader.stream([pair], **{**asdict(options), "top_k": options.top_k + 2}))
        if {(b["start"], b["end"]) for b in theirs} <= {(a.start, a.end) for a in following}:
            return "the pipeline cuts a word at the edge of a window"
    return "unexplained"


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [{"top_k": 1}, {"top_k": 3, "handle_impossible_answer": True}, {"top_k": 1, "max_seq_len": 96, "doc_stride": 32}],
    ids=["top1", "top3-null", "windows"],
)
def test_answers_are_those_of_the_pipeline(
    options: dict[str, Any], trained: Path, pairs: list[tuple[str, str]], oracle: Oracle
) -> None:
    chosen = pairs if options == {"top_k": 1} else pairs[::5]
    reader = Reader.load(trained)
    expected = oracle("pipeline", trained, [{"question": q, "context": c, "parameters": options} for q, c in chosen])
    counted: Counter[str] = Counter()
    unexplained = []
    for pair, ours, theirs in zip(chosen, reader.stream(chosen, normalize="window", **options), expected, strict=True):
        given = Options(normalize="window", **options)
        why = explain(reader, pair, given, ours, theirs, fold(reader, pair, given))
        counted[why] += 1
        if why == "unexplained":
            unexplained.append((pair[0], ours, theirs))
    print(f"\n{options}: {dict(counted)}")
    assert not unexplained, unexplained[:3]
    assert counted["equal"] >= 0.9 * len(chosen)


@pytest.mark.slow
def test_the_default_score_changes_nothing_in_one_window(trained: Path, pairs: list[tuple[str, str]]) -> None:
    reader = Reader.load(trained)
    own, windowed = reader.stream(pairs[:50]), reader.stream(pairs[:50], normalize="window")
    for (q, c), a, b in zip(pairs, own, windowed, strict=False):
        prepared = reader.prepare([(q, c)])[0]
        if len(prepared.windows) == 1:
            # Words of code are whole by default alone.
            assert a == b or whole(c, b[0].start, b[0].end) != (b[0].start, b[0].end)
