from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from drystone.release.read import Release
from drystone.search import _kernel
from drystone.search.definitions import keywords
from drystone.search.questions.scores import Ranking
from drystone.search.search import Searcher
from tests.search.test_kernel import build

#: What each level of how often stands for.
TIMES = {1: 1.0, 2: 2.0, 3: 3.0, 4: 4.5, 5: 4.5, 6: 7.0, 7: 7.0, 8: 7.0, 9: 7.0}
ASKING = {"how", "does", "the", "is", "a", "which", "are", "of", "what"}


def terms(text: str) -> Counter[int]:
    return Counter(_kernel.terms(text.encode()).tolist())


class Piece(NamedTuple):
    file: int
    terms: Counter[int]
    defines: Counter[int]


def pieces(number: int, text: str, language: str) -> Iterator[Piece]:
    """The passages of a text, with the terms of what each defines."""
    data = text.encode()
    family = keywords.families()[keywords.family_of(language)]
    built = build([data], [language])
    lines = [0]
    while (end := data.find(b"\n", lines[-1])) >= 0:
        lines.append(end + 1)
    distinct = built["names"].decode().split("\n")
    names = [
        (lines[line - 1], distinct[name])
        for line, name, kind in zip(
            built["symbol_lines"].tolist(), built["symbol_names"].tolist(), built["symbol_kinds"].tolist(), strict=True
        )
        if keywords.KINDS[kind] != "variable"
    ]
    start = 0
    for end in _kernel.passages(data, list(family.words), family.shapes):
        inside = "\n".join(name for at, name in names if start <= at < end)
        yield Piece(number, terms(data[start:end].decode()), terms(inside))
        start = end


class Texts(NamedTuple):
    """All files of a release, their passages, the terms of their paths."""

    rows: list[dict[str, Any]]
    pieces: list[Piece]
    paths: list[Counter[int]]


@pytest.fixture(scope="module")
def texts(release: Release) -> Texts:
    rows = list(release.files(columns=["path", "content", "language", "is_test", "is_vendor"]))
    all_pieces = [p for n, row in enumerate(rows) for p in pieces(n, row["content"], row["language"])]
    return Texts(rows, all_pieces, [terms(row["path"]) for row in rows])


class ByHand:
    """The scores from texts and paths alone."""

    def __init__(self, texts: Texts, words: str) -> None:
        self.rows, self.pieces, self.paths = texts
        asked = [word for word in words.split() if word not in ASKING] or words.split()
        keys = {key for word in asked for key in terms(word)}
        self.in_texts = {key: sum(key in p.terms for p in self.pieces) for key in keys}
        self.in_names = {key: sum(key in p.defines for p in self.pieces) for key in keys}
        self.in_paths = {key: sum(key in path for path in self.paths) for key in keys}
        self.keys = keys
        common = {key for key in keys if self.in_texts[key] > 0.1 * len(self.pieces)}
        rest = {key for key in keys - common if self.in_texts[key]}
        self.counted = keys - common if rest else keys
        self.mean = sum(p.terms.total() for p in self.pieces) / len(self.pieces)

    def weight(self, count: int, all_: int) -> float:
        return 2.2 * math.log1p((all_ - count + 0.5) / (count + 0.5)) if count else 0.0

    def text(self, piece: Piece) -> float:
        score = 0.0
        for key in self.counted & set(piece.terms):
            times = TIMES.get(piece.terms[key], 14.0)
            norm = 1.2 * (0.25 + 0.75 * piece.terms.total() / self.mean)
            score += self.weight(self.in_texts[key], len(self.pieces)) * times / (times + norm)
        return score

    def field(self, found: Counter[int], counts: dict[int, int], all_: int, share: float) -> float:
        times = {key: TIMES.get(found[key], 14.0) for key in self.keys & set(found)}
        return sum(share * self.weight(counts[key], all_) * t / (t + 1.2) for key, t in times.items())

    def passage(self, piece: Piece) -> float:
        return self.text(piece) + self.field(piece.defines, self.in_names, len(self.pieces), 0.7)

    def path(self, file: int) -> float:
        return self.field(self.paths[file], self.in_paths, len(self.rows), 0.6)

    def prior(self, file: int) -> float:
        row = self.rows[file]
        by = [0.6] if row["is_test"] or row["is_vendor"] else []
        by += [0.65] if row["language"] in {"Markdown", "Text", "reStructuredText"} else []
        return min(by, default=1.0 if row["language"] in {"Python", "C", "JavaScript", "Go", "C++", "Java"} else 0.8)

    def passages(self) -> list[float]:
        scores = [self.prior(p.file) * (own + self.path(p.file)) for p in self.pieces if (own := self.passage(p))]
        return sorted(scores, reverse=True)

    def files(self) -> list[float]:
        scores = []
        for file in range(len(self.rows)):
            own = [p for p in self.pieces if p.file == file]
            best = sorted((self.passage(p) for p in own), reverse=True)[:6] or [0.0]
            more = sum(0.3 * 0.5**n * score for n, score in enumerate(best[1:]))
            cover = sum(
                0.3 * self.weight(self.in_texts[key], len(self.pieces)) / 2.2
                for key in self.counted
                if any(key in p.terms for p in own)
            )
            scores.append(self.prior(file) * (best[0] + more + cover + self.path(file)))
        return sorted((score for score in scores if score), reverse=True)


@pytest.mark.parametrize(
    "words", ["how does it parse a command line option", "table columns width", "the", "getUserName", "zzqqy", "first"]
)
def test_scores_are_those_of_the_formula_by_hand(texts: Texts, searcher: Searcher, words: str) -> None:
    expected, ranking = ByHand(texts, words.replace("it ", "")), Ranking(searcher.segments)
    assert [hit.score for hit in ranking.best(words, 5)] == pytest.approx(expected.passages()[:5], rel=1e-4)
    files = ranking.best_files(words, 1000, 3)
    assert [hit.score for hit in files] == pytest.approx(expected.files(), rel=1e-4)
    for hit in files:
        assert hit.score == pytest.approx(hit.prior * sum(hit.parts.values()), rel=1e-4)
        assert [one.score for one in hit.passages] == sorted((one.score for one in hit.passages), reverse=True)


def test_several_segments_rank_as_one(release: Release) -> None:
    words = "parse a command line option"
    once, twice = (Searcher([release] * copies).rank_files(words, limit=4) for copies in (1, 2))
    assert [file.path for file in twice[::2]] == [file.path for file in once[:2]]
    assert twice[0].score == twice[1].score


def test_words_that_ask_and_common_words_are_named(searcher: Searcher) -> None:
    found = {one.word: one for one in searcher.explain_words("how is the get_queryset needle zzqqy self")}
    assert {word: one.left_out for word, one in found.items() if one.left_out} == {
        "how": "it only asks", "is": "it only asks", "the": "it only asks", "zzqqy": "no passage has it",
        "self": "more than a tenth of all passages have it",
    }  # fmt: skip
    assert found["get_queryset"].weight > found["needle"].weight > 0
    assert found["self"].passages > 10


def test_a_question_of_nothing_but_such_words_is_answered(searcher: Searcher) -> None:
    assert searcher.rank_files("how is the")
    assert searcher.rank_files("") == []
    assert searcher.rank_files("?!") == []
