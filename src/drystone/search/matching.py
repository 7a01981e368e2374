"""Whether and where a pattern matches in a text: RE2 for little text and for spans, Hyperscan for much.

Both run in time linear in the text. A text is a view of bytes; nothing is copied but the lines shown. Knows no index.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

import hyperscan
import re2

from drystone.errors import UsageError
from drystone.search.formula import Formula, formula_of
from drystone.search.patterns import Node, by_line, matches_nothing_at_all, written

#: Bytes that RE2 looks through before Hyperscan is asked: compiling takes it as long as RE2 needs for about so many.
_PATIENCE: Final = 4 << 20
#: Texts above are given in pieces of this size, so that a deadline holds inside them.
_PIECE: Final = 4 << 20
#: Memory of RE2's automata for one pattern, in bytes.
_MEMORY: Final = 64 << 20
_FLAGS: Final = hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY


class OutOfTimeError(Exception):
    """There was no time left; what was found until then stands."""


class Deadline:
    """A point in time after which `check` raises `OutOfTimeError`; None: there is none."""

    def __init__(self, seconds: float | None) -> None:
        self._at = None if seconds is None else time.monotonic() + seconds

    def check(self) -> None:
        """Raise `OutOfTimeError` where time is over."""
        if self._at is not None and time.monotonic() > self._at:
            raise OutOfTimeError


class Matcher:
    """One pattern, ready to be looked for. Not for several threads at once."""

    def __init__(self, node: Node) -> None:
        """Compile it. Raises `UsageError` where RE2 finds it too large."""
        self.node = node
        self.text = written(node)
        self.formula: Formula = formula_of(node)
        #: The formula as the kernel reads it.
        self.words = self.formula.words()
        #: Whether each match lies within one line, is not empty, and would be there were the line all there is.
        self.by_line = by_line(node) and not matches_nothing_at_all(node)
        options = re2.Options()
        options.log_errors, options.max_mem, options.never_capture = False, _MEMORY, True
        try:
            self._re2 = re2.compile(self.text.encode(), options)
        except re2.error as error:
            raise UsageError(f"the pattern is too large for RE2: {str(error)[:200]}") from None
        self._seen = 0
        self._block: Any = None
        self._stream: Any = None
        self._refused = False
        self._hit = False

    def prefer_hyperscan(self) -> None:
        """Look with Hyperscan from now on: much text will follow."""
        self._seen = _PATIENCE

    def found(self, text: memoryview, deadline: Deadline) -> bool:
        """Return whether the pattern matches anywhere. Raises `OutOfTimeError`, within a text too."""
        size = len(text)
        if self._seen < _PATIENCE and size <= _PIECE:
            self._seen += size
            return self._re2.search(text) is not None
        if self._block is None and not self._refused:
            self._compile()
        if self._refused:
            return self._re2.search(text) is not None
        if size == 0:
            return self._re2.search(b"") is not None
        self._hit = False
        if size <= _PIECE:
            self._block.scan(text, match_event_handler=self._note)
            return self._hit
        return self._found_in_pieces(text, deadline)

    def _note(self, *_: object) -> None:
        self._hit = True

    def _compile(self) -> None:
        try:
            self._block, self._stream = (
                self._database(mode) for mode in (hyperscan.HS_MODE_BLOCK, hyperscan.HS_MODE_STREAM)
            )
        except hyperscan.HyperscanError:
            self._refused = True  # RE2 takes what Hyperscan finds too large

    def _database(self, mode: int) -> Any:
        database = hyperscan.Database(mode=mode)
        database.compile(expressions=[self.text.encode()], ids=[0], elements=1, flags=_FLAGS)
        return database

    def _found_in_pieces(self, text: memoryview, deadline: Deadline) -> bool:
        with self._stream.stream(match_event_handler=self._note) as stream:
            for start in range(0, len(text), _PIECE):
                deadline.check()
                stream.scan(text[start : start + _PIECE])
                if self._hit:
                    break
        return self._hit

    def spans(self, text: memoryview) -> Iterator[tuple[int, int]]:
        """Yield where it matches, byte offsets, from left to right, without overlaps; empty matches too."""
        for match in self._re2.finditer(text):
            yield match.span()
