"""Fits the weights of answers for a reader: `python -m benchmarks.answers.fit [MODEL]`.

Reads the questions of split `tune` and those of fit.jsonl, asks their releases (benchmarks/answers/tune.toml, fit.toml,
each with an index), and writes `src/drystone/answer/weights.json`. The spans of a question share one softmax over their
scores; weights are those under which the F1 that is to be expected of it is highest (Adam, some L2). How sure an answer
is, is fitted by logistic regression to whether the first answer's F1 is at least .5, on scores of weights that were
fitted without the question's package. Nothing of the held-out questions is read.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

import drystone.answer
from benchmarks.answers.questions import HERE, Question, questions
from benchmarks.harness import CACHE
from drystone.answer.answering import Asker, every_span, plain, read_by
from drystone.answer.scoring import FEATURES, FoundSpan, ScoreWeights
from drystone.reader import Reader
from drystone.reader.evaluation.metrics import f1
from drystone.reader.options import DEFAULT_MODEL
from drystone.release.read import open_release

OUT: Final = Path(drystone.answer.__path__[0]) / "weights.json"
_FOLDS, _STEPS, _RATE, _L2 = 5, 300, 0.05, 0.02
_RIGHT: Final = 0.5
_MAX_ANSWER_LEN: Final = 15

Floats = npt.NDArray[np.float64]


class Sample(NamedTuple):
    """A question's spans: features and the logarithm of how often each is said, [spans, features + 1]; F1; what they
    say.
    """

    source: str
    answerable: bool
    features: Floats
    f1: Floats
    said: list[str]


def main(model: str) -> int:
    """Ask, fit, print how good the fit is on packages left out, and write the weights."""
    reader = Reader.load(model, precision="int8", threads=1)
    samples = [
        *_samples(questions("tune"), CACHE / "answers" / "tune", reader),
        *_samples(questions(None, HERE / "fit.jsonl"), CACHE / "answers" / "fit", reader),
    ]
    sources = sorted({one.source for one in samples})
    outside: list[tuple[Sample, Floats]] = []
    for fold in range(_FOLDS):
        out = set(sources[fold::_FOLDS])
        mean, scale, weights = _fit([one for one in samples if one.source not in out])
        outside += [(one, ((one.features - mean) / scale) @ weights) for one in samples if one.source in out]
    asked = [(one, scores) for one, scores in outside if one.answerable]
    top = [one.f1[scores.argmax()] if len(scores) else 0.0 for one, scores in asked]
    print(f"{len(samples)} questions, {len(asked)} with an answer; packages left out: F1 {np.mean(top):.3f}")
    sure = _fit_sure(outside)
    mean, scale, weights = _fit(samples)
    fitted = {
        "reader": reader.fingerprint,
        "again": round(float(weights[-1] / scale[-1]), 6),
        "sure": [round(one, 6) for one in sure],
        "features": {
            name: {"mean": round(a, 6), "scale": round(b, 6), "weight": round(c, 6)}
            for name, a, b, c in zip(FEATURES, mean.tolist(), scale.tolist(), weights.tolist(), strict=False)
        },
    }
    OUT.write_text(json.dumps(fitted, indent=1) + "\n", "utf-8")
    print(json.dumps(fitted, indent=1))
    return 0


def _samples(asked: Sequence[Question], folder: Path, reader: Reader) -> list[Sample]:
    asker, read = Asker([open_release(folder)]), read_by(reader, _MAX_ANSWER_LEN)
    ones = np.ones(len(FEATURES))
    nothing = ScoreWeights(0 * ones, ones, 0 * ones, 0.0, (0.0, 0.0, 0.0))
    found = []
    for one in asked:
        found.append(_sample(one, list(every_span(one.question, asker.find(one.question), read, nothing))))
    return found


def _sample(question: Question, spans: Sequence[FoundSpan]) -> Sample:
    said = [plain(span.text) for span in spans]
    times = Counter(text for text, _ in {(text, id(span.piece)) for text, span in zip(said, spans, strict=True)})
    rows = [[*span.features, math.log(times[text])] for span, text in zip(spans, said, strict=True)]
    right = [max((f1(span.text, gold.text) for gold in question.answers), default=0.0) for span in spans]
    features = np.array(rows).reshape(-1, len(FEATURES) + 1)
    return Sample(question.source, question.answerable, features, np.array(right), said)


def _fit(samples: Sequence[Sample]) -> tuple[Floats, Floats, Floats]:
    """Return mean and scale of the features, and their weights."""
    useful = [one for one in samples if len(one.f1) and one.f1.max() > 0]
    every = np.concatenate([one.features for one in useful])
    mean, scale = every.mean(0), every.std(0) + 1e-6
    mean[-1] = 0  # said once counts for nothing
    weights, moved, squared = (np.zeros(every.shape[1]) for _ in range(3))
    for step in range(1, _STEPS + 1):
        slope = -_L2 * weights
        for one in useful:
            table, worth = (one.features - mean) / scale, one.f1**2
            share = _softmax(table @ weights)
            gained = share * worth
            slope += table.T @ (gained / (gained.sum() + 1e-9) - share) / len(useful)
        moved, squared = 0.9 * moved + 0.1 * slope, 0.99 * squared + 0.01 * slope * slope
        weights += _RATE * (moved / (1 - 0.9**step)) / (np.sqrt(squared / (1 - 0.99**step)) + 1e-6)
    return mean, scale, weights


def _softmax(scores: Floats) -> Floats:
    shares: Floats = np.exp(scores - scores.max())
    return shares / shares.sum()


def _fit_sure(outside: Sequence[tuple[Sample, Floats]]) -> tuple[float, float, float]:
    """Return what 1, the first answer's score and its share count for, by Newton's method with a little L2."""
    rows, right = [], []
    for one, scores in outside:
        best: dict[str, float] = {}
        for text, score in zip(one.said, scores.tolist(), strict=True):
            best[text] = max(score, best.get(text, -math.inf))
        if not best:
            continue
        every = np.array(list(best.values()))
        rows.append([1.0, every.max(), float(np.log(_softmax(every).max()))])
        right.append(float(one.f1[scores.argmax()] >= _RIGHT))
    table, labels, found = np.array(rows), np.array(right), np.zeros(3)
    for _ in range(50):
        sure = 1 / (1 + np.exp(-table @ found))
        slope = table.T @ (labels - sure) - 0.1 * found
        found += np.linalg.solve((table.T * (sure * (1 - sure))) @ table + 0.1 * np.eye(3), slope)
    constant, of_score, of_share = found.tolist()
    return constant, max(of_score, 0.0), max(of_share, 0.0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_MODEL))
