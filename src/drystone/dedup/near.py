"""Near duplicates: the public face. Knows ids, texts and an order of choice, nothing of repositories or builds."""

from __future__ import annotations

from drystone.dedup.decide import DECISIONS, Summary, decide
from drystone.dedup.explain import Explanation, explain
from drystone.dedup.files import keep_file, write_kept
from drystone.dedup.method import Method
from drystone.dedup.settle import Fetch
from drystone.dedup.sketches import signature_type, signatures, sketch
from drystone.dedup.table import KEEP, keep

__all__ = [
    "DECISIONS",
    "KEEP",
    "Explanation",
    "Fetch",
    "Method",
    "Summary",
    "decide",
    "explain",
    "keep",
    "keep_file",
    "signature_type",
    "signatures",
    "sketch",
    "write_kept",
]
