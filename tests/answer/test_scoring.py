from __future__ import annotations

import numpy as np

from drystone.answer.retrieval import of_text
from drystone.answer.scoring import FEATURES, SpanScorer, fitted
from drystone.reader.spans.decode import Answer

TEXT = "The server listens on port ``8080``.\n\nThe client waits.\n"


def read(text: str, start: int, logit: float) -> Answer:
    return Answer(text[start : start + 4], start, start + 4, 0.5, 0.1, logit)


def test_weights_are_those_of_the_features() -> None:
    weights = fitted()
    assert weights.mean.shape == weights.scale.shape == weights.weights.shape == (len(FEATURES),)
    assert (weights.scale > 0).all()
    assert all(np.isfinite(one).all() for one in weights[:3])


def test_a_surer_reader_and_a_better_spelling_score_higher() -> None:
    pieces = of_text(TEXT, "On which port does the server listen?")
    scorer = SpanScorer("On which port does the server listen?", pieces, fitted())
    at = TEXT.index("8080")
    (low,) = scorer.spans(0, [read(TEXT, at, 1.0)])
    (high,) = scorer.spans(0, [read(TEXT, at, 5.0)])
    assert high.score > low.score
    assert high.text == "8080"
    (word,) = scorer.spans(0, [read(TEXT, TEXT.index("port"), 5.0)])
    assert word.score < high.score


def test_how_sure_is_between_0_and_1_and_falls_with_the_rank() -> None:
    weights = fitted()
    for scores in ([3.0], [5.0, 1.0, -2.0], [1e6, 0.0], [-1e6, -1e6]):
        sure = [weights.how_sure(one, scores) for one in scores]
        assert sure == sorted(sure, reverse=True)
        assert all(0 <= one <= 1 for one in sure)
