"""Near duplicates: the public face. Knows ids, texts and an order of choice, nothing of repositories or builds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drystone._lazy import lazily

if TYPE_CHECKING:
    from drystone.dedup.decide import DECISIONS, Summary, decide
    from drystone.dedup.explain import Explanation, explain
    from drystone.dedup.files import keep_file, write_kept
    from drystone.dedup.method import Method
    from drystone.dedup.past import Previous, reuse
    from drystone.dedup.settle import Fetch
    from drystone.dedup.sketches import signature_type, signatures, sketch
    from drystone.dedup.table import KEEP, keep

__all__ = [
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

__getattr__ = lazily(
    __name__,
    {
        "DECISIONS": "drystone.dedup.decide",
        "KEEP": "drystone.dedup.table",
        "Explanation": "drystone.dedup.explain",
        "Fetch": "drystone.dedup.settle",
        "Method": "drystone.dedup.method",
        "Previous": "drystone.dedup.past",
        "Summary": "drystone.dedup.decide",
        "decide": "drystone.dedup.decide",
        "explain": "drystone.dedup.explain",
        "keep": "drystone.dedup.table",
        "keep_file": "drystone.dedup.files",
        "reuse": "drystone.dedup.past",
        "signature_type": "drystone.dedup.sketches",
        "signatures": "drystone.dedup.sketches",
        "sketch": "drystone.dedup.sketches",
        "write_kept": "drystone.dedup.files",
    },
)
