"""What a kill costs: time to finish after SIGKILL at half time, over the time that the second half takes undisturbed."""

from __future__ import annotations

from benchmarks import builds, corpus
from benchmarks.harness import Figure, main


def measure(quick: bool) -> list[Figure]:
    """Build once undisturbed, once with a kill in the middle; both must give the same root hash."""
    sources, _ = corpus.load(80 if quick else 400)
    with builds.workplace() as folder:
        whole = builds.build(sources, folder, cores=2)
        assert whole is not None
    with builds.workplace() as folder:
        half = whole.seconds / 2
        assert builds.build(sources, folder, cores=2, kill_after=half) is None, "the build ended before the kill"
        rest = builds.build(sources, folder, cores=2)
        assert rest is not None
    assert rest.summary["root"] == whole.summary["root"], "the kill changed the release"
    note = f"{whole.seconds:.1f} s undisturbed, killed at {half:.1f} s, {rest.seconds:.1f} s to finish, the same root hash"
    return [
        Figure("finish after a kill over second half", rest.seconds / half, "times", 1.3, lower_is_better=True, note=note)
    ]


if __name__ == "__main__":
    main(measure)
