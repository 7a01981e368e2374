"""SQuAD's metrics, v1.1 and v2.0, to the last digit of the official scripts.

Sources of the rules: the official evaluate-v1.1.py and evaluate-v2.0.py (Rajpurkar et al. 2016, 2018). Sums run in the
order of the data set, as theirs do. It knows nothing of readers: predictions are texts by question id, or None where a
question could not be asked, which is right of no question, one without an answer neither.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_ARTICLES = re.compile(r"\b(a|an|the)\b", re.UNICODE)
_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True)
class Question:
    """One question of a data set; `golds` is empty where no answer is the right answer."""

    id: str
    question: str
    context: str
    golds: tuple[str, ...]
    title: str = ""


def normalize(text: str) -> str:
    """Return text in lower case without ASCII punctuation and English articles, white space collapsed."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(prediction: str, gold: str) -> int:
    """Return 1 where both are the same once normalized."""
    return int(normalize(prediction) == normalize(gold))


def f1(prediction: str, gold: str, *, v2: bool = False) -> float:
    """Return the harmonic mean of precision and recall over normalized words.

    The scripts differ where a side has no words: v1.1 gives 0, v2.0 gives 1 if neither has any.
    """
    ours, theirs = normalize(prediction).split(), normalize(gold).split()
    if v2 and not (ours and theirs):
        return float(ours == theirs)
    same = sum((Counter(ours) & Counter(theirs)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(ours), same / len(theirs)
    return 2 * precision * recall / (precision + recall)


def score(question: Question, prediction: str | None, *, v2: bool = False) -> tuple[int, float]:
    """Return exact match and F1 of one prediction, the best over the golds."""
    if prediction is None:
        return 0, 0.0
    golds = question.golds
    if v2:  # v2.0 drops golds that normalize to nothing, and takes "" where none is left
        golds = tuple(gold for gold in golds if normalize(gold)) or ("",)
    return (
        max((exact_match(prediction, gold) for gold in golds), default=0),
        max((f1(prediction, gold, v2=v2) for gold in golds), default=0.0),
    )


def squad_v1(questions: Sequence[Question], predictions: Mapping[str, str | None]) -> dict[str, float]:
    """Return `exact_match` and `f1` in per cent; a question without a prediction counts 0."""
    exact, total = 0, 0.0
    for question in questions:
        if question.id in predictions:
            em, value = score(question, predictions[question.id])
            exact, total = exact + em, total + value
    count = len(questions) or 1
    return {"exact_match": 100.0 * exact / count, "f1": 100.0 * total / count}


def squad_v2(
    questions: Sequence[Question],
    predictions: Mapping[str, str | None],
    no_answer: Mapping[str, float] | None = None,
    threshold: float = 1.0,
) -> dict[str, float]:
    """Return v2.0's metrics: exact, f1, total, the same for HasAns and NoAns, and with `no_answer` the best thresholds.

    A question whose no-answer probability is above `threshold` counts as answered by nothing. A question without a
    prediction is left out of every count, as in the official script. The best thresholds are chosen on the very data
    that they are reported for, so `best_f1` is optimistic.
    """
    answerable = {q.id: bool(q.golds) for q in questions}
    raw = {q.id: score(q, predictions[q.id], v2=True) for q in questions if q.id in predictions}
    given = no_answer or dict.fromkeys(raw, 0.0)

    def final(index: int) -> dict[str, float]:
        return {
            name: float(not answerable[name])
            if given[name] > threshold and predictions[name] is not None
            else float(values[index])
            for name, values in raw.items()
        }

    exact, f1s = final(0), final(1)
    found: dict[str, float] = {}
    for prefix, wanted in (("", None), ("HasAns_", True), ("NoAns_", False)):
        names = [name for name in raw if wanted is None or answerable[name] == wanted]
        if names or wanted is None:
            count = len(names) or 1
            found[f"{prefix}exact"] = 100.0 * sum(exact[name] for name in names) / count
            found[f"{prefix}f1"] = 100.0 * sum(f1s[name] for name in names) / count
            found[f"{prefix}total"] = len(names)
    if no_answer is not None:
        for index, name in enumerate(("exact", "f1")):
            best, at = _best_threshold(predictions, {k: v[index] for k, v in raw.items()}, no_answer, answerable)
            found[f"best_{name}"], found[f"best_{name}_thresh"] = best, at
    return found


def _best_threshold(
    predictions: Mapping[str, str | None],
    scores: Mapping[str, float],
    no_answer: Mapping[str, float],
    answerable: Mapping[str, bool],
) -> tuple[float, float]:
    """Sweep the threshold from "answer nothing" upward; a tie keeps the lower threshold."""
    current = best = float(sum(not has and predictions.get(name, "") is not None for name, has in answerable.items()))
    at = 0.0
    for name in sorted(no_answer, key=lambda name: no_answer[name]):
        if name not in scores:
            continue
        if answerable[name]:
            current += scores[name]
        elif predictions[name]:
            current -= 1
        if current > best:
            best, at = current, no_answer[name]
    return 100.0 * best / (len(scores) or 1), at
