"""Lines that common languages have and others seldom, for files whose name says nothing. Knows nothing of likeness.

Each pattern of `data/idioms.toml` stands for one idiom; how many idioms of a language a text has is evidence beside its
likeness.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final

from drystone.detect.patterns import PatternSet

_IDIOMS: Final = Path(__file__).with_name("data") / "idioms.toml"
_HEAD_BYTES: Final = 16 * 1024


@cache
def _compiled() -> tuple[PatternSet, list[str]]:
    table = tomllib.loads(_IDIOMS.read_text("utf-8"))
    rows = [(language, pattern) for language, patterns in table.items() for pattern in patterns]
    return PatternSet([pattern for _, pattern in rows], lines=True), [language for language, _ in rows]


def idioms(content: bytes) -> Counter[str]:
    """Return how many different idioms of each common language the first 16 KiB of a text have."""
    patterns, owners = _compiled()
    return Counter(owners[number] for number in patterns.matching(content[:_HEAD_BYTES]))
