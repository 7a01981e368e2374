"""Evaluates a reader on a SQuAD file: predictions that survive an interruption, and a report with intervals and errors.

It knows nothing of runtimes; the metrics are `metrics`' business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NotRequired, TypedDict, cast

import numpy as np

from drystone.errors import UsageError
from drystone.reader.asked import AskedPair, PairError
from drystone.reader.evaluation.metrics import Question, normalize, score, squad_v1, squad_v2
from drystone.reader.evaluation.rows import read_labelled
from drystone.reader.options import MEASURED_ANSWER_LEN, OnError
from drystone.reader.reader import Reader
from drystone.reader.spans.decode import Answer

#: Resamplings behind a confidence interval, and the seed that makes them the same every time.
_RESAMPLES, _SEED = 1000, 20160616
_KINDS = ("what", "who", "when", "where", "which", "why", "how many", "how much", "how", "whose", "whom")
_BINS = 10


class Prediction(TypedDict):
    """The best answer to a question, as a file of predictions has it; `logit` where there was one.

    `error`: what was wrong with a question that could not be asked.
    """

    text: str
    start: int
    end: int
    score: float
    null_score: float
    logit: NotRequired[float]
    error: NotRequired[str]


class PredictedBy(TypedDict):
    """What made a file of predictions: its first line."""

    model: str
    runtime: str
    precision: str
    options: dict[str, object]


class GroupScore(TypedDict):
    """Metrics of some of the questions, in per cent."""

    questions: int
    exact_match: float
    f1: float


class CalibrationBin(TypedDict):
    """Answers whose scores lie close together: their mean score, the share that is right, how many there are."""

    score: float
    right: float
    count: int


class Calibration(TypedDict):
    """Expected calibration error, and the bins that it is computed from."""

    error: float
    bins: list[CalibrationBin]


class WorstError(TypedDict):
    """A wrong answer: its question, and what was answered with which score."""

    id: str
    question: str
    context: str
    golds: list[str]
    title: str
    prediction: str
    score: float


class EvaluationReport(TypedDict):
    """What `summarize` returns; metrics and their intervals in per cent."""

    questions: int
    version: str
    metrics: dict[str, float]
    interval: dict[str, list[float]]
    by: dict[str, dict[str, GroupScore]]
    calibration: Calibration
    worst: list[WorstError]


class SavedReport(EvaluationReport):
    """report.json: also which model answered, in which engine, and how many questions could not be asked."""

    model: NotRequired[str]
    engine: NotRequired[str]
    errors: NotRequired[int]


@dataclass(frozen=True)
class Dataset:
    """Questions of a SQuAD file in their order; `v2` where some have no answer or the file says so."""

    questions: tuple[Question, ...]
    v2: bool


def read_squad(path: Path) -> Dataset:
    """Read labelled questions: SQuAD v1.1 or v2.0, or rows as `datasets`, JSON Lines, CSV and Parquet have them.

    Raises UsageError naming the place that is wrong, and two questions of one id, which no prediction tells apart.
    """
    file = read_labelled(path)
    if not file.rows:
        raise UsageError(f"{path}: holds no question.")
    places: dict[str, str] = {}
    for row in file.rows:
        if row.id in places:
            raise UsageError(
                f"{path}: the id {row.id!r} stands at {places[row.id]} and at {row.where}; give each its own."
            )
        places[row.id] = row.where
    questions = tuple(Question(row.id, row.question, row.context, row.golds, row.title) for row in file.rows)
    return Dataset(questions, not all(row.golds for row in file.rows) or file.version.startswith(("v2", "2")))


def evaluate(
    reader: Reader,
    data: Path,
    out: Path | None = None,
    limit: int | None = None,
    *,
    max_answer_len: int = MEASURED_ANSWER_LEN,
    align_to_words: bool = True,
    on_error: OnError = "raise",
    report: Callable[[int, int], None] | None = None,
) -> SavedReport:
    """Measure a reader on labelled questions, or on the first `limit`; return the report.

    A question that cannot be answered ends the run; with `on_error="return"` it counts as answered wrong, and
    `errors` says how many were so. Predictions, report and the picture of its calibration are written into `out`, from
    which a second run goes on.
    """
    dataset = read_squad(data)
    if limit:
        dataset = replace(dataset, questions=dataset.questions[:limit])
    with TemporaryDirectory() as scratch:
        predictions = predict(
            reader,
            dataset.questions,
            (out or Path(scratch)) / "predictions.jsonl",
            report=report,
            max_answer_len=max_answer_len,
            handle_impossible_answer=dataset.v2,
            on_error=on_error,
            **({} if align_to_words else {"align_to_words": False}),  # a run of before this option goes on, too
        )
    found: SavedReport = {
        "model": reader.name,
        "engine": reader.reason,
        "errors": sum("error" in row for row in predictions.values()),
        **summarize(dataset, predictions),
    }
    if out:
        (out / "report.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        plot_calibration(found, out / "calibration.png")
    return found


def predict(
    reader: Reader,
    questions: Sequence[Question],
    out: Path,
    *,
    report: Callable[[int, int], None] | None = None,
    on_error: OnError = "raise",
    **options: Any,
) -> dict[str, Prediction]:
    """Answer every question and keep each answer in `out` (JSON Lines) at once; what is there already is not redone.

    With `on_error="return"` a question that cannot be answered has its error there, and the next run goes on past it.
    Returns the predictions by id. The file's first line names model, engine
    and options; raises UsageError where it was made by others. A line that was cut off by an interruption is redone.
    """
    head: PredictedBy = {
        "model": reader.fingerprint,
        "runtime": reader.engine.name,
        "precision": reader.engine.precision,
        "options": dict(sorted(options.items())),
    }
    kept = _resume(out, head)
    todo = [question for question in questions if question.id not in kept]
    if report:
        report(len(questions) - len(todo), len(questions))
    with out.open("a", encoding="utf-8") as file:
        asked = (AskedPair(q.question, q.context, q.id) for q in todo)
        answers: Iterator[Any] = reader.stream(asked, on_error=on_error, **options)  # type: ignore[call-overload]
        for done, (question, found) in enumerate(zip(todo, answers, strict=True), len(questions) - len(todo) + 1):
            best = _best(found if isinstance(found, PairError) else found[0] if found else None)
            kept[question.id] = best
            file.write(json.dumps({"id": question.id, **best}) + "\n")
            if report:
                report(done, len(questions))
    return kept


def _best(answer: Answer | PairError | None) -> Prediction:
    if isinstance(answer, Answer):
        return cast("Prediction", answer.as_dict())
    nothing: Prediction = {"text": "", "start": 0, "end": 0, "score": 0.0, "null_score": 1.0}
    if answer is not None:
        nothing["error"] = str(answer)
    return nothing


def _resume(out: Path, head: PredictedBy) -> dict[str, Prediction]:
    out.parent.mkdir(parents=True, exist_ok=True)
    kept: dict[str, Prediction] = {}
    whole = [json.dumps(head)]
    if out.is_file():
        lines = out.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines[:-1]):  # the part after the last line end was cut off
            try:
                row = json.loads(line)
            except ValueError:
                raise UsageError(f"{out}:{number + 1}: not a line of predictions; give another --out.") from None
            if number == 0:
                if row != head:
                    raise UsageError(f"{out}: was made by another model, runtime or options; give another --out.")
            else:
                kept[row.pop("id")] = row
                whole.append(line)
    out.write_text("\n".join(whole) + "\n", encoding="utf-8")
    return kept


def summarize(dataset: Dataset, predictions: Mapping[str, Prediction], worst: int = 20) -> EvaluationReport:
    """Return metrics, 95 % intervals, breakdowns, calibration and the worst errors as plain data.

    `metrics` are the official script's over the questions given. Intervals are percentiles of 1,000 bootstrap
    resamples of questions. `calibration` bins answers by score; its error is the mean distance between score and
    exact match, weighted by bin. `worst` are wrong answers (F1 0), the most confident first.
    """
    questions, v2 = dataset.questions, dataset.v2
    texts = {name: None if "error" in row else row["text"] for name, row in predictions.items()}
    nulls = {q.id: predictions[q.id]["null_score"] for q in questions if q.id in predictions}
    metrics = squad_v2(questions, texts, nulls) if v2 else squad_v1(questions, texts)
    rows = []
    for q in questions:
        row = predictions.get(q.id) or _best(None)
        rows.append((q, row, *score(q, texts.get(q.id, row["text"]), v2=v2)))
    em, value = np.array([r[2] for r in rows], float), np.array([r[3] for r in rows])
    random = np.random.default_rng(_SEED)
    picks = [random.integers(0, len(rows), len(rows)) for _ in range(_RESAMPLES)]
    interval = {
        name: [100 * float(x) for x in np.percentile([values[pick].mean() for pick in picks], [2.5, 97.5])]
        for name, values in (("exact_match", em), ("f1", value))
    }
    groups: dict[str, dict[str, GroupScore]] = {}
    keys: tuple[tuple[str, Callable[[Question], str]], ...] = (
        ("question type", lambda q: question_kind(q.question)),
        ("context characters", lambda q: _bucket(len(q.context), (500, 1000, 2000))),
        ("answer words", lambda q: _bucket(len(q.golds[0].split()), (1, 3, 6)) if q.golds else "no answer"),
    )
    for title, key in keys:
        groups[title] = _breakdown([key(q) for q in questions], em, value)
    wrong = sorted((r for r in rows if r[3] == 0), key=lambda r: (-r[1]["score"], r[0].id))[:worst]
    return {
        "questions": len(questions),
        "version": "2.0" if v2 else "1.1",
        "metrics": metrics,
        "interval": interval,
        "by": groups,
        "calibration": calibration([r[1]["score"] for r in rows], em),
        "worst": [
            {
                "id": q.id,
                "question": q.question,
                "context": q.context,
                "golds": list(q.golds),
                "title": q.title,
                "prediction": row["text"],
                "score": row["score"],
            }
            for q, row, _, _ in wrong
        ],
    }


def question_kind(question: str) -> str:
    """Return the first question word in a question ("how many" before "how"), or "other"."""
    words = f" {normalize(question)} "
    places = [(words.find(f" {kind} "), -len(kind), kind) for kind in _KINDS if f" {kind} " in words]
    return min(places)[2] if places else "other"


def _bucket(size: int, bounds: Sequence[int]) -> str:
    low = 0
    for bound in bounds:
        if size <= bound:
            return f"{low}-{bound}"
        low = bound + 1
    return f"over {bounds[-1]}"


def _breakdown(keys: Sequence[str], em: np.ndarray, value: np.ndarray) -> dict[str, GroupScore]:
    names = np.array(keys)
    return {
        str(name): {
            "questions": int((names == name).sum()),
            "exact_match": 100 * float(em[names == name].mean()),
            "f1": 100 * float(value[names == name].mean()),
        }
        for name in sorted(set(keys))
    }


def calibration(scores: Sequence[float], right: np.ndarray) -> Calibration:
    """Return the expected calibration error and ten bins of (mean score, share right, count); Guo et al. 2017."""
    values = np.clip(np.array(scores, float), 0, 1)
    place = np.minimum((values * _BINS).astype(int), _BINS - 1)
    bins = []
    for b in range(_BINS):
        inside = place == b
        if inside.any():
            bins.append((float(values[inside].mean()), float(right[inside].mean()), int(inside.sum())))
    error = sum(abs(mean - share) * count for mean, share, count in bins) / max(1, len(values))
    return {"error": error, "bins": [{"score": m, "right": s, "count": c} for m, s, c in bins]}


def plot_calibration(report: EvaluationReport, out: Path) -> None:
    """Write the calibration bins of a report as a PNG: share right against score, and how many answers stand there."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(5, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    bins = report["calibration"]["bins"]
    most = max((b["count"] for b in bins), default=1)
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1, label="perfect")
    axes.bar(
        [b["score"] for b in bins],
        [b["count"] / most for b in bins],
        width=0.04,
        color="0.9",
        label="answers (relative)",
    )
    axes.plot(
        [b["score"] for b in bins],
        [b["right"] for b in bins],
        "o-",
        label=f"error {report['calibration']['error']:.3f}",
    )
    axes.set(xlabel="score", ylabel="share exactly right", xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left")
    figure.savefig(out, dpi=120, metadata={"Software": None})
