"""MB of distinct text per second and core for the whole build, over at least 400 MB of real packages.

Downloads are not part of it; everything else is, from unpacking to the manifest.
"""

from __future__ import annotations

from benchmarks import builds, corpus
from benchmarks.harness import Figure, main


def measure(quick: bool) -> list[Figure]:
    """Build on one core; distinct text is what is left after the encoding stage."""
    sources, size = corpus.load(40 if quick else 400)
    with builds.workplace() as folder:
        run = builds.build(sources, folder, cores=1)
        assert run is not None
    rate = run.megabytes("encoding") / run.seconds
    note = f"{len(sources)} packages, {size / 1e6:,.0f} MB, {run.megabytes('encoding'):,.0f} MB distinct text, {run.seconds:.0f} s"
    return [Figure("build throughput, one core", rate, "MB/s", None if quick else 25, 60, note=note)]


if __name__ == "__main__":
    main(measure)
