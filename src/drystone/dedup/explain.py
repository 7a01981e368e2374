"""The similarity of two texts, exact: tokens are compared as texts, no hash stands for them.

Of the kernel only the table of characters is used, and for `tokens = "renamed"` what makes words of code.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TypedDict

import pyarrow as pa

from drystone.dedup._kernel import word_ranges
from drystone.dedup.method import SHINGLE, Method
from drystone.dedup.sketches import dressed


class Explanation(TypedDict):
    """Exact Jaccard of two shingle sets, and what it is made of."""

    similarity: float
    shared: int
    total: int
    shingles: tuple[int, int]
    near: bool


@cache
def _token() -> re.Pattern[str]:
    """Return the pattern of a token in a text whose bytes that are no UTF-8 stand as U+DC80 to U+DCFF."""
    ranges = word_ranges()
    ends = [first - 1 for first, _ in ranges[1:]] + [0x10FFFF]
    joins, extends, alone = (
        "".join(f"\\U{first:08x}-\\U{last:08x}" for (first, of), last in zip(ranges, ends, strict=True) if of == kind)
        for kind in (1, 2, 3)
    )
    return re.compile(f"[{alone}][{extends}]*|[0-9A-Za-z_\\udc80-\\udcff{joins}{extends}]+")


def tokens(text: bytes) -> list[str]:
    """Return the tokens of a text, in order."""
    return _token().findall(text.decode("utf-8", "surrogateescape"))


def shingles(text: bytes) -> set[tuple[str, ...]]:
    """Return the distinct shingles of a text; empty for fewer than 5 tokens."""
    found = tokens(text)
    return set(zip(*(found[i:] for i in range(SHINGLE)), strict=False))


def explain(a: bytes, b: bytes, method: Method) -> Explanation:
    """Return the exact Jaccard similarity of two texts with the counts behind it; 0 where neither has a shingle.

    `near` says whether the similarity reaches the method's threshold.
    """
    left, right = (shingles(text.as_py()) for text in dressed(pa.array([a, b], pa.binary()), method))
    shared = len(left & right)
    total = len(left) + len(right) - shared
    similarity = shared / total if total else 0.0
    return {
        "similarity": similarity,
        "shared": shared,
        "total": total,
        "shingles": (len(left), len(right)),
        "near": similarity >= method.threshold,
    }
