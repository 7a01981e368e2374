"""How quality scores agree with the held-out grades, and what they cost beside the annotation of a build."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import orjson
from scipy.stats import spearmanr

from benchmarks.harness import Figure
from benchmarks.training_output.demo import demo
from drystone.detect.score import quality_score
from drystone.release.read import open_release

LABELS = Path(__file__).with_name("quality_labels.jsonl")
#: The least score that is taken for a good file (a grade of 3 or more), by cross-validation on the part `train`.
THRESHOLD, GOOD = 2.5, 3


def figures(quick: bool) -> list[Figure]:
    """Score the demo's files; its build with one process says what its annotation took."""
    there = demo()
    columns = ["swhid", "path", "language", "content"]
    files = [tuple(row[name] for name in columns) for row in open_release(there.place).files(columns=columns)]
    quality_score(*files[0][1:])
    spent = []
    for _ in range(1 if quick else 3):
        start = time.process_time()
        scores = {swhid: quality_score(*file) for swhid, *file in files}
        spent.append(time.process_time() - start)
    every = [orjson.loads(line) for line in LABELS.read_bytes().splitlines()]
    held_out = [row for row in every if row["part"] == "held-out"]
    labels = [row for row in held_out if row["swhid"] in scores]
    found = np.array([scores[row["swhid"]] for row in labels])
    grades = np.array([row["grade"] for row in labels])
    taken, good = found >= THRESHOLD, grades >= GOOD
    f1 = 2 * int((taken & good).sum()) / int(taken.sum() + good.sum())
    share = 100 * min(spent) / there.annotate if there.annotate else None
    return [
        Figure(
            "quality score, F1 at the threshold", f1, "", 0.75, 0.82,
            note=f"{len(labels)} of {len(held_out)} held-out files; good: grade {GOOD}, score {THRESHOLD}, or more",
        ),
        Figure("quality score, Spearman", float(spearmanr(found, grades)[0]), "", 0.6, 0.7, note="the same files"),
        Figure(
            "quality score, cost beside annotate", share, "%", 15, 5, True,
            f"{min(spent) / len(files) * 1e6:.0f} us for each of {len(files):,} files of the demo; annotate took "
            f"{there.annotate} s of one process when the demo was built",
        ),
        _graded_twice([(row["grade"], row["second"]) for row in every if "second" in row]),
    ]  # fmt: skip


def _graded_twice(pairs: list[tuple[int, int]]) -> Figure:
    """Return the weighted kappa of two gradings, with squares of differences as weights (Cohen, 1968)."""
    first, second = np.array(pairs).T
    by_chance = np.mean((first[:, None] - second[None, :]) ** 2)
    differ = first - second
    return Figure(
        "grades given twice, quadratic kappa", float(1 - np.mean(differ**2) / by_chance), "",
        note=f"{len(pairs)} files; {np.mean(differ == 0):.0%} the same, most differ by {np.abs(differ).max()}",
    )  # fmt: skip
