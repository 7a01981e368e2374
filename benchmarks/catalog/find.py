"""Finding by intent: how fast over 100,000 artifacts, how well on labelled intents.

The artifacts are packages of the Python index with their own summaries (packages.py makes the list). intents.txt holds
200 needs as people say them, one a line: the need, what serves it, and after a semicolon what serves it in part. Who
wrote the needs judged them over the names and summaries of all 2,000, before any ranking was looked at. Lines with odd
numbers chose the weights of catalog/matching/index.py; those with even numbers are measured, and chose nothing.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.catalog.packages import packages
from benchmarks.harness import Figure
from benchmarks.minilm import find_minilm
from drystone.catalog.matching.encoder import HOW, SentenceEncoder
from drystone.catalog.matching.entries import Entries, entries_of
from drystone.catalog.matching.index import MatchIndex, sentences_of
from drystone.catalog.matching.records import MatchRecords, Seeker
from drystone.catalog.matching.shapes import MatchFilters
from drystone.catalog.passports.passport import Passport
from drystone.catalog.shelf.shelf import Shelf

HERE = Path(__file__).parent
#: Artifacts of the timed catalog.
MANY = 100_000
_DEPTH = 10


class Need(NamedTuple):
    """What somebody wants, the grade of each artifact that serves it (2: does it; 1: in part), and what it is for."""

    text: str
    grades: dict[str, int]
    held_out: bool


def needs() -> list[Need]:
    """Return the labelled needs."""
    found = []
    for number, line in enumerate((HERE / "intents.txt").read_text("utf-8").splitlines(), 1):
        text, _, names = line.partition(" | ")
        best, _, part = names.partition(" ; ")
        grades = {**dict.fromkeys(part.split(), 1), **dict.fromkeys(best.split(), 2)}
        found.append(Need(text, grades, number % 2 == 0))
    return found


def ndcg(ranking: Sequence[str], grades: dict[str, int], depth: int = _DEPTH) -> float:
    """Return the normalized discounted cumulative gain with gains 2^grade - 1 (Burges and others, 2005)."""

    def gain(found: Sequence[int]) -> float:
        return sum((2**grade - 1) / float(np.log2(place + 2)) for place, grade in enumerate(found[:depth]))

    return gain([grades.get(name, 0) for name in ranking]) / gain(sorted(grades.values(), reverse=True))


def passport(name: str, summary: str, does: tuple[str, str] | None = None) -> Passport:
    """Return a passport that says of an artifact what its summary says; `does`: name and intent of a capability."""
    unknown = [
        {"name": one, "status": "unknown", "settled_by": "reading it"} for one in ("license", "maintainer", "price")
    ]
    capability = does and {"id": "package.does", "name": does[0], "description": summary, "intents": [does[1]]}
    return Passport.model_validate(
        {
            "artifact": {"kind": "dataset", "name": name, "title": name, "description": summary},
            "capabilities": [capability] if capability else [],
            "facts": unknown,
        }
    )


def figures(quick: bool) -> list[Figure]:
    """Return both figures; without the encoder neither can be had."""
    folder = find_minilm()
    if folder is None:
        why = f"no encoder: {HOW}"
        return [*_speed(None, why), _quality(None, why)]
    encoder = SentenceEncoder(folder)
    return [*_speed(encoder, "", 10_000 if quick else MANY), _quality(encoder, "")]


def _quality(encoder: SentenceEncoder | None, note: str) -> Figure:
    name = "nDCG@10 of 200 labelled intents over 2,000 artifacts, over BM25 alone"
    if encoder is None:
        return Figure(name, None, "", 0.06, 0.12, note=note)
    artifacts = [entries_of(passport(one["name"], one["summary"])) for one in packages()]
    asked = needs()
    scores = {}
    for way, index in (("words", MatchIndex(artifacts)), ("both", MatchIndex(artifacts, encoder))):
        found = [[hit.artifact for hit in index.find(need.text, MatchFilters(), _DEPTH).hits] for need in asked]
        scores[way] = np.array([ndcg(names, need.grades) for names, need in zip(found, asked, strict=True)])
    held = np.array([need.held_out for need in asked])
    gain = scores["both"] - scores["words"]
    mean, error = float(gain[held].mean()), float(gain[held].std(ddof=1) / np.sqrt(held.sum()))
    said = (
        f"{held.sum()} held-out intents: {scores['both'][held].mean():.3f} against {scores['words'][held].mean():.3f} "
        f"(+{mean:.3f}, 95 % {mean - 1.96 * error:.3f} to {mean + 1.96 * error:.3f}); the tuned half "
        f"{scores['both'][~held].mean():.3f} against {scores['words'][~held].mean():.3f}"
    )
    return Figure(name, mean, "", 0.06, 0.12, note=said)


def _speed(encoder: SentenceEncoder | None, note: str, count: int = MANY) -> list[Figure]:
    name = f"find, p95 over {MANY:,} artifacts"
    if encoder is None:
        return [Figure(name, None, "ms", 50, 15, lower_is_better=True, note=note)]
    artifacts, vectors = many(count, encoder)
    index = MatchIndex(artifacts, encoder, vectors)
    with tempfile.TemporaryDirectory() as folder, Shelf(Path(folder) / "c.sqlite", make=True) as shelf:
        assert shelf.engine is not None
        records = MatchRecords(shelf.engine)
        spent, waited = [], []
        for number, need in enumerate([need for need in needs() if need.held_out]):
            cpu, wall = time.process_time(), time.perf_counter()
            hits = index.find(need.text, MatchFilters(), _DEPTH).hits
            records.confidences(hit.artifact for hit in hits)
            records.record(need.text, "", hits, Seeker(str(number)))
            spent.append(time.process_time() - cpu)
            waited.append(time.perf_counter() - wall)
    cpu, wall = (1000 * float(np.percentile(one[3:], 95)) for one in (spent, waited))
    said = (
        f"processor time of one search with its record; on this machine's clock {wall:.0f} ms; {len(vectors):,} vectors"
    )
    return [Figure(name, cpu, "ms", 50, 15, lower_is_better=True, note=f"{said}; {count:,} artifacts")]


def many(count: int, encoder: SentenceEncoder) -> tuple[list[Entries], np.ndarray]:
    """Return artifacts that each join halves of two packages' summaries, and the vectors of their sentences.

    A sentence's vector is the sum of its halves' own, at length one: what a search costs depends on how many there are,
    and computing 400,000 takes the better part of an hour.
    """
    texts = packages()
    halves = [_halves(one["summary"]) for one in texts]
    made = encoder.vectors([half for pair in halves for half in pair]).reshape(len(texts), 2, encoder.size)
    random = np.random.default_rng(1)
    chosen = random.integers(0, len(texts), (count, 2))
    artifacts, vectors = [], []
    for number, (one, other) in enumerate(chosen.tolist()):
        start, end = halves[one][0], halves[other][1]
        first, second = made[one, 0], made[other, 1]
        artifacts.append(entries_of(passport(f"{texts[one]['name'].lower()}-{number}", f"{start} {end}", (start, end))))
        vectors += [first + second, first, second, 2 * first + second]
    found = np.array(vectors, np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    assert len(found) == len(sentences_of(artifacts))
    return artifacts, found


def _halves(summary: str) -> tuple[str, str]:
    words = summary.split()
    middle = (len(words) + 1) // 2
    return " ".join(words[:middle]), " ".join(words[middle:]) or summary
