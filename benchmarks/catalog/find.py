"""Finding by intent: how fast over 100,000 artifacts, how well on labelled intents."""

from __future__ import annotations

from benchmarks.harness import Figure

_NOT_YET = "not measured yet"


def figures(quick: bool) -> list[Figure]:
    """Return what is to be measured."""
    return [
        Figure("find, p95 over 100,000 artifacts", None, "ms", 50, 15, lower_is_better=True, note=_NOT_YET),
        Figure(
            "nDCG@10 of 200 labelled intents over 2,000 artifacts, over BM25 alone", None, "", 0.06, 0.12, note=_NOT_YET
        ),
    ]
