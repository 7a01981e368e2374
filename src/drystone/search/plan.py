"""From a query to what is asked of each segment: masks over columns, formulas over trigrams, patterns over texts.

Every part of a query gives the files that it may hold for, and whether it surely holds for these; so a text is only
looked at where neither columns nor trigrams decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from drystone.search import filters
from drystone.search.expressions.matcher import Deadline, Matcher
from drystone.search.filters import Mask
from drystone.search.query import All, Either, Not, Query, QueryError, Term, parse, pattern_of, written
from drystone.search.segment import Segment, column

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
#: What of a pattern is no letter that anybody typed to be in upper case.
_NOT_LETTERS: Final = re.compile(
    r"\\[pP](?:\{[^}]*\}|.)|\\x\{[^}]*\}|\\x..|\\.|\(\?[a-zA-Z-]*|\[:\^?[a-z]+:\]", re.DOTALL
)
#: Numbers of a list that are read to look at one stretch of text less (kernel/search/query.hpp); of one in a store.
_WORTH: Final = 60
_WORTH_FAR: Final = 10_000
#: Bytes of texts to be looked through in one segment that are much.
_MUCH: Final = 16 << 20
_OPERATORS: Final = re.compile(r"[.*+?()\[\]{}|\\^$]")


@dataclass(eq=False, slots=True)
class Columns:
    """A part that columns, paths or symbols decide; `of_text` says that they say what a text does."""

    mask: Callable[[Segment], Mask]
    of_text: bool = False


@dataclass(eq=False, slots=True)
class Content:
    """A part that the text decides."""

    matcher: Matcher


@dataclass(eq=False, slots=True)
class Negation:
    """What does not match `part`."""

    part: Part


@dataclass(eq=False, slots=True)
class Every:
    """What matches every part."""

    parts: list[Part]


@dataclass(eq=False, slots=True)
class Some:
    """What matches one part at least."""

    parts: list[Part]


Part = Columns | Content | Negation | Every | Some


@dataclass
class QueryPlan:
    """A query ready to be asked.

    `shown` are the patterns whose matches are shown, `symbols` those of `sym:`, `words` the words whose definitions
    rank first, `paths` the patterns that a path may match; `count` is that of the query, 0 for all.
    """

    part: Part
    type: str = "filematch"
    count: int | None = None
    shown: list[Matcher] = field(default_factory=list)
    symbols: list[Matcher] = field(default_factory=list)
    words: list[tuple[str, bool]] = field(default_factory=list)
    paths: list[Matcher] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    text: str = ""

    @cached_property
    def decisive(self) -> Matcher | None:
        """The one pattern whose presence in the text decides about a candidate, where there is one."""
        parts = self.part.parts if isinstance(self.part, Every) else [self.part]
        # Every candidate is known to fulfil what columns decide, and is indexed where a pattern is asked for.
        rest = [one for one in parts if not isinstance(one, Columns) and not (isinstance(one, Every) and not one.parts)]
        return rest[0].matcher if len(rest) == 1 and isinstance(rest[0], Content) else None

    def most(self, limit: int | None, bound: int | None = None) -> int | None:
        """Return how many results there may be (None: all): as `count:` says, else `limit`; never more than `bound`."""
        asked = limit if self.count is None else self.count
        return min((most for most in (asked, bound) if most), default=None)

    def explain(self) -> Iterator[str]:
        """Yield in lines what is asked of an index and what of the texts."""
        yield f"query      {self.text}"
        for matcher in self.shown:
            yield f"pattern    {matcher.text}"
            yield f"trigrams   {matcher.formula}"
        for word, _ in self.words:
            yield f"first      files that define {word}, then files that are no vendored, generated or test code"


class _Planner:
    def __init__(self, query: str, ledger: bool) -> None:
        self.query, self.ledger = query, ledger
        self.tree = parse(query)
        self.plan = QueryPlan(Every([]), text=written(self.tree))

    def run(self) -> QueryPlan:
        self.plan.part = self.part(self.tree, "auto", "filematch", True)
        self.plan.type = self.option(self.tree, "type", "filematch")
        if self.plan.type == "file":
            self.plan.type = "filename"
        count = self.option(self.tree, "count", "")
        if count:
            self.plan.count = 0 if count == "all" else int(count)
        return self.plan

    def option(self, query: Query, name: str, default: str) -> str:
        """Return what `case:` or `type:` says in the scope of `query`: its parts down to the next parentheses."""
        parts = query.parts if isinstance(query, All | Either) else (query,)
        for part in parts:
            if isinstance(part, Term) and part.field == name:
                return part.value
            if isinstance(query, Either) and isinstance(part, All):
                found = self.option(part, name, "")
                if found:
                    return found
        return default

    def part(self, query: Query, case: str, kind: str, positive: bool) -> Part:
        if isinstance(query, Term):
            case, kind = self.option(query, "case", case), self.option(query, "type", kind)
            return self.term(query, case, kind, positive)
        if isinstance(query, Not):
            return Negation(self.part(query.part, case, kind, not positive))
        case, kind = self.option(query, "case", case), self.option(query, "type", kind)
        parts = [self.part(part, case, kind, positive) for part in query.parts]
        return Every(parts) if isinstance(query, All) else Some(parts)

    def matcher(self, term: Term, case: str) -> Matcher:
        fold = case == "no" or (case == "auto" and not _has_upper(term))
        return Matcher(pattern_of(term, fold=fold))

    def term(self, term: Term, case: str, kind: str, positive: bool) -> Part:
        name = term.field
        if name in {"case", "count", "type"}:
            return Every([])
        if name == "lang":
            return Columns(filters.language(term, self.query))
        if name == "license":
            return Columns(filters.license_(term, self.query))
        if name == "is" and term.value == "unindexed":
            return Columns(filters.unindexed, of_text=True)
        if name == "is":
            return Columns(filters.flag(term), of_text=term.value == "generated")
        if name == "year":
            return Columns(filters.years(term))
        if name == "swhid":
            return Columns(filters.swhid(term, self.query))
        if name in {"kept", "reason"} and not self.ledger:
            raise QueryError(self.query, term.column, f"'{name}:' asks the ledger, and this asks for kept files alone")
        if name == "kept":
            return Columns(filters.kept(term))
        matcher = self.matcher(term, case)
        if name == "repo":
            return Columns(filters.repository(matcher))
        if name == "reason":
            return Columns(filters.reason(matcher))
        if name == "file" or (not name and kind in {"filename", "file"}):
            return Columns(filters.path(matcher))
        if name == "sym":
            if positive:
                self.plan.symbols.append(matcher)
            return Columns(filters.symbol(matcher), of_text=True)
        if positive:
            self.plan.shown.append(matcher)
            if _WORD.match(term.value):
                self.plan.words.append((term.value, case == "no" or (case == "auto" and not _has_upper(term))))
        if term.form == "quoted" and _OPERATORS.search(term.value):
            self.plan.notes.append(
                "text between quotes stands for itself; to look for a pattern write it between slashes"
            )
        if name:
            return Content(matcher)
        if positive:
            self.plan.paths.append(matcher)
        return Some([Content(matcher), Columns(filters.path(matcher))])


def plan(query: str, *, ledger: bool = False) -> QueryPlan:
    """Read a query and say how it is answered; with `ledger` it may ask for `kept:` and `reason:`.

    Raises `QueryError`; `UsageError` for a pattern that is too large.
    """
    return _Planner(query, ledger).run()


def asks_ledger(query: str) -> bool:
    """Return whether a query asks for `kept:` or `reason:`. Raises `QueryError`."""
    return _asks(parse(query), {"kept", "reason"})


def asks_texts(query: str) -> bool:
    """Return whether a query that asks the ledger asks for texts too, and so needs an index. Raises `QueryError`."""
    return _of_text(plan(query, ledger=True).part)


def _of_text(part: Part) -> bool:
    if isinstance(part, Content):
        return True
    if isinstance(part, Columns):
        return part.of_text
    return any(_of_text(one) for one in ((part.part,) if isinstance(part, Negation) else part.parts))


def _asks(query: Query, fields: set[str]) -> bool:
    if isinstance(query, Term):
        return query.field in fields
    return any(_asks(part, fields) for part in ((query.part,) if isinstance(query, Not) else query.parts))


def _has_upper(term: Term) -> bool:
    text = term.value if term.form == "quoted" else _NOT_LETTERS.sub("", term.value)
    return any(c.isupper() for c in text)


class Spans(NamedTuple):
    """Pieces of texts in their pages, and the file that each is of; those of one file follow each other."""

    files: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


class State:
    """One plan before one segment: what may match, and what does."""

    def __init__(self, planned: QueryPlan, segment: Segment) -> None:
        self.plan, self.segment = planned, segment
        self._masks: dict[int, Mask] = {}
        self._stretches: dict[int, npt.NDArray[np.uint32]] = {}
        self._least: dict[int, int] = {}  # files that may hold a pattern, by its `id`
        self._paths: Mask | None = None
        #: What is asked of the lists that were read of an object, by the pattern's `id`.
        self.asked: dict[int, npt.NDArray[np.uint32]] = {}

    @property
    def columns(self) -> Mask:
        """The files that columns let through, as far as no pattern goes before."""
        found = np.ones(self.segment.count, bool)
        for part in self.plan.part.parts if isinstance(self.plan.part, Every) else [self.plan.part]:
            if isinstance(part, Columns):
                found &= self._mask(part)
        return found

    @property
    def lets_something_through(self) -> bool:
        """Whether columns let a file through; where none is asked for, they are not looked at."""
        parts = self.plan.part.parts if isinstance(self.plan.part, Every) else [self.plan.part]
        return not any(isinstance(part, Columns) for part in parts) or bool(self.columns.any())

    def _mask(self, part: Columns) -> Mask:
        mask = self._masks.get(id(part))
        if mask is None:
            mask = self._masks[id(part)] = part.mask(self.segment)
        return mask

    @cached_property
    def _bounded(self) -> tuple[Mask, bool]:
        return self._bounds(self.plan.part)

    @property
    def possible(self) -> Mask:
        """The files that may match."""
        return self._bounded[0]

    @property
    def sure(self) -> bool:
        """Whether all that may match do."""
        return self._bounded[1]

    @property
    def at_most(self) -> int:
        """How many files may match at most, as far as columns and counts of trigrams say."""
        return self._most(self.plan.part, self._mask_count)

    @cached_property
    def likely(self) -> int:
        """How many files match at most, but for those that only their path or another column speaks for."""
        return self._most(self.plan.part, lambda _part: 0)

    def _mask_count(self, part: Columns) -> int:
        return int(np.count_nonzero(self._mask(part)))

    def _most(self, part: Part, columns: Callable[[Columns], int]) -> int:
        if "_bounded" in vars(self) or self.segment.remote is not None:
            return int(np.count_nonzero(self.possible))
        if part is self.plan.part and self.decisive is not None:  # columns beside it are not counted for a guess
            return self._least_of(self.decisive)
        if isinstance(part, Columns):
            return columns(part)
        if isinstance(part, Content):
            return self._least_of(part.matcher)
        if isinstance(part, Some):
            return min(self.segment.count, sum(self._most(one, columns) for one in part.parts))
        if isinstance(part, Every):  # what columns let through beside patterns is not counted for a guess
            texts = [one for one in part.parts if not isinstance(one, Columns)] or part.parts
            return min((self._most(one, columns) for one in texts), default=self.segment.count)
        return self.segment.count

    def _least_of(self, matcher: Matcher) -> int:
        """Return how many files may hold a pattern, as far as the rarest of its trigrams says."""
        if not len(matcher.trigrams):
            return self.segment.count
        least = self._least.get(id(matcher))
        if least is None:
            least = min(self.segment.count, int(self.segment.trigrams.counts(matcher.trigrams).min()))
            self._least[id(matcher)] = least
        return least

    def _bounds(self, part: Part) -> tuple[Mask, bool]:
        """Return the files that a part may hold for, and whether it holds for all of them."""
        segment = self.segment
        if isinstance(part, Columns):
            return self._mask(part), True
        if isinstance(part, Content):
            return self._of_trigrams(part.matcher), False
        if isinstance(part, Negation):
            mask, sure = self._bounds(part.part)
            return (~mask, True) if sure else (np.ones(segment.count, bool), False)
        if isinstance(part, Every):
            found, sure = np.ones(segment.count, bool), True
            # What columns decide goes first: where nothing is left, no postings are read.
            for one in sorted(part.parts, key=lambda p: not isinstance(p, Columns)):
                mask, one_sure = self._bounds(one)
                found, sure = found & mask, sure and one_sure
                if not found.any():
                    return found, True
            return found, sure
        found, sure = np.zeros(segment.count, bool), True
        for one in part.parts:
            mask, one_sure = self._bounds(one)
            found, sure = found | mask, sure and one_sure
        return found, sure

    def _of_trigrams(self, matcher: Matcher) -> Mask:
        if matcher.formula.sign == "all":
            return self.segment.indexed.copy()
        segment, words = self.segment, self.asked.get(id(matcher))
        trigrams, words = (segment.trigrams, matcher.words) if words is None else (segment.read_trigrams, words)
        worth = _WORTH if segment.remote is None else _WORTH_FAR
        found = np.zeros(segment.count, bool)
        if matcher.by_line:  # its matches lie each in one stretch
            self._stretches[id(matcher)] = stretches = trigrams.candidates(words, None, worth)
            found[segment.stretches.files[stretches]] = True
        else:
            found[trigrams.candidates(words, segment.division, worth)] = True
        return found

    def spans(self, matcher: Matcher, files: npt.NDArray[np.int64]) -> Spans:
        """Return what of the texts of files a pattern may match in: stretches beside each other are one span."""
        segment, stretches = self.segment, self._stretches.get(id(matcher))
        starts = segment.starts[files]
        if stretches is None or 2 * len(stretches) > len(segment.stretches.files):  # most, so that parts win nothing
            return Spans(files, starts, starts + segment.sizes[files])
        first = segment.stretches.first
        low, high = np.searchsorted(stretches, first[files]), np.searchsorted(stretches, first[files + 1])
        counts = high - low
        ends = np.cumsum(counts)
        chosen = stretches[np.arange(ends[-1]) + np.repeat(low - ends + counts, counts)]
        owners = np.repeat(files, counts)
        begins = np.ones(len(chosen), bool)
        begins[1:] = (owners[1:] != owners[:-1]) | (chosen[1:] != chosen[:-1] + 1)
        at = np.flatnonzero(begins)
        last = np.append(at[1:], len(chosen)) - 1
        return Spans(owners[at], segment.stretches.starts[chosen[at]], segment.stretches.ends[chosen[last]])

    def expect_much(self) -> None:
        """Prepare to look at all that may match, not at a few."""
        if self.decisive is not None and self.segment.sizes[self.possible].sum() > _MUCH:
            self.decisive.prefer_hyperscan()

    def matches(self, file: int, text: Callable[[], memoryview], deadline: Deadline) -> bool:
        """Return whether a file that may match does."""
        return self.sure or self._holds(self.plan.part, file, text, deadline)

    @property
    def decisive(self) -> Matcher | None:
        """The one pattern whose presence in the text decides about a candidate, where there is one."""
        return self.plan.decisive

    def _holds(self, part: Part, file: int, text: Callable[[], memoryview], deadline: Deadline) -> bool:
        if isinstance(part, Columns):
            return bool(self._mask(part)[file])
        if isinstance(part, Content):
            return bool(self.segment.indexed[file]) and part.matcher.found(text(), deadline)
        if isinstance(part, Negation):
            return not self._holds(part.part, file, text, deadline)
        if isinstance(part, Every):
            return all(self._holds(one, file, text, deadline) for one in part.parts)
        return any(self._holds(one, file, text, deadline) for one in part.parts)

    @cached_property
    def definers(self) -> npt.NDArray[np.int64]:
        """Files that define a word that was asked for, or match `sym:`."""
        found = [self.segment.definers(word, folded) for word, folded in self.plan.words]
        found = [files for files in found if len(files)]
        return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)

    def why(self, file: int) -> str:
        """Return what let a file match: "path" where its path does, else "text"."""
        if not self.plan.paths:
            return "text"
        if self._paths is None:
            self._paths = np.zeros(self.segment.count, bool)
            for matcher in self.plan.paths:
                self._paths |= filters.path(matcher)(self.segment)
        return "path" if self._paths[file] else "text"

    def origin(self, file: int) -> str:
        """Return the origin of a file."""
        return str(self.segment.value("origin", file))


def word_lines(planned: QueryPlan, segment: Segment, file: int) -> list[int]:
    """Return the lines of a file that define a word that was asked for."""
    lines = [segment.defining_lines(word, folded, file) for word, folded in planned.words]
    return sorted({line for some in lines for line in some})


def symbol_lines(planned: QueryPlan, segment: Segment, file: int) -> list[int]:
    """Return the lines of a file that define what `sym:` asks for."""
    found: set[int] = set()
    for matcher in planned.symbols:
        rows = filters.symbol_rows(matcher, segment)
        files = column(segment.symbols, "file")[rows]
        found.update(column(segment.symbols, "line")[rows[files == file]].tolist())
    return sorted(found)
