"""Makes `detect/quality_score.npz`, the model of quality scores: ridge regression on the published grades.

python -m tools.train_quality_score RELEASE

RELEASE holds the graded files (examples/demo.toml builds it). Reads benchmarks/training_output/quality_labels.jsonl, of
which the part `held-out` is left for the benchmark. Needs nothing but numpy and scipy.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import lsqr

from drystone.detect.score import BITS, features
from drystone.release.read import open_release

ROOT = Path(__file__).parents[1]
LABELS = ROOT / "benchmarks/training_output/quality_labels.jsonl"
#: How much words weigh beside measures, and how much all weights are held down; chosen by cross-validation on `train`.
WORDS, SQUARES, DOWN = 2.0, 1 / 3, 1.0


def main(release: Path) -> None:
    """Train on the part `train` and write the model."""
    grades = {row["swhid"]: row["grade"] for row in map(json.loads, LABELS.open()) if row["part"] == "train"}
    seen, wanted = [], []
    for row in open_release(release).files(columns=["swhid", "path", "language", "content"]):
        if row["swhid"] in grades:
            seen.append(features(row["path"], row["language"], row["content"]))
            wanted.append(grades[row["swhid"]])
    print(f"{len(seen)} of {len(grades)} graded files")
    measures = np.array([each.measures for each in seen])
    mean, spread = measures.mean(0), measures.std(0) + 1e-9
    plain = (measures - mean) / spread
    scale = np.sqrt(2 * plain.shape[1])
    dense = np.hstack([plain, plain**2 * SQUARES]) / scale
    rows = np.repeat(np.arange(len(seen)), [len(each.words) for each in seen])
    weights = np.concatenate([np.full(len(each.words), WORDS / np.sqrt(len(each.words))) for each in seen])
    places = np.concatenate([each.words for each in seen])
    words = sparse.csr_matrix((weights, (rows, places)), shape=(len(seen), 1 << BITS))
    grade = np.array(wanted, float)
    centre = sparse.hstack([sparse.csr_matrix(dense - dense.mean(0)), words]).tocsr()
    found = lsqr(centre, grade - grade.mean(), damp=np.sqrt(DOWN), iter_lim=500)[0]
    count = plain.shape[1]
    np.savez_compressed(
        ROOT / "src/drystone/detect/quality_score.npz",
        mean=mean,
        spread=spread,
        linear=found[:count] / scale,
        square=found[count : 2 * count] * SQUARES / scale,
        words=(found[2 * count :] * WORDS).astype(np.float32),
        bias=grade.mean() - dense.mean(0) @ found[: 2 * count],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
