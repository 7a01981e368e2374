"""Which files of a segment a field of the query lets through, as one array of booleans; no text is read for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from drystone.detect.languages.tables import by_alias, languages
from drystone.detect.licenses.categories import categories
from drystone.search.expressions.matcher import Deadline, Matcher
from drystone.search.query import QueryError, Term
from drystone.search.segment import FLAGS, Segment, column

Mask = npt.NDArray[np.bool_]
#: What `lang:` says of files without a language.
NO_LANGUAGE: Final = "none"
_SWHID: Final = re.compile(r"(?:swh:1:cnt:)?([0-9a-f]{4,40})(?:;.*)?\Z", re.DOTALL)
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_WORDS: Final = frozenset({"and", "or", "with"})
#: Longest expression that `license:` compares, in characters: making it simple takes time with the square of its parts.
_LONGEST_EXPRESSION: Final = 4000
_TYPES: Final = {"permissive": "permissive", "none": "no_license", "no_license": "no_license",
                 "non_permissive": "non_permissive"}  # fmt: skip


class Rows(Protocol):
    """What filters look at: the files of a segment, or rows of a ledger."""

    @property
    def count(self) -> int:
        """How many there are."""
        ...

    @property
    def flags(self) -> npt.NDArray[np.uint8]:
        """Bits of `segment.FLAGS`."""
        ...

    @property
    def years(self) -> npt.NDArray[np.int16]:
        """Years of commits, 0 where unknown."""
        ...

    @property
    def hashes(self) -> npt.NDArray[np.uint8] | npt.NDArray[np.int16]:
        """Hashes of SWHIDs, shape (count, 20); -1 where there is none."""
        ...

    @property
    def path_lines(self) -> tuple[bytes, npt.NDArray[np.int64]]:
        """All paths, one a line, and where each begins."""
        ...

    def codes(self, name: str) -> tuple[list[Any], npt.NDArray[np.int32]]:
        """Return the distinct values of a column, the last of them None, and for each row which one it has."""
        ...


def of_values(rows: Rows, column: str, test: Callable[[str], bool]) -> Mask:
    """Return where a column has a value that passes; each distinct value is tried once."""
    values, codes = rows.codes(column)
    passes = np.array([value is not None and test(value) for value in values], bool)
    found: Mask = passes[codes]
    return found


def language(term: Term, query: str) -> Callable[[Rows], Mask]:
    """Return the filter of `lang:`: Linguist's name or alias, in any case, or `none` for files without a language.

    Raises `QueryError` for what is none of these.
    """
    if term.value.lower() == NO_LANGUAGE:
        return without_language
    wanted = by_alias().get(term.value.lower())
    if wanted is None:
        raise QueryError(
            query, term.column, "expected a language as Linguist names it, or none" + _near(term, list(languages()))
        )
    return lambda rows: of_values(rows, "language", lambda name: name == wanted)


def without_language(rows: Rows) -> Mask:
    """Return where no language is settled, or none was asked: a kept file always has one."""
    values, codes = rows.codes("language")
    found: Mask = np.array([not value for value in values], bool)[codes]
    return found


def _near(term: Term, known: list[str]) -> str:
    """Return a hint at the nearest of the known names, which differ in more than case; nothing where none is near."""
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(term.value.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""


def repository(matcher: Matcher) -> Callable[[Rows], Mask]:
    """Return the filter of `repo:`: a pattern over origin and name."""
    never = Deadline(None)

    def test(text: str) -> bool:
        return matcher.found(memoryview(text.encode()), never)

    return lambda rows: of_values(rows, "origin", test) | of_values(rows, "repo_name", test)


def license_(term: Term, query: str) -> Callable[[Rows], Mask]:
    """Return the filter of `license:`: a family, one SPDX identifier that the expression names, or an equal expression.

    Raises `QueryError` for what is none of these.
    """
    wanted = term.value.casefold()
    if wanted in _TYPES:
        return lambda rows: of_values(rows, "license_type", lambda t: t == _TYPES[wanted])
    if wanted == "copyleft":
        return lambda rows: of_values(rows, "license_expression", _names_copyleft)
    if term.form != "quoted" and _IDENTIFIER.fullmatch(term.value):
        if wanted not in _known_licenses() and not wanted.startswith("licenseref-"):
            raise QueryError(query, term.column, "expected permissive, non_permissive, copyleft, none or an SPDX "
                             "identifier" + _near(term, list(categories())))  # fmt: skip
        return lambda rows: of_values(rows, "license_expression", lambda e: wanted in _named(e))
    return _equal_expression(term, query)


@cache
def _known_licenses() -> frozenset[str]:
    return frozenset(name.casefold() for name in categories())


@lru_cache(maxsize=4096)
def _named(expression: str) -> frozenset[str]:
    return frozenset(name.casefold() for name in _IDENTIFIER.findall(expression)) - _WORDS


def _names_copyleft(expression: str) -> bool:
    known = categories()
    return any(
        known.get(name, "").startswith("Copyleft")
        for name in _IDENTIFIER.findall(expression)
        if name.lower() not in _WORDS
    )


def _equal_expression(term: Term, query: str) -> Callable[[Rows], Mask]:
    from license_expression import ExpressionError, Licensing  # noqa: PLC0415  (slow to load, and seldom asked for)

    if len(term.value) > _LONGEST_EXPRESSION:
        raise QueryError(
            query, term.column, f"expected an SPDX expression of at most {_LONGEST_EXPRESSION:,} characters"
        )
    licensing = Licensing()

    def simple(text: str) -> Any:
        return licensing.parse(
            text.casefold().replace(" or ", " OR ").replace(" and ", " AND ").replace(" with ", " WITH ")
        )

    try:
        wanted = simple(term.value).simplify()
    except (ExpressionError, AttributeError):
        raise QueryError(query, term.column, 'expected an SPDX expression such as "MIT OR Apache-2.0"') from None

    def test(expression: str) -> bool:
        try:
            return bool(simple(expression).simplify() == wanted)
        except (ExpressionError, AttributeError):
            return False

    return lambda rows: of_values(rows, "license_expression", test)


def flag(term: Term) -> Callable[[Rows], Mask]:
    """Return the filter of `is:`."""
    bit = np.uint8(FLAGS[term.value])
    return lambda rows: (rows.flags & bit) != 0


def unindexed(segment: Segment) -> Mask:
    """Return the files that no words of their texts find: the filter of `is:unindexed`."""
    return ~segment.indexed


def years(term: Term) -> Callable[[Rows], Mask]:
    """Return the filter of `year:`, of the commit."""
    first, dash, last = term.value.partition("-")
    low, high = int(first), int(last) if dash else int(first)

    def test(rows: Rows) -> Mask:
        found: Mask = (rows.years != 0) & (rows.years >= low) & (rows.years <= high)  # 0 is no year
        return found

    return test


def swhid(term: Term, query: str) -> Callable[[Rows], Mask]:
    """Return the filter of `swhid:`: a content, or the first digits of its hash. Raises `QueryError` for others."""
    match = _SWHID.match(term.value.lower())
    if match is None:
        raise QueryError(query, term.column, "expected swh:1:cnt: and hex digits, or at least 4 of the digits")
    digits = match[1]
    whole, odd = bytes.fromhex(digits[: len(digits) // 2 * 2]), digits[-1:] if len(digits) % 2 else ""

    def test(rows: Rows) -> Mask:
        hashes = rows.hashes
        found: Mask = (hashes[:, : len(whole)] == np.frombuffer(whole, np.uint8)).all(axis=1)
        if odd:
            found &= (hashes[:, len(whole)] >> 4) == int(odd, 16)
        return found

    return test


def kept(term: Term) -> Callable[[Rows], Mask]:
    """Return the filter of `kept:`."""
    wanted = "kept" if term.value == "yes" else "dropped"
    return lambda rows: of_values(rows, "decision", lambda decision: decision == wanted)


def reason(matcher: Matcher) -> Callable[[Rows], Mask]:
    """Return the filter of `reason:`: a pattern over why a file was dropped."""
    never = Deadline(None)
    return lambda rows: of_values(rows, "reason", lambda word: matcher.found(memoryview(word.encode()), never))


def path(matcher: Matcher) -> Callable[[Rows], Mask]:
    """Return the filter of `file:`: a pattern over paths."""

    def test(rows: Rows) -> Mask:
        joined, begins = rows.path_lines
        return _lines(matcher, joined, begins, rows.count)

    return test


def symbol(matcher: Matcher) -> Callable[[Segment], Mask]:
    """Return the filter of `sym:`: files that define a name which the pattern matches."""

    def test(segment: Segment) -> Mask:
        found = np.zeros(segment.count, bool)
        found[column(segment.symbols, "file")[symbol_rows(matcher, segment)]] = True
        return found

    return test


def symbol_rows(matcher: Matcher, segment: Segment) -> npt.NDArray[np.int64]:
    """Return the rows of the segment's symbols whose names the pattern matches."""
    joined, begins = segment.name_lines
    names = np.flatnonzero(_lines(matcher, joined, begins, len(begins)))
    of_row = column(segment.symbols, "name")
    low, high = np.searchsorted(of_row, names, "left"), np.searchsorted(of_row, names, "right")
    ranges = [np.arange(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    return np.concatenate(ranges) if ranges else np.zeros(0, np.int64)


def _lines(matcher: Matcher, joined: bytes, begins: npt.NDArray[np.int64], count: int) -> Mask:
    """Return which lines the pattern matches in."""
    found = np.zeros(count, bool)
    view = memoryview(joined)
    if matcher.by_line:
        starts = np.fromiter((start for start, _ in matcher.spans(view)), np.int64)
        found[np.searchsorted(begins, starts, side="right") - 1] = True
        return found
    never = Deadline(None)
    ends = [*begins[1:].tolist(), len(joined)]
    for line, (begin, end) in enumerate(zip(begins.tolist(), ends, strict=False)):
        found[line] = matcher.found(view[begin : end - 1], never)
    return found
