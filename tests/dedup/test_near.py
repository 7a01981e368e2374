"""The public face stays what it is."""

from __future__ import annotations

from drystone.dedup import near


def test_names() -> None:
    assert near.__all__ == [
        "DECISIONS",
        "KEEP",
        "Explanation",
        "Fetch",
        "Method",
        "Previous",
        "Summary",
        "decide",
        "explain",
        "keep",
        "keep_file",
        "reuse",
        "signature_type",
        "signatures",
        "sketch",
        "write_kept",
    ]


def test_explain_counts_distinct_shingles() -> None:
    told = near.explain(b"a b c d e f a b c d e", b"a b c d e f g", near.Method())
    assert told == {"similarity": 2 / 7, "shared": 2, "total": 7, "shingles": (6, 3), "near": False}
    assert near.explain(b"a b", b"a b", near.Method())["similarity"] == 0.0
