"""Random patterns, each also as Python's own engine reads it, and texts in which they have a chance."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from hypothesis import reject
from hypothesis import strategies as st

Found = TypeVar("Found")
#: Seconds of processor time that Python's engine, which goes back and forth, may take over one example.
_PATIENCE = 4.0

ALPHABET = "abAB k\u212as\u017f\u00e9\u00c9\u00df_1.(\n\t\u4f60"
texts = st.text(ALPHABET, max_size=40)


class Pattern(NamedTuple):
    """One pattern, and what Python's `re` (MULTILINE) calls the same: there, what goes over a line end says so."""

    ours: str
    python: str


_SAME = ["a", "b", "A", "B", "k", "s", "\u00e9", "\u017f", "_", "1", r"\.", r"\(", " ", "[ab]", "[a-b1]"]
_characters = st.sampled_from(
    [*(Pattern(c, c) for c in _SAME), Pattern(r"\x{212a}", "\u212a"), Pattern("[k-s]", "[k-s]")]
)
_EDGE = "(?:(?<![0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?![0-9A-Za-z_]))"
_others = st.sampled_from(
    [
        Pattern(".", "."),
        Pattern(r"\w", "[0-9A-Za-z_]"),
        Pattern(r"\W", r"[^0-9A-Za-z_\n]"),
        Pattern(r"\d", "[0-9]"),
        Pattern(r"\D", r"[^0-9\n]"),
        Pattern(r"\s", r"[\t\f\r ]"),
        Pattern(r"\S", r"[^\t\f\r\n ]"),
        Pattern("[^a]", r"[^a\n]"),
        Pattern(r"[^\w]", r"[^0-9A-Za-z_\n]"),
        Pattern(r"[^\S]", r"[\t\f\r ]"),
        Pattern(r"[\D]", r"[^0-9\n]"),
        Pattern(r"[\s\n]", r"[\t\f\r\n ]"),
        Pattern("[[:alpha:]_]", "[A-Za-z_]"),
        Pattern(r"\pL", r"[^\W\d_]"),
        Pattern(r"\n", r"\n"),
        Pattern("^", "^"),
        Pattern("$", "$"),
        Pattern(r"\b", _EDGE),
        Pattern(r"\B", f"(?!{_EDGE})"),
        Pattern(r"\A", r"\A"),
        Pattern(r"\z", r"\Z"),
    ]
)


def _folded(inside: st.SearchStrategy[Pattern]) -> st.SearchStrategy[Pattern]:
    return inside.map(lambda p: Pattern(f"(?i:{p.ours})", f"(?i:{p.python})"))


_leaves = st.one_of(_characters, _characters, _folded(_characters), _others)


def _larger(inside: st.SearchStrategy[Pattern]) -> st.SearchStrategy[Pattern]:
    def joined(parts: list[Pattern], sign: str) -> Pattern:
        return Pattern(*(f"(?:{sign.join(part)})" for part in zip(*parts, strict=True)))

    counts = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}", "*?"])
    return st.one_of(
        st.lists(inside, min_size=2, max_size=5).map(lambda parts: joined(parts, "")),
        st.lists(inside, min_size=2, max_size=3).map(lambda parts: joined(parts, "|")),
        st.tuples(inside, counts).map(lambda t: Pattern(f"(?:{t[0].ours}){t[1]}", f"(?:{t[0].python}){t[1]}")),
    )


patterns = st.recursive(_leaves, _larger, max_leaves=12)


def _repeats(text: str) -> int:
    """Return how deep repetitions stand in each other: two with much text keep Python's own engine for minutes."""
    deepest = depth = 0
    groups: list[bool] = []
    for at in range(len(text) - 1, -1, -1):  # a count stands behind its group
        if text[at] == ")" and text[at - 1 : at] != "\\":
            groups.append(text[at + 1 : at + 2] in {"*", "+", "?", "{"})
            depth += groups[-1]
        elif text[at] == "(" and text[at - 1 : at] != "\\" and groups:
            depth -= groups.pop()
        deepest = max(deepest, depth)
    return deepest


def _unbounded(text: str) -> int:
    """Return how many repetitions have no end: with each, Python's own engine takes the text's length times as long."""
    return text.count(")*") + text.count(")+")


#: Those that Python's own engine looks for in megabytes within seconds.
quick_patterns = patterns.filter(lambda pattern: _repeats(pattern.python) < 2 and _unbounded(pattern.python) < 2)


class _TooLongError(Exception):
    pass


def as_python_finds(look: Callable[[re.Pattern[str]], Found], pattern: Pattern) -> Found:
    """Return what `look` finds with Python's own engine; an example over which that one takes too long is left out."""

    def stop(*_: object) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, _PATIENCE)
    try:
        return look(re.compile(pattern.python, re.MULTILINE))
    except _TooLongError:
        reject()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
