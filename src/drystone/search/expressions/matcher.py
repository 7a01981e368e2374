"""Whether and where a pattern matches in a text: RE2 for little text and for spans, Hyperscan for much.

Both run in time linear in the text. A text is a view of bytes; nothing is copied but the lines shown. Knows no index.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final

import hyperscan
import numpy as np
import numpy.typing as npt
import re2

from drystone.errors import UsageError
from drystone.search import _kernel
from drystone.search.expressions.formula import Formula, formula_of
from drystone.search.expressions.patterns import Node, by_line, matches_nothing_at_all, written
from drystone.search.expressions.runs import runs_of
from drystone.search.expressions.sieve import sieve

Ints = npt.NDArray[np.int64]

#: Bytes that RE2 looks through before Hyperscan is asked: compiling takes it as long as RE2 needs for about so many.
_PATIENCE: Final = 512 << 10
#: Texts above are given in pieces of this size, so that a deadline holds inside them.
_PIECE: Final = 4 << 20
#: Memory of RE2's automata for one pattern, in bytes.
_MEMORY: Final = 64 << 20
#: Of so many texts that a sieve was tried on, at most the share that may pass if it is to be kept.
_TRIED: Final = 64
_PASSING: Final = 0.25
#: Bytes of which a run that is looked for in a piece takes note before it: more than a run has.
_BEFORE: Final = 128
_FLAGS: Final = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY


class OutOfTimeError(Exception):
    """There was no time left; what was found until then stands."""


class Deadline:
    """A point in time after which `check` raises `OutOfTimeError`; None: there is none.

    It also does where `stopped` says that nobody waits for the answer any more.
    """

    def __init__(self, seconds: float | None, stopped: Callable[[], bool] = lambda: False) -> None:
        self._at = None if seconds is None else time.monotonic() + seconds
        self._stopped = stopped

    def check(self) -> None:
        """Raise `OutOfTimeError` where time is over."""
        if (self._at is not None and time.monotonic() > self._at) or self._stopped():
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
        #: Trigrams that every text has in which the pattern matches.
        self.trigrams = np.array(sorted(self.formula.trigrams) if self.formula.sign == "and" else [], np.uint64)
        #: Whether each match lies within one line, is not empty, and would be there were the line all there is.
        self.by_line = by_line(node) and not matches_nothing_at_all(node)
        #: What the kernel looks for before any engine does, or in place of one.
        self.runs = runs_of(node)
        if not self.runs.exact:
            _ = self._re2  # at once, since it may be too large
        self._sieve: str | None = None
        self._seen = 0
        self._block: Any = None
        self._stream: Any = None
        self._refused = self._given_up = False
        self._tried = self._passed = 0
        self._hits: list[int] = []

    @cached_property
    def _re2(self) -> Any:
        options = re2.Options()
        options.log_errors, options.max_mem, options.never_capture = False, _MEMORY, True
        try:
            return re2.compile(self.text.encode(), options)
        except re2.error as error:
            raise UsageError(f"the pattern is too large for RE2: {str(error)[:200]}") from None

    def prefer_hyperscan(self) -> None:
        """Look with Hyperscan from now on: much text will follow."""
        self._seen = _PATIENCE

    def found(self, text: memoryview, deadline: Deadline) -> bool:
        """Return whether the pattern matches anywhere. Raises `OutOfTimeError`, within a text too."""
        size = len(text)
        if self.runs.exact:
            return self._has_run(text, deadline)
        if self._seen < _PATIENCE and size <= _PIECE:
            match = self._re2.search(text)
            self._seen += size if match is None else match.end()
            return match is not None
        if self._block is None and not self._refused:
            self._compile()
        if size == 0:
            return self._re2.search(b"") is not None
        if self._refused:
            return self._found_by_lines(text, deadline)
        if size > _PIECE:
            return self._found_in_pieces(text, deadline)
        self._tried += 1
        self._block.scan(text, self._note)
        return self._hit() and (self._sieve is None or self._confirmed(text))

    def among(
        self, files: Ints, starts: Ints, ends: Ints, deadline: Deadline
    ) -> Callable[[Sequence[memoryview], Sequence[int]], list[int]]:
        """Return what tells in which files the pattern matches, of some pages of texts.

        It is called with pages and borders: from borders[i] to borders[i + 1] of the lists, start:end is a span of
        page i and of the file beside it. Starts ascend in a page, and spans of one file follow each other. Raises
        `OutOfTimeError`, within a text too.
        """
        runs, in_line = self.runs, self.by_line and not self.runs.exact
        of, begin, end = files.tolist(), starts.tolist(), ends.tolist()

        def holding(pages: Sequence[memoryview], borders: Sequence[int]) -> list[int]:
            deadline.check()
            low, high = borders[0], borders[-1]
            found = _kernel.holding(
                pages, [border - low for border in borders], starts[low:high], ends[low:high], runs.sets, in_line,
                runs.before, runs.after,
            )  # fmt: skip
            return [low + at for at in found]

        def matches(pages: Sequence[memoryview], borders: Sequence[int]) -> list[int]:
            small = max(map(len, pages), default=0) <= _PIECE
            places: Sequence[int] = holding(pages, borders) if runs.sets and small else range(borders[0], borders[-1])
            if not places or (runs.exact and small):
                return list(dict.fromkeys([of[at] for at in places]))
            found: list[int] = []
            for data, low, high in zip(pages, borders, borders[1:], strict=False):
                here = places[bisect_left(places, low) : bisect_left(places, high)]
                deadline.check()
                if len(here) > 1 and self._block is not None and small:
                    found += self._scanned(data, here, of, begin, end)
                    continue
                for at in here:
                    if (not found or found[-1] != of[at]) and self.found(data[begin[at] : end[at]], deadline):
                        found.append(of[at])
            return found

        return matches

    def _has_run(self, text: memoryview, deadline: Deadline) -> bool:
        """Return whether a text has the run that the pattern comes to, with a look at the time between pieces."""
        runs, size = self.runs, len(text)
        for start in range(0, max(size, 1), _PIECE):
            deadline.check()
            low, high = max(0, start - _BEFORE), min(size, start + _PIECE)
            # Of a piece its edges are none of the text: what stands there is seen in the piece beside.
            edges = runs.before and low == 0, runs.after and high == size
            if _kernel.holding([text], [0, 1], np.array([low]), np.array([high]), runs.sets, False, *edges):
                return True
        return False

    def _scanned(
        self, data: memoryview, places: Sequence[int], files: list[int], starts: list[int], ends: list[int]
    ) -> list[int]:
        scan, note, hits, sieved = self._block.scan, self._note, self._hits, self._sieve is not None
        found: list[int] = []
        self._tried += len(places)
        if sieved:  # what lies between texts does no harm to a sieve
            scan(data[starts[places[0]] : ends[places[-1]]], note)
            if not hits:
                return found
            hits.clear()
        last = -1
        for at in places:
            file, start, end = files[at], starts[at], ends[at]
            if file == last:
                continue
            if start == end:
                hits += [1] * (self._re2.search(b"") is not None)
            else:
                scan(data[start:end], note)
            if hits:
                hits.clear()
                if not sieved or self._confirmed(data[start:end]):
                    found.append(file)
                    last = file
        return found

    def _confirmed(self, text: memoryview) -> bool:
        """Look closely at a text that passed the sieve; one that most texts pass is given up."""
        self._passed += 1
        found = self._re2.search(text) is not None
        if self._tried >= _TRIED and self._passed > _PASSING * self._tried:
            self._sieve, self._block, self._given_up = None, None, True
        return found

    def _note(self, *_: object) -> None:
        self._hits.append(1)

    def _hit(self) -> bool:
        found = bool(self._hits)
        self._hits.clear()
        return found

    def _compile(self) -> None:
        if not self._given_up:
            self._sieve = sieve(self.node)
        try:
            if self._sieve is not None:
                self._block = _database(self._sieve, hyperscan.HS_MODE_BLOCK, _FLAGS)
                return
        except hyperscan.HyperscanError:
            self._sieve = None
        try:
            self._block = _database(self.text, hyperscan.HS_MODE_BLOCK, _FLAGS | hyperscan.HS_FLAG_UTF8)
        except hyperscan.HyperscanError:
            self._refused = True  # RE2 takes what Hyperscan finds too large

    def _found_in_pieces(self, text: memoryview, deadline: Deadline) -> bool:
        if self._stream is None:
            try:
                flags = _FLAGS | hyperscan.HS_FLAG_UTF8
                self._stream = _database(self.text, hyperscan.HS_MODE_STREAM, flags)
            except hyperscan.HyperscanError:
                return self._found_by_lines(text, deadline)
        # The binding keeps no reference to either, and reads a context that nobody gave from memory it never wrote.
        note = self._note
        with self._stream.stream(match_event_handler=note, context=note) as stream:
            for start in range(0, len(text), _PIECE):
                deadline.check()
                stream.scan(text[start : start + _PIECE])
                if self._hits:
                    break
        return self._hit()

    def _found_by_lines(self, text: memoryview, deadline: Deadline) -> bool:
        """Look with RE2, where matches stay within lines in pieces of whole lines; one longer line is one piece."""
        start = 0
        while self.by_line and len(text) - start > _PIECE:
            deadline.check()
            end = _line_end(text, start + _PIECE)
            if self._re2.search(text[start:end]) is not None:
                return True
            start = end
        return self._re2.search(text[start:]) is not None

    def spans(self, text: memoryview) -> Iterator[tuple[int, int]]:
        """Yield where it matches, byte offsets, from left to right, without overlaps; empty matches too."""
        for match in self._re2.finditer(text):
            yield match.span()


def _database(expression: str, mode: int, flags: int) -> Any:
    database = hyperscan.Database(mode=mode)
    database.compile(expressions=[expression.encode()], ids=[0], elements=1, flags=flags)
    return database


def _line_end(text: memoryview, at: int) -> int:
    """Return where the line ends that goes on at a place."""
    while at < len(text):
        found = bytes(text[at : at + _PIECE]).find(b"\n")
        if found >= 0:
            return at + found + 1
        at += _PIECE
    return len(text)
