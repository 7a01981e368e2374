"""The method of near-duplicate removal: its parameters, and bands and rows solved from them.

Knows nothing of texts or files. What `Method.describe` returns is everything that a result depends on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

from drystone.errors import UsageError

#: The rule for tokens and shingles, as the kernel implements it (kernel/dedup/rule.hpp); a change of either, or of any
#: hash, is a new version.
RULE: Final = (
    "tokens: maximal runs of Unicode's letters, marks, numbers and connectors, of scripts without spaces one letter "
    "with its marks, case kept; shingles: sets of 5 consecutive tokens"
)
RULE_VERSION: Final = 2
#: What a token is: a word as it stands, or (kernel/dedup/code.hpp) code in another dress.
Tokens = Literal["words", "renamed"]
RENAMED_RULE: Final = (
    "tokens: of code without comments; keywords and names after a dot as they are, any other name by how many tokens "
    "ago it stood last, numbers and strings by their kind, each with the signs behind it; shingles: sets of 5 "
    "consecutive tokens"
)
RENAMED_VERSION: Final = 1
SHINGLE: Final = 5

_MAX_SIZE = 4096


def probability(similarity: float, bands: int, rows: int) -> float:
    """Return the chance that a pair of this Jaccard similarity shares a band: 1 - (1 - s^rows)^bands.

    Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, section 3.4.2.
    """
    return float(1.0 - (1.0 - similarity**rows) ** bands)


@lru_cache
def solve(threshold: float, recall: float, size: int) -> tuple[int, int]:
    """Return the bands and rows with the most rows (fewest needless comparisons) that still reach the recall.

    Raises `UsageError` where no banding of this size reaches it.
    """
    for rows in range(size, 0, -1):
        bands = size // rows
        if probability(threshold, bands, rows) >= recall:
            return bands, rows
    raise UsageError(
        f"no bands of a sketch of {size} values reach recall {recall} at threshold {threshold}; "
        "ask for less recall, a higher threshold or a larger size"
    )


@dataclass(frozen=True)
class Method:
    """How near duplicates are found and judged.

    `threshold`: least Jaccard similarity of two near duplicates, in (0, 1]. `recall`: wanted chance that a pair exactly
    at the threshold is compared at all, in (0, 1); more similar pairs have more. `sketch`: "oph" (one permutation,
    densified) or "permutations" (as many true permutations as `size`). `size`: values in a sketch, 1 to 4096. `bands`
    and `rows`: both given, or both None to be solved. `seed`: of all hashes, 0 to 2^64 - 1. `tokens`: "words", or
    "renamed": names of variables, literals, comments and white space make no difference.
    Raises `UsageError` naming the parameter that is out of its range.
    """

    threshold: float = 0.7
    recall: float = 0.99
    sketch: str = "oph"
    size: int = 256
    bands: int | None = None
    rows: int | None = None
    seed: int = 1
    tokens: Tokens = "words"

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold <= 1.0:
            raise UsageError(f"threshold is {self.threshold}; it must be above 0 and at most 1")
        if not 0.0 < self.recall < 1.0:
            raise UsageError(f"recall is {self.recall}; it must lie between 0 and 1")
        if self.sketch not in ("oph", "permutations"):
            raise UsageError(f"sketch is {self.sketch!r}; it must be 'oph' or 'permutations'")
        if self.tokens not in ("words", "renamed"):
            raise UsageError(f"tokens is {self.tokens!r}; it must be 'words' or 'renamed'")
        if not 1 <= self.size <= _MAX_SIZE:
            raise UsageError(f"size is {self.size}; it must be 1 to {_MAX_SIZE}")
        if not 0 <= self.seed < 2**64:
            raise UsageError(f"seed is {self.seed}; it must be 0 to 2^64 - 1")
        if (self.bands is None) != (self.rows is None):
            raise UsageError("give both bands and rows, or neither")
        if self.bands is not None and self.rows is not None:
            if self.bands < 1 or self.rows < 1 or self.bands * self.rows > self.size:
                raise UsageError(f"{self.bands} bands of {self.rows} rows do not fit a sketch of {self.size} values")
        else:
            solve(self.threshold, self.recall, self.size)

    @property
    def banding(self) -> tuple[int, int]:
        """Bands and rows, given or solved."""
        if self.bands is not None and self.rows is not None:
            return self.bands, self.rows
        return solve(self.threshold, self.recall, self.size)

    def describe(self) -> dict[str, Any]:
        """Return everything that a result depends on, for manifests and checkpoints; JSON-able."""
        bands, rows = self.banding
        renamed = self.tokens == "renamed"
        return {
            "rule": RENAMED_RULE if renamed else RULE,
            "rule_version": RENAMED_VERSION if renamed else RULE_VERSION,
            "shingle": SHINGLE,
            "threshold": self.threshold,
            "sketch": self.sketch,
            "size": self.size,
            "bands": bands,
            "rows": rows,
            "seed": self.seed,
            "recall_at_threshold": round(probability(self.threshold, bands, rows), 6),
        }
