"""Two cores against one: how much faster the same build is, in one run."""

from __future__ import annotations

from benchmarks import builds, corpus
from benchmarks.harness import Figure, main


def measure(quick: bool) -> list[Figure]:
    """Build the same load on one core and on two."""
    sources, _ = corpus.load(40 if quick else 400)
    seconds: dict[int, float] = {}
    roots = set()
    for cores in (1, 2):
        with builds.workplace() as folder:
            run = builds.build(sources, folder, cores=cores)
            assert run is not None
        seconds[cores] = run.seconds
        roots.add(run.summary["root"])
    assert len(roots) == 1, "the number of processes changed the release"
    note = f"{seconds[1]:.1f} s on one core, {seconds[2]:.1f} s on two, the same root hash"
    return [Figure("two cores against one", seconds[1] / seconds[2], "times", None if quick else 1.7, 1.9, note=note)]


if __name__ == "__main__":
    main(measure)
