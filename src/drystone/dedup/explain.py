"""The similarity of two texts, exact and without the kernel: tokens are compared as bytes, no hash stands for them."""

from __future__ import annotations

import re
from typing import TypedDict

from drystone.dedup.method import SHINGLE, Method

_TOKEN = re.compile(rb"[0-9A-Za-z_\x80-\xff]+")


class Explanation(TypedDict):
    """Exact Jaccard of two shingle sets, and what it is made of."""

    similarity: float
    shared: int
    total: int
    shingles: tuple[int, int]
    near: bool


def shingles(text: bytes) -> set[tuple[bytes, ...]]:
    """Return the distinct shingles of a text; empty for fewer than 5 tokens."""
    tokens = _TOKEN.findall(text)
    return set(zip(*(tokens[i:] for i in range(SHINGLE)), strict=False))


def explain(a: bytes, b: bytes, method: Method) -> Explanation:
    """Return the exact Jaccard similarity of two texts with the counts behind it; 0 where neither has a shingle.

    `near` says whether the similarity reaches the method's threshold.
    """
    left, right = shingles(a), shingles(b)
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
