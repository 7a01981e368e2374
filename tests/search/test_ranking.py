from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from drystone.identity.swhid import parse
from drystone.release.read import Release
from drystone.search import _kernel
from drystone.search.ranking import Ranking
from drystone.search.search import Searcher

#: What each level of how often stands for.
TIMES = {1: 1.0, 2: 2.0, 3: 3.0, 4: 4.5, 5: 4.5, 6: 7.0, 7: 7.0, 8: 7.0, 9: 7.0}


def by_hand(rows: list[dict[str, Any]], words: str) -> list[float]:
    """The scores of all passages, the greatest first, from texts and paths alone."""
    passages: list[tuple[Counter[int], int, Counter[int]]] = []
    for row in rows:
        data, start = row["content"].encode(), 0
        path = Counter(_kernel.terms(row["path"].encode()).tolist())
        for end in _kernel.passages(data):
            terms = _kernel.terms(data[start:end]).tolist()
            passages.append((Counter(terms), len(terms), path))
            start = end
    mean = sum(length for _, length, _ in passages) / len(passages)
    keys = set(_kernel.terms(words.encode()).tolist())
    in_texts = {key: sum(key in terms for terms, _, _ in passages) for key in keys}
    in_paths = {key: sum(key in _kernel.terms(row["path"].encode()).tolist() for row in rows) for key in keys}

    def weight(count: int, all_: int) -> float:
        return 2.2 * math.log1p((all_ - count + 0.5) / (count + 0.5)) if count else 0.0

    common = {key for key in keys if in_texts[key] > 0.1 * len(passages)}
    scores = []
    for terms, length, path in passages:
        score = 0.0
        for key in keys:
            if key in terms and (key not in common or common == keys):
                times = TIMES.get(terms[key], 14.0)
                score += weight(in_texts[key], len(passages)) * times / (times + 1.2 * (0.25 + 0.75 * length / mean))
            if key in path:
                times = TIMES.get(path[key], 14.0)
                score += 0.6 * weight(in_paths[key], len(rows)) * times / (times + 1.2)
        scores.append(score)
    return sorted(scores, reverse=True)


@pytest.mark.parametrize("words", ["parse a command line option", "table columns width", "the", "getUserName", "zzqqy"])
def test_scores_are_those_of_bm25_by_hand(release: Release, searcher: Searcher, words: str) -> None:
    rows = list(release.files(columns=["path", "content"]))
    found = Ranking(searcher.segments).best(words, 15)
    expected = [score for score in by_hand(rows, words)[:15] if score > 0]
    # A file that only its path speaks for is there with its first passage alone.
    assert [hit.score for hit in found][:3] == pytest.approx(expected[:3], rel=1e-4)
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)


def test_a_passage_has_its_lines_and_text(release: Release, searcher: Searcher) -> None:
    texts = {row["path"]: row["content"] for row in release.files(columns=["path", "content"])}
    found = searcher.passages("parse a command line option", limit=5)
    assert len(found) == 5
    for passage in found:
        first, last = passage.lines
        lines = "\n".join(texts[passage.path].split("\n")[first - 1 : last])
        assert passage.text.removesuffix("\n") in lines
        assert parse(passage.swhid).lines == passage.lines


def test_passages_come_from_the_files_that_were_asked_for(searcher: Searcher) -> None:
    assert {p.language for p in searcher.passages("import return", where="lang:python", limit=30)} == {"Python"}
    assert [p.path for p in searcher.passages("get_queryset", where="content:needle or file:defines")] == [
        "/defines.py"
    ]
    assert searcher.passages("import", where="content:zzzzqq") == []


def test_a_term_that_is_nowhere_counts_for_nothing(searcher: Searcher) -> None:
    _, weights, path_weights = Ranking(searcher.segments).weights("zzqqy")
    assert np.all(weights == 0)
    assert np.all(path_weights == 0)
