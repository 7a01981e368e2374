"""The rule by which a text holds a task, as numbers. Light to load: settings name it."""

from __future__ import annotations

from typing import Final

#: As the kernel implements it (kernel/dedup/code.hpp); a change of it, of a number here or of a hash, is a new version.
RULE_VERSION: Final = 1
#: What more tasks than these share is nobody's: imports, "Write a function to".
COMMON: Final = 32
#: A part with fewer distinct shingles than these is what any program may hold: `gcd`, `sum(range(n))`.
GENERIC: Final = {"code": 12, "words": 10}
#: Least share of a part's shingles that a text holds.
THRESHOLD: Final = 0.8
