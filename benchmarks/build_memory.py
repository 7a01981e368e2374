"""Peak resident memory of a build, all its processes together, at 0.4, 0.8 and 1.6 GB of input."""

from __future__ import annotations

import numpy as np

from benchmarks import builds, corpus
from benchmarks.harness import Figure, main


def measure(quick: bool) -> list[Figure]:
    """Build three loads on two cores and fit a line through their peaks."""
    figures: list[Figure] = []
    inputs: list[int] = []
    peaks: list[int] = []
    for megabytes in (20, 40, 80) if quick else (400, 800, 1600):
        sources, size = corpus.load(megabytes)
        with builds.workplace() as folder:
            run = builds.build(sources, folder, cores=2, sample=True)
            assert run is not None
        inputs.append(size)
        peaks.append(run.peak)
        note = f"{len(sources)} packages, {run.seconds:.0f} s"
        figures.append(
            Figure(f"peak memory at {size / 1e6:,.0f} MB", run.peak / 1e6, "MB", 1500, lower_is_better=True, note=note)
        )
    slope = float(np.polyfit(inputs, peaks, 1)[0])
    figures.append(Figure("memory per byte of input", slope, "byte/byte", None if quick else 0.1, lower_is_better=True))
    return figures


if __name__ == "__main__":
    main(measure)
