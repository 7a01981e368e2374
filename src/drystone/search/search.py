"""Answers to a query over releases: which files match, where, and what is known of them.

Candidates come from postings and columns, then each text is looked at; so what is found is what a scan of all texts
would find. Every answer says how many there are and whether that is exact.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from drystone.identity.swhid import Swhid
from drystone.release.read import Release
from drystone.search import counting, plan, ranking
from drystone.search.counting import StringCount
from drystone.search.filters import Mask
from drystone.search.index import open_segments
from drystone.search.limits import FILES, LINES, PASSAGES
from drystone.search.matching import Deadline, OutOfTimeError
from drystone.search.pages import Cache, ReadShard
from drystone.search.segment import FLAGS, Segment

#: Bytes of text that are kept unpacked between queries.
MEMORY: Final = 1 << 30
#: What files are counted by, and the column that has it.
COUNTED: Final = {
    "language": "language",
    "license": "license_expression",
    "repository": "origin",
    "year": "year",
}
#: What `Searcher.table` returns: these columns of `segment.FILES`.
TABLE: Final = pa.schema(
    [
        ("path", pa.string()),
        ("origin", pa.string()),
        ("language", pa.string()),
        ("license_expression", pa.string()),
        ("swhid", pa.binary(20)),
        ("lines", pa.int64()),
        ("bytes", pa.int64()),
    ]
)
#: Paths that a qualifier of a SWHID holds as they are.
_PLAIN: Final = re.compile(r"/[A-Za-z0-9/._-]*\Z")
#: Bytes of a line that are shown; a longer one is cut around its first match.
MOST_SHOWN: Final = 400


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file: its number from 1, text, the spans in it that match, as characters; `cut` if not all is shown.

    A line without spans stands for context.
    """

    number: int
    text: str
    spans: tuple[tuple[int, int], ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A file that matches. `lines` are the first that do, with context; `more` says that there are further ones.

    `why` says what ranked it: "definition", "path" or "text"; `swhid` names the file with origin, path and those lines.
    """

    release: str
    version: str
    path: str
    origin: str
    repository: str
    language: str
    license: str | None
    swhid: str
    flags: tuple[str, ...]
    why: str
    lines: tuple[Line, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a file's text that fits the words: its lines (from 1, inclusive), text and score.

    `swhid` names the file with origin, path and these lines.
    """

    release: str
    version: str
    path: str
    origin: str
    repository: str
    language: str
    license: str | None
    swhid: str
    lines: tuple[int, int]
    text: str
    score: float


@dataclass(slots=True)
class SearchResult:
    """What a query found: an iterator over files, and counts that are right once it has ended.

    `files` matched; with `exact` no more do. Else `at_most` more may, and `reason` says why nobody looked: "limit",
    "time", or the parts of an index that are missing.
    """

    query: str
    results: Iterator[Found] = field(default_factory=lambda: iter(()))
    files: int = 0
    exact: bool = False
    at_most: int = 0
    reason: str | None = None
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Found]:
        return self.results


class _Opened:
    """One release: its segments, shards and texts."""

    def __init__(self, release: Release, cache: Cache, folder: Path | None) -> None:
        self.release, self._cache = release, cache
        self.segments = open_segments(release, folder)
        self._shards: dict[str, ReadShard] = {}

    def text(self, segment: int, file: int) -> memoryview:
        """Return the text of one file."""
        return next(self.texts(segment, [file]))[1]

    def texts(self, segment: int, files: Iterable[int]) -> Iterator[tuple[int, memoryview]]:
        """Yield files with their texts; those of one page one after the other cost least."""
        found = self.segments[segment]
        pages, starts, sizes = found.places
        current, data = -1, memoryview(b"")
        for file in files:
            if pages[file] != current:
                current = pages[file]
                data = self._page(found, current)
            yield file, data[starts[file] : starts[file] + sizes[file]]

    def _page(self, segment: Segment, number: int) -> memoryview:
        shard, page = segment.pages[number]
        entry = segment.entries[shard]
        opened = self._shards.get(entry.path)
        if opened is None:
            opened = self._shards[entry.path] = ReadShard(self.release.path / entry.place)
        return self._cache.get(opened, page)


class _Text:
    """The text of one file, read once somebody asks."""

    def __init__(self, opened: _Opened, segment: int, file: int) -> None:
        self._of = (opened, segment, file)
        self._data: memoryview | None = None

    def __call__(self) -> memoryview:
        if self._data is None:
            opened, segment, file = self._of
            self._data = opened.text(segment, file)
        return self._data


class Searcher:
    """Indexes of one or more releases, opened. Texts stay unpacked up to `memory` bytes. Not for several threads."""

    def __init__(self, releases: Sequence[Release], *, memory: int = MEMORY, folder: Path | None = None) -> None:
        """Open them. Raises `ReleaseError` where an index is missing, out of date or damaged."""
        cache = Cache(memory)
        self._opened = [_Opened(release, cache, folder) for release in releases]

    @property
    def segments(self) -> list[Segment]:
        """All segments, in the order of the releases."""
        return [segment for opened in self._opened for segment in opened.segments]

    def passages(self, words: str, *, limit: int = PASSAGES, where: str = "") -> list[Passage]:
        """Return the passages that fit the words best, best first, from files that `where` (a query) matches.

        Raises `QueryError` for a query that is none, `ReleaseError` where texts are not those that were indexed.
        """
        places = [(opened, at) for opened in self._opened for at in range(len(opened.segments))]
        masks = None
        if where:
            planned, never = plan.plan(where), Deadline(None)
            masks = [_matching(planned, opened, at, never) for opened, at in places]
        hits = self._ranking.best(words, limit, masks)
        return [_passage(*places[hit.segment], hit) for hit in hits]

    @cached_property
    def _ranking(self) -> ranking.Ranking:
        return ranking.Ranking(self.segments)

    def search(
        self,
        query: str,
        *,
        limit: int | None = FILES,
        lines: int = LINES,
        context: int = 0,
        seconds: float | None = None,
    ) -> SearchResult:
        """Look for a query; results come as they are found, definitions first.

        At most `limit` files (None: all; `count:` in the query goes before), each with its first `lines` lines and
        `context` lines around them; nothing more once `seconds` have passed. Raises `QueryError`, and while results
        come `ReleaseError` where texts are not those that were indexed.
        """
        planned = plan.plan(query)
        answer = SearchResult(query, notes=planned.notes)
        most = planned.count if planned.count is not None else limit
        answer.results = self._results(planned, answer, most or None, lines, context, Deadline(seconds))
        return answer

    def count(
        self, query: str, *, by: str | None = None, seconds: float | None = None
    ) -> tuple[SearchResult, dict[str, int]]:
        """Return how many files match, exactly if there is time; with `by` for each value too, the most frequent first.

        `by` is one of `COUNTED`. Raises `QueryError`, and `ReleaseError` where texts are not those that were indexed.
        """
        planned = plan.plan(query)
        answer = SearchResult(query, notes=planned.notes)
        counts: Counter[str] = Counter()
        start = time.monotonic()
        with _in_time(answer):
            for opened, at, file, _ in self._files(planned, answer, None, Deadline(seconds)):
                answer.files += 1
                if by is not None:
                    counts[_counted(opened.segments[at], file, by)] += 1
        answer.seconds = time.monotonic() - start
        return answer, dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))

    def times(
        self, text: str, *, where: str = "", fold: bool = False, by: str | None = None, seconds: float | None = None
    ) -> StringCount:
        """Return how often a string stands in the texts of files that `where` (a query) matches, at every place.

        With `fold` in any case. `by` is one of `COUNTED`. Exact unless `seconds` have passed before. Raises
        `UsageError` for a string that cannot be counted, else as `count` does.
        """
        needle = counting.needle_of(text, folded=fold)
        counted, start, deadline = StringCount(text), time.monotonic(), Deadline(seconds)
        looked: list[tuple[_Opened, int, list[int]]] = []
        with suppress(OutOfTimeError):
            planned = plan.plan(where) if where else None
            for opened in self._opened:
                for at, segment in enumerate(opened.segments):
                    mask = None if planned is None else _matching(planned, opened, at, deadline)
                    counted.unread += int((~segment.indexed if mask is None else mask & ~segment.indexed).sum())
                    possible = counting.holders(segment, needle)
                    files = np.flatnonzero(possible if mask is None else mask & possible)
                    order = np.lexsort((files, segment.page_numbers[files]))  # each page is unpacked once
                    looked.append((opened, at, files[order].tolist()))
            counted.at_most = sum(len(files) for *_, files in looked)
            counting.count(needle, fold, _valued(looked, by), deadline, counted)
        counted.seconds = time.monotonic() - start
        return counted

    def table(
        self, query: str, *, limit: int | None = None, seconds: float | None = None
    ) -> tuple[SearchResult, pa.Table]:
        """Return the files that match as one Arrow table under `TABLE`, by release and file; nothing of their texts.

        Raises as `count` does.
        """
        planned = plan.plan(query)
        answer = SearchResult(query, notes=planned.notes)
        found: dict[tuple[int, int], list[int]] = {}
        most = planned.count if planned.count is not None else limit
        start = time.monotonic()
        with _in_time(answer):
            for opened, at, file, _ in self._files(planned, answer, most or None, Deadline(seconds)):
                answer.files += 1
                found.setdefault((self._opened.index(opened), at), []).append(file)
        tables = [
            self._opened[number].segments[at].files.select(TABLE.names).take(pa.array(np.sort(files))).cast(TABLE)
            for (number, at), files in sorted(found.items())
        ]
        answer.seconds = time.monotonic() - start
        return answer, pa.concat_tables(tables) if tables else TABLE.empty_table()

    def _results(
        self,
        planned: plan.QueryPlan,
        answer: SearchResult,
        limit: int | None,
        lines: int,
        context: int,
        deadline: Deadline,
    ) -> Iterator[Found]:
        start = time.monotonic()
        with _in_time(answer):
            for opened, at, file, why in self._files(planned, answer, limit, deadline):
                answer.files += 1
                answer.seconds = time.monotonic() - start
                yield _found(opened, at, file, why, planned, lines, context)
        answer.seconds = time.monotonic() - start

    def _files(
        self, planned: plan.QueryPlan, answer: SearchResult, limit: int | None, deadline: Deadline
    ) -> Iterator[tuple[_Opened, int, int, str]]:
        """Yield the files that match: those that define what was asked for, then by rank within each segment."""
        looked = []
        for opened in self._opened:
            for at, segment in enumerate(opened.segments):
                deadline.check()
                state = plan.State(planned, segment)
                possible = np.flatnonzero(state.possible)
                if len(possible):
                    looked.append((opened, at, state, possible))
        answer.at_most = sum(len(possible) for *_, possible in looked)
        repositories: set[str] = set()
        taken = 0
        for stage in ("definition", "text"):
            for opened, at, state, possible in looked:
                for file, matches in _matches(state, opened, at, _stage(state, possible, stage), deadline):
                    answer.at_most -= 1
                    if not matches:
                        continue
                    if planned.type == "repo":
                        name = state.origin(file)
                        if name in repositories:
                            continue
                        repositories.add(name)
                    yield opened, at, file, "definition" if stage == "definition" else state.why(file)
                    taken += 1
                    if taken == limit:
                        answer.exact = answer.at_most == 0
                        answer.reason = None if answer.exact else "limit"
                        return
        answer.exact, answer.at_most = True, 0


@contextmanager
def _in_time(answer: SearchResult) -> Iterator[None]:
    try:
        yield
    except OutOfTimeError:
        answer.exact, answer.reason = False, "time"


def _counted(segment: Segment, file: int, by: str) -> str:
    """Return what a file is counted under."""
    value = segment.value(COUNTED[by], file)
    return "unknown" if value is None else str(value)


def _valued(
    looked: list[tuple[_Opened, int, list[int]]], by: str | None
) -> Iterator[tuple[Callable[[], str], memoryview]]:
    """Yield the texts of files, each with what tells its value of `by`."""
    for opened, at, files in looked:
        for file, text in opened.texts(at, files):
            if by is None:
                yield str, text
            else:
                yield partial(_counted, opened.segments[at], file, by), text


def _matches(
    state: plan.State, opened: _Opened, at: int, files: list[int], deadline: Deadline
) -> Iterator[tuple[int, bool]]:
    """Yield for each candidate whether it matches."""
    matcher = state.decisive
    if state.sure or matcher is None:
        for file in files:
            deadline.check()
            yield file, state.matches(file, _Text(opened, at, file), deadline)
        return
    for file, text in opened.texts(at, files):
        deadline.check()
        yield file, matcher.found(text, deadline)


def _matching(planned: plan.QueryPlan, opened: _Opened, at: int, deadline: Deadline) -> Mask:
    """Return which files of a segment match."""
    state = plan.State(planned, opened.segments[at])
    if state.sure:
        return state.possible
    found = np.zeros(len(state.possible), bool)
    for file in np.flatnonzero(state.possible).tolist():
        found[file] = state.matches(file, _Text(opened, at, file), deadline)
    return found


def _passage(opened: _Opened, at: int, hit: ranking.Hit) -> Passage:
    value = opened.segments[at].value
    data = bytes(opened.text(at, hit.file))
    text = data[hit.start : hit.end].decode("utf-8", "replace")
    first = data.count(b"\n", 0, hit.start) + 1
    lines = (first, first + text.removesuffix("\n").count("\n"))
    facts = opened.release.manifest.facts
    origin = value("origin", hit.file)
    return Passage(
        facts.name, facts.version, value("path", hit.file), origin, value("repo_name", hit.file) or origin,
        value("language", hit.file) or "", value("license_expression", hit.file), _swhid(value, hit.file, lines),
        lines, text, hit.score,
    )  # fmt: skip


def _swhid(value: Callable[[str, int], Any], file: int, lines: tuple[int, int] | None) -> str:
    """Return the identifier of lines of a file. Of thousands of files most share their origin, and few need escapes."""
    name, path = f"swh:1:cnt:{value('swhid', file).hex()}", value("path", file)
    if origin := value("origin", file):
        name += _qualifier(origin=origin)
    name += f";path={path}" if _PLAIN.match(path) else _qualifier(path=path)
    return name if lines is None else f"{name};lines={lines[0] if lines[0] == lines[1] else f'{lines[0]}-{lines[1]}'}"


@lru_cache(maxsize=4096)
def _qualifier(origin: str | None = None, path: str | None = None) -> str:
    whole = str(Swhid("cnt", "0" * 40, origin=origin, path=None if path is None else (path or "/").encode()))
    return whole.removeprefix(f"swh:1:cnt:{'0' * 40}")


def _stage(state: plan.State, possible: npt.NDArray[np.int64], stage: str) -> list[int]:
    """Return candidates of one stage in the order in which they are looked at: what people wrote for use first.

    Within one rank by page, so that each page is unpacked once.
    """
    definers = state.definers
    if stage == "definition":
        chosen = possible[np.isin(possible, definers)] if len(definers) else definers
    else:
        chosen = possible[~np.isin(possible, definers)] if len(definers) else possible
    if not len(chosen):
        return []
    flags = state.segment.flags[chosen]
    rank = (flags & np.uint8(FLAGS["vendor"] | FLAGS["generated"])) * np.uint8(2) + (flags & np.uint8(FLAGS["test"]))
    order: list[int] = chosen[np.lexsort((chosen, state.segment.page_numbers[chosen], rank))].tolist()
    return order


def _found(opened: _Opened, at: int, file: int, why: str, planned: plan.QueryPlan, lines: int, context: int) -> Found:
    segment = opened.segments[at]
    shown_lines: tuple[Line, ...] = ()
    more = False
    if lines and planned.type not in {"repo", "filename"}:
        shown_lines, more = _lines(bytes(opened.text(at, file)), planned, segment, file, lines, context)
    matching = [line.number for line in shown_lines if line.spans]
    span = (matching[0], matching[-1]) if matching else None
    value = segment.value
    path, origin, flags = value("path", file), value("origin", file), int(segment.flags[file])
    facts = opened.release.manifest.facts
    return Found(
        facts.name, facts.version, path, origin, value("repo_name", file) or origin, value("language", file) or "",
        value("license_expression", file), _swhid(value, file, span),
        tuple(name for name, bit in FLAGS.items() if flags & bit), why, shown_lines, more,
    )  # fmt: skip


def _lines(
    data: bytes, planned: plan.QueryPlan, segment: Segment, file: int, most: int, context: int
) -> tuple[tuple[Line, ...], bool]:
    """Return the first lines that match, with their context, and whether there are more."""
    spans: dict[int, list[tuple[int, int]]] = {}  # line -> spans in bytes
    where: dict[int, tuple[int, int]] = {}  # line -> begin, end
    more = False
    view = memoryview(data)
    for matcher in planned.shown:
        number, counted, seen = 1, 0, 0
        for begin, end in matcher.spans(view):
            number += data.count(b"\n", counted, begin)
            counted = begin
            if number not in spans:
                if seen == most:
                    more = True
                    break
                seen += 1
            line_begin = data.rfind(b"\n", 0, begin) + 1
            line_end = data.find(b"\n", begin)
            line_end = len(data) if line_end < 0 else line_end
            where[number] = (line_begin, line_end)
            spans.setdefault(number, []).append((begin, min(end, line_end)))
    for number in plan.symbol_lines(planned, segment, file):
        if number not in spans:
            where[number] = _line_at(data, number)
            spans[number] = [where[number]]
    if len(spans) > most:
        more = True
    found: dict[int, Line] = {}
    for number in sorted(spans)[:most]:
        begin, end = where[number]
        if context:
            for line in (*_around(data, begin, -context, number), *_around(data, end, context, number)):
                found.setdefault(line.number, line)
        found[number] = _line(data, number, begin, end, sorted(spans[number]))
    return tuple(found[number] for number in sorted(found)), more


def _line_at(data: bytes, number: int) -> tuple[int, int]:
    begin = 0
    for _ in range(number - 1):
        begin = data.find(b"\n", begin) + 1
    end = data.find(b"\n", begin)
    return begin, len(data) if end < 0 else end


def _around(data: bytes, at: int, count: int, number: int) -> list[Line]:
    """Return `count` lines after the line that ends at `at`, or before the one that begins there."""
    found = []
    for step in range(1, abs(count) + 1):
        if count > 0:
            begin = at + 1
            if begin >= len(data):
                break
            end = data.find(b"\n", begin)
            at = end = len(data) if end < 0 else end
            found.append(_line(data, number + step, begin, end, []))
        else:
            if at == 0:
                break
            end = at - 1
            at = begin = data.rfind(b"\n", 0, end) + 1
            found.append(_line(data, number - step, begin, end, []))
    return found


def _line(data: bytes, number: int, begin: int, end: int, spans: Iterable[tuple[int, int]]) -> Line:
    spans = list(spans)
    cut = end - begin > MOST_SHOWN
    if cut:
        first = spans[0][0] if spans else begin
        begin = max(begin, min(first - MOST_SHOWN // 4, end - MOST_SHOWN))
        end = begin + MOST_SHOWN
        while begin < end and data[begin] & 0xC0 == 0x80:
            begin += 1
        while end > begin and end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
    raw = data[begin:end]
    text = raw.decode("utf-8", "replace").removesuffix("\r")
    placed = tuple(
        (
            len(data[begin : max(begin, low)].decode("utf-8", "replace")),
            len(data[begin : max(begin, min(high, end))].decode("utf-8", "replace")),
        )
        for low, high in spans
        if low < end or low == high == end
    )
    return Line(number, text, placed, cut)
