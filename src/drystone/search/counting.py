"""How often a string stands in the texts of releases: every place, not only files.

Trigrams say which files may hold it, and these are read; so the number is that of a scan of all texts. Knows no query.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from drystone.errors import UsageError
from drystone.search import _kernel
from drystone.search.expressions.formula import of_strings
from drystone.search.expressions.matcher import Deadline
from drystone.search.filters import Mask
from drystone.search.segment import Segment

#: Longest string that is counted, in bytes.
LONGEST: Final = 100_000


@dataclass(slots=True)
class StringCount:
    """How often a string stands in texts: `times` in `files` files; `by` has the times of each value asked for.

    Places may overlap: `aa` stands twice in `aaa`. `unread` files of the release have no text there. Where `exact` is
    false, at most `at_most` more files hold the string, since time was over.
    """

    text: str
    times: int = 0
    files: int = 0
    unread: int = 0
    exact: bool = False
    at_most: int = 0
    seconds: float = 0.0
    by: dict[str, int] = field(default_factory=dict)


def needle_of(text: str, *, folded: bool) -> bytes:
    """Return the bytes to look for. Raises `UsageError` where there is nothing to look for, or too much."""
    try:
        raw = text.encode("utf-8", "surrogateescape")  # as a shell hands on what is no UTF-8
    except UnicodeEncodeError as error:
        raise UsageError(f"the string to count is no text: {error.reason} at character {error.start}") from None
    if not raw:
        raise UsageError("there is no string to count: give one character or more")
    if len(raw) > LONGEST:
        raise UsageError(f"the string has {len(raw):,} bytes; at most {LONGEST:,} can be counted")
    return _kernel.fold(raw) if folded else raw


def holders(segment: Segment, needle: bytes) -> Mask:
    """Return the files of a segment that may hold the bytes, in any case."""
    formula = of_strings([_kernel.fold(needle)])
    if formula.sign == "all":
        return segment.indexed.copy()
    possible = np.zeros(segment.count, bool)
    possible[segment.trigrams.candidates(formula.words(), segment.division)] = True
    return possible


def count(
    needle: bytes, folded: bool, texts: Iterator[tuple[Callable[[], str], memoryview]], deadline: Deadline,
    into: StringCount,
) -> None:  # fmt: skip
    """Add to `into` how often the needle stands in texts, each of which comes with what tells its value for `by`.

    Raises `OutOfTimeError`; what was counted until then stands.
    """
    counter = _kernel.Needle(needle)
    values: Counter[str] = Counter()
    try:
        for value, text in texts:
            deadline.check()
            into.at_most -= 1
            if times := counter.times(np.frombuffer(text, np.uint8), folded):
                into.times += times
                into.files += 1
                values[value()] += times
        into.exact = True
    finally:
        values.pop("", None)  # nobody asked for values
        into.by = dict(sorted(values.items(), key=lambda one: (-one[1], one[0])))
