"""Two cores against one: how much faster the same build is, in one run."""

from __future__ import annotations

from benchmarks import builds, corpus
from benchmarks.harness import Figure, main


def measure(quick: bool) -> list[Figure]:
    """Build the same load on one core and on two, in turn; of each the best of two builds."""
    sources, _ = corpus.load(40 if quick else 1600)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    roots = set()
    for _ in range(1 if quick else 2):
        for cores, taken in seconds.items():
            with builds.workplace() as folder:
                run = builds.build(sources, folder, cores=cores)
                assert run is not None
            taken.append(run.seconds)
            roots.add(run.summary["root"])
    assert len(roots) == 1, "the number of processes changed the release"
    one, two = min(seconds[1]), min(seconds[2])
    note = f"{one:.1f} s on one core, {two:.1f} s on two, the same root hash"
    return [Figure("two cores against one", one / two, "times", None if quick else 1.7, 1.9, note=note)]


if __name__ == "__main__":
    main(measure)
