"""Measures a reader on a set of questions in SQuAD's form: facts for its passport, with intervals. Loads the model."""

from __future__ import annotations

import gzip
import hashlib
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np

from drystone.catalog.importing.imported import QuotedText, known
from drystone.catalog.measuring.dataset import MeasuredFacts, today
from drystone.catalog.measuring.sampling import all_of
from drystone.catalog.passports.passport import Procedure
from drystone.errors import UsageError
from drystone.reader.evaluation.evaluate import Prediction, predict, read_squad, summarize
from drystone.reader.evaluation.metrics import Question
from drystone.reader.options import MEASURED_ANSWER_LEN
from drystone.reader.reader import Reader

VERSION: Final = "1"
NAME: Final = "drystone catalog measure-reader"
#: Facts of sets that are known, by the SHA-256 of their JSON: the dev sets of rajpurkar.github.io/SQuAD-explorer.
_SETS: Final = {
    "95aa6a52d5d6a735563366753ca50492a658031da74f301ac5238b03966972c9": "quality.squad_v1_1",
    "80a5225e94905956a6446d296ca1093975c4d3b3260f1d6c8f68bc2ab77182d8": "quality.squad_v2",
}


def measure_reader(reader: Reader, questions: Path, most: int | None, seed: int) -> MeasuredFacts:
    """Measure a reader on a set of questions, or on `most` of them, drawn by a seed.

    Facts: F1 and exact match (%, with 95 % bootstrap intervals over questions); of a set with questions that have no
    answer how many of these it refuses (%), and how well its no-answer scores tell both kinds apart (AUC); pairs a
    second and core (by processor time), peak memory of the process. A set that is not known by its bytes has facts
    under its own name. Raises `UsageError` where the file is no set in SQuAD's form.
    """
    if most is not None and most < 1:
        raise UsageError("a sample has at least one question")
    dataset = read_squad(questions)
    total = len(dataset.questions)
    if most is not None and most < total:
        drawn = sorted(random.Random(seed).sample(range(total), most))
        dataset = replace(dataset, questions=tuple(dataset.questions[at] for at in drawn))
    number = len(dataset.questions)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        predictions = predict(
            reader, dataset.questions, Path(folder) / "predictions.jsonl",
            max_answer_len=MEASURED_ANSWER_LEN, handle_impossible_answer=dataset.v2,
        )  # fmt: skip
    seconds = max(time.process_time() - began, 1e-9)
    report = summarize(dataset, predictions)
    digest = _sha256(questions)
    family = _SETS.get(digest, f"quality.set_{_plain_name(questions)}_{digest[:8]}")
    said = all_of(total, "question") if number == total else f"{number:,} of {total:,} questions, seed {seed}"
    values: dict[str, tuple[float, float | None, float | None]] = {
        f"{family}.f1": (report["metrics"]["f1"], *_two(report["interval"]["f1"])),
        f"{family}.em": (_exact(report["metrics"]), *_two(report["interval"]["exact_match"])),
        "speed.pairs_per_second": (number / seconds, None, None),
        "memory.peak_bytes": (_peak_bytes(), None, None),
    }
    if dataset.v2 and {"NoAns_exact", "HasAns_exact"} <= report["metrics"].keys():
        values[f"{family}.no_answer"] = (report["metrics"]["NoAns_exact"], None, None)
        values[f"{family}.no_answer_auc"] = (_auc(dataset.questions, predictions), None, None)
    setup = f"{said} of {questions.name}, SHA-256 {digest}; engine {reader.reason}; drystone {version('drystone')}"
    lines = {name: f"{name}: {_said(*value)}\n" for name, value in values.items()}
    head = f"{NAME}, version {VERSION}: {Path(reader.name).name}\n{setup}\n"
    kept = QuotedText(head + "".join(lines.values()), f"{NAME}: {Path(reader.name).name}", today())
    method = Procedure(name=NAME, version=VERSION, setup=setup)
    facts = [
        known(name, _plain(value), [kept.quote(lines[name], name)], "measured", method, low, high)
        for name, (value, low, high) in ((name, _held(*found)) for name, found in values.items())
    ]
    return MeasuredFacts(tuple(facts), {kept.sha256: kept.text}, number, questions.stat().st_size, said)


def _auc(questions: Sequence[Question], predictions: Mapping[str, Prediction]) -> float:
    """Return how often a question without an answer has a higher no-answer score than one with, equal ones half."""
    scores = np.array([predictions[each.id]["null_score"] for each in questions])
    without = np.array([not each.golds for each in questions])
    _, at, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[at]
    few, many = int(without.sum()), int((~without).sum())
    return float((ranks[without].sum() - few * (few + 1) / 2) / (few * many))


def _sha256(questions: Path) -> str:
    """Return the hash of a set's JSON, whether it lies there gzipped or not."""
    data = questions.read_bytes()
    return hashlib.sha256(gzip.decompress(data) if questions.suffix == ".gz" else data).hexdigest()


def _plain_name(questions: Path) -> str:
    """Return a file's name without its endings, as a fact's name can have it."""
    name = questions.name.casefold().removesuffix(".gz").removesuffix(".json")
    return re.sub(r"[^a-z0-9]+", "_", name).strip("_")[:60] or "unnamed"


def _two(interval: Sequence[float]) -> tuple[float, float]:
    low, high = interval
    return low, high


def _exact(metrics: dict[str, float]) -> float:
    return metrics["exact_match"] if "exact_match" in metrics else metrics["exact"]


def _held(value: float, low: float | None, high: float | None) -> tuple[float, float | None, float | None]:
    """Return a value with ends that hold it: chance can put a bootstrap's beside it where there are few questions."""
    value = _plain(value)
    if low is None or high is None:
        return value, None, None
    return value, min(value, round(low, 4)), max(value, round(high, 4))


def _plain(value: float) -> float | int:
    return int(value) if value >= 1e6 else round(float(value), 4)


def _said(value: float, low: float | None, high: float | None) -> str:
    return f"{_plain(value)}" + ("" if low is None else f" (95 %: {low:.4f} to {high:.4f})")


def _peak_bytes() -> int:
    """Return the most memory that this process has had; Linux counts kibibytes, macOS bytes (getrusage)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
