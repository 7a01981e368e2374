"""Answers to a query over releases: which files match, where, and what is known of them.

Candidates come from postings and columns, then each text is looked at; so what is found is what a scan of all texts
would find. Every answer says how many there are and whether that is exact.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property, lru_cache, partial
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from drystone.release.manifest import EarlierVersion
from drystone.release.read import Release
from drystone.search import counting, plan
from drystone.search.counting import StringCount
from drystone.search.expressions.matcher import Deadline, Matcher, OutOfTimeError
from drystone.search.filters import Mask
from drystone.search.index import open_copies, open_segments
from drystone.search.indexes.copies import SUFFIX, CopyList
from drystone.search.limits import BESIDE, FILES, LINES, PASSAGES, RANKED
from drystone.search.occurrences.lost import LaterVersion, newest
from drystone.search.occurrences.rows import Fetch, bring_ledger, is_here, rows_of
from drystone.search.occurrences.shapes import LostFile
from drystone.search.pages import ROW_GROUP, Cache, ReadShard, unpacked_of
from drystone.search.questions.scores import FOR_CODE, Ranking, Taste, WordWeight
from drystone.search.questions.texts import passage_of, ranked_file
from drystone.search.remote.ahead import Ahead
from drystone.search.remote.asking import prepare
from drystone.search.remote.objects import RemoteRelease, Wanted
from drystone.search.results.found import Found, Line, OtherPlace, Passage, RankedFile, SearchResult
from drystone.search.results.lines import shown_lines
from drystone.search.segment import FLAGS, Segment, rows
from drystone.search.swhids import swhid_of

#: Bytes of text that are kept unpacked between queries.
MEMORY: Final = 1 << 30
#: Queries whose plans are kept.
_PLANS: Final = 16
#: Files that are looked at first, then four times as many, and so on; pages in one go, then twice as many.
_FILES: Final = 64
_FILES_MOST: Final = 4096
_PAGES: Final = 4
_PAGES_MOST: Final = 64
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


_UNPACKERS: Final = ThreadPoolExecutor(2, "drystone-unpack")


def _called(unpacking: Callable[[], memoryview]) -> memoryview:
    return unpacking()


class _Opened:
    """One release: its segments, shards and texts."""

    def __init__(self, given: Release | RemoteRelease, cache: Cache) -> None:
        self.release = given if isinstance(given, Release) else given.release
        self.bucket = None if isinstance(given, Release) else given.bucket
        self._given, self._cache = given, cache
        self.version = EarlierVersion(version=self.release.manifest.facts.version, root=self.release.root)
        self.segments = open_segments(self.release, self.bucket)
        self.ahead = Ahead(iter(()))
        self._shards: dict[str, ReadShard] = {}
        self.fetch: Fetch = is_here if self.bucket is None else self.bucket.fetch
        self.later: LaterVersion | None = None

    @cached_property
    def copies(self) -> CopyList:
        """Where the same bytes lie several times."""
        for file in self.release.manifest.index:  # little beside the segments, and read whole
            if file.path.endswith(SUFFIX):
                self.fetch(file.path)
        return open_copies(self.release)

    def places(self, hash_: bytes, own: tuple[str, str], count: int) -> tuple[OtherPlace, ...]:
        """Return the first `count` places of these bytes but `own` (origin, path)."""
        if not count or self.copies.times(hash_) == 1:
            return ()
        bring_ledger(self.release, self.fetch)
        rows = rows_of(self.release, self.copies.rows(hash_)[: count + 1], ["origin", "path", "decision", "reason"])
        others = [OtherPlace(r["origin"], r["path"], r["decision"] == "kept", r["reason"]) for r in rows]
        return tuple(each for each in others if (each.origin, each.path) != own)[:count]

    def text(self, at: int, file: int) -> memoryview:
        """Return the text of one file."""
        segment = self.segments[at]
        start = int(segment.starts[file])
        return self.page(at, int(segment.page_numbers[file]))[start : start + int(segment.sizes[file])]

    def texts(self, at: int, files: Iterable[int]) -> Iterator[tuple[int, memoryview]]:
        """Yield files with their texts; those of one page one after the other cost least."""
        for file in files:
            yield file, self.text(at, file)

    def page(self, at: int, number: int) -> memoryview:
        """Return a page of texts."""
        (found,) = self.pages(at, [number])
        return found

    def pages(self, at: int, numbers: Sequence[int]) -> list[memoryview]:
        """Return pages of texts of one segment; several that are not at hand are unpacked side by side."""
        kept, missing = dict[int, memoryview](), dict[int, Callable[[], memoryview]]()
        for number in dict.fromkeys(numbers):
            shard, page = self.segments[at].pages[number]
            found = self._cache.held((self.segments[at].entries[shard].sha256, page.place))
            if found is None:
                missing[number] = self._unpacking(at, number)
            else:
                kept[number] = found
        unpacking = missing.values()
        several = _UNPACKERS.map(_called, unpacking) if len(missing) > 1 else map(_called, unpacking)
        for number, data in zip(missing, several, strict=True):
            shard, page = self.segments[at].pages[number]
            kept[number] = self._cache.keep((self.segments[at].entries[shard].sha256, page.place), data)
        return [kept[number] for number in numbers]

    def at_hand(self, at: int, numbers: Sequence[int]) -> Sequence[int]:
        """Return the first of these pages, up to the next one that must be brought here from a store."""
        if self.bucket is None:
            return numbers
        far = (place for place, number in enumerate(numbers) if place and self.wanted(at, number) is not None)
        return numbers[: next(far, len(numbers))]

    def _unpacking(self, at: int, number: int) -> Callable[[], memoryview]:
        """Bring a page here, and return what unpacks it."""
        shard, page = self.segments[at].pages[number]
        entry = self.segments[at].entries[shard]
        if self.wanted(at, number) is not None:
            self.ahead.bring(self, at, number)
        if (raw := self._cache.taken((entry.sha256, ~page.place))) is not None:
            self.ahead.looked_at()
            return partial(unpacked_of, entry.path, page, raw)
        opened = self._shards.get(entry.path)
        if opened is None:
            if self.bucket is not None:
                self.bucket.fetch(entry.place)
            opened = self._shards[entry.path] = ReadShard(self.release.path / entry.place)
        if page.kind == ROW_GROUP:  # Arrow reads one at a time
            data = opened.read(page)
            return lambda: data
        return partial(opened.read, page)

    def wanted(self, at: int, number: int) -> Wanted | None:
        """Return where a page lies that must be brought here from a store."""
        shard, page = self.segments[at].pages[number]
        entry = self.segments[at].entries[shard]
        if self.bucket is None or page.kind == ROW_GROUP:
            return None
        if any(self._cache.held((entry.sha256, place)) is not None for place in (page.place, ~page.place)):
            return None
        return Wanted(entry.place, page.place, page.compressed)

    def put(self, at: int, number: int, data: memoryview) -> None:
        """Keep a page that came from a store, until somebody asks for it, as it came."""
        shard, page = self.segments[at].pages[number]
        self._cache.keep((self.segments[at].entries[shard].sha256, ~page.place), memoryview(bytes(data)))


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


class _Pace:
    """How much of the texts is looked at in one go: little at first, since a limit may be reached soon."""

    files, pages = _FILES, _PAGES


class Searcher:
    """Indexes of one or more releases, opened. Texts stay unpacked up to `memory` bytes. Not for several threads."""

    def __init__(self, releases: Sequence[Release | RemoteRelease], *, memory: int = MEMORY) -> None:
        """Open them. Raises `ReleaseError` where an index is missing, out of date or damaged."""
        cache = Cache(memory)
        # What is asked again (the next results, counts beside them) is not read and compiled again.
        self._plan = lru_cache(_PLANS)(plan.plan)
        self._opened = [_Opened(release, cache) for release in releases]
        later = {at: LaterVersion(o.release, o.segments, o.fetch) for at, o in enumerate(self._opened)}
        for opened, at in zip(self._opened, newest([opened.release for opened in self._opened]), strict=True):
            opened.later = later[at] if at is not None else None

    @property
    def segments(self) -> list[Segment]:
        """All segments, in the order of the releases."""
        return [segment for opened in self._opened for segment in opened.segments]

    def passages(
        self,
        words: str,
        *,
        limit: int = PASSAGES,
        where: str = "",
        seconds: float | None = None,
        taste: Taste = FOR_CODE,
        repositories: Collection[str] = (),
    ) -> list[Passage]:
        """Return the passages that fit the words best, best first, from files that `where` (a query) matches.

        `taste` says what counts for less, files of other origins than `repositories` (where there are any) among it.
        Raises `QueryError` for a query that is none, `ReleaseError` where texts are not those that were indexed,
        `OutOfTimeError` where `seconds` were too few to look for the files that match.
        """
        hits = self._ranking.best(words, limit, self._masks(where, seconds), taste, repositories)
        return [passage_of(*self._places[hit.segment], hit) for hit in hits]

    def rank_files(
        self, words: str, *, limit: int = RANKED, passages: int = BESIDE, where: str = ""
    ) -> list[RankedFile]:
        """Return the files that fit the words best, best first, each with its `passages` best passages.

        `where` is a query that files match. Raises as `passages` does.
        """
        hits = self._ranking.best_files(words, limit, passages, self._masks(where))
        return [ranked_file(*self._places[hit.segment], hit) for hit in hits]

    def explain_words(self, words: str, *, taste: Taste = FOR_CODE) -> list[WordWeight]:
        """Return what each word of a question counts for, and why some count for nothing."""
        return list(self._ranking.words(words, taste))

    def origins(self) -> frozenset[str]:
        """Return the origins of all repositories that have a file here."""
        return frozenset(one for segment in self.segments for one in segment.codes("origin")[0] if one is not None)

    @cached_property
    def _places(self) -> list[tuple[_Opened, int]]:
        return [(opened, at) for opened in self._opened for at in range(len(opened.segments))]

    def _masks(self, where: str, seconds: float | None = None) -> list[Mask] | None:
        """Return for each segment which files match a query; None where all do."""
        if not where:
            return None
        planned, deadline = self._plan(where), Deadline(seconds)
        return [_matching(planned, opened, at, deadline) for opened, at in self._places]

    @cached_property
    def _ranking(self) -> Ranking:
        return Ranking(self.segments)

    def search(
        self,
        query: str,
        *,
        limit: int | None = FILES,
        lines: int = LINES,
        context: int = 0,
        seconds: float | None = None,
        skip: int = 0,
        bound: int | None = None,
        places: int = 0,
        stopped: Callable[[], bool] = lambda: False,
    ) -> SearchResult:
        """Look for a query; results come as they are found, definitions first.

        At most `limit` files (None: all; `count:` in the query goes before), and never more than `bound`; the first
        `skip` of these count but are not shown. Each has its first `lines` lines, `context` lines around them and
        `places` others of the same bytes. Nothing more once `seconds` have passed, or `stopped` says so. The order
        depends on query and releases alone. Raises `QueryError`, and while results come `ReleaseError` where texts are
        not those that were indexed.
        """
        planned = self._plan(query)
        answer = SearchResult(query, notes=[*planned.notes], whole=lambda: self.table(query, seconds=seconds)[1])
        part = skip, planned.most(limit, bound)
        answer.results = self._results(planned, answer, part, (lines, context, places), Deadline(seconds, stopped))
        return answer

    def count(
        self, query: str, *, by: str | None = None, seconds: float | None = None
    ) -> tuple[SearchResult, dict[str, int]]:
        """Return how many files match, exactly if there is time; with `by` for each value too, the most frequent first.

        `by` is one of `COUNTED`. Raises `QueryError`, and `ReleaseError` where texts are not those that were indexed.
        """
        answer, counts = self.counts(query, [] if by is None else [by], seconds=seconds)
        return answer, counts.get(by or "", {})

    def counts(
        self, query: str, by: Sequence[str], *, seconds: float | None = None
    ) -> tuple[SearchResult, dict[str, dict[str, int]]]:
        """Return what `count` does for each of `by`, looking for the files once."""
        planned = self._plan(query)
        answer = SearchResult(query, notes=[*planned.notes])
        found: dict[str, Counter[str]] = {name: Counter() for name in by}
        start = time.monotonic()
        with _in_time(answer):
            for opened, at, file, _ in self._files(planned, answer, None, Deadline(seconds)):
                answer.files += 1
                for name, counted in found.items():
                    counted[_counted(opened.segments[at], file, name)] += 1
        answer.seconds = time.monotonic() - start
        ordered = {name: sorted(each.items(), key=lambda one: (-one[1], one[0])) for name, each in found.items()}
        return answer, {name: dict(each) for name, each in ordered.items()}

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
            planned = self._plan(where) if where else None
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
        planned = self._plan(query)
        answer = SearchResult(query, notes=[*planned.notes])
        found: dict[tuple[int, int], list[int]] = {}
        number_of = {id(opened): number for number, opened in enumerate(self._opened)}
        start = time.monotonic()
        with _in_time(answer):
            for opened, at, _, _, files in self._groups(planned, answer, planned.most(limit), Deadline(seconds)):
                answer.files += len(files)
                found.setdefault((number_of[id(opened)], at), []).extend(files)
        tables = [
            rows(self._opened[number].segments[at], TABLE, np.sort(files))
            for (number, at), files in sorted(found.items())
        ]
        answer.seconds = time.monotonic() - start
        return answer, pa.concat_tables(tables) if tables else TABLE.empty_table()

    def _results(
        self,
        planned: plan.QueryPlan,
        answer: SearchResult,
        part: tuple[int, int | None],
        shown: tuple[int, int, int],
        deadline: Deadline,
    ) -> Iterator[Found]:
        start, (skip, limit) = time.monotonic(), part
        with _in_time(answer):
            for opened, at, file, why in self._files(planned, answer, limit, deadline):
                answer.files += 1
                answer.seconds = time.monotonic() - start
                if answer.files <= skip:
                    continue
                yield _found(opened, at, file, why, planned, shown)
        answer.seconds = time.monotonic() - start

    def _files(
        self, planned: plan.QueryPlan, answer: SearchResult, limit: int | None, deadline: Deadline
    ) -> Iterator[tuple[_Opened, int, int, str]]:
        """Yield the files that match, each with why: those that define what was asked for, then by rank."""
        for opened, at, state, stage, files in self._groups(planned, answer, limit, deadline):
            for file in files:
                yield opened, at, file, "definition" if stage == "definition" else state.why(file)

    def _groups(
        self, planned: plan.QueryPlan, answer: SearchResult, limit: int | None, deadline: Deadline
    ) -> Iterator[tuple[_Opened, int, plan.State, str, list[int]]]:
        """Yield the files that match, some at a time: of the stage "definition", then of "text", by rank in each."""
        states = [
            (opened, at, plan.State(planned, segment))
            for opened in self._opened
            for at, segment in enumerate(opened.segments)
        ]
        prepare(state for *_, state in states)
        if limit is None:
            for *_, state in states:
                state.expect_much()
        # Where most may match most will, and a limit is reached soonest.
        states.sort(key=lambda one: -one[2].likely)
        repositories: set[str] = set()
        taken, looked, pace = 0, 0, _Pace()
        try:
            stages = ("definition", "text") if planned.words or planned.symbols else ("text",)
            if any(opened.bucket is not None for opened in self._opened):
                ahead = Ahead(_pages(states, stages), None if limit is None else lambda: (taken, limit))
                for opened in self._opened:
                    opened.ahead = ahead
            for stage in stages:
                for opened, at, state in states:
                    deadline.check()
                    for count, matching in _matches(state, opened, at, _stage(state, stage), deadline, pace):
                        looked += count
                        files = matching
                        if planned.type == "repo":
                            files = _first_of_each(state, matching, repositories)
                        if limit is not None and taken + len(files) >= limit:
                            files = files[: limit - taken]
                            looked -= len(matching) - matching.index(files[-1]) - 1
                            yield opened, at, state, stage, files
                            answer.at_most = sum(state.at_most for *_, state in states) - looked
                            answer.exact = answer.at_most == 0
                            answer.reason = None if answer.exact else "limit"
                            return
                        taken += len(files)
                        if files:
                            yield opened, at, state, stage, files
        except OutOfTimeError:
            answer.at_most = sum(state.at_most for *_, state in states) - looked
            raise
        answer.exact, answer.at_most = True, 0


def _first_of_each(state: plan.State, files: Iterable[int], repositories: set[str]) -> list[int]:
    """Return the files of repositories that were not there before."""
    found = []
    for file in files:
        name = state.origin(file)
        if name not in repositories:
            repositories.add(name)
            found.append(file)
    return found


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
    state: plan.State, opened: _Opened, at: int, files: npt.NDArray[np.int64], deadline: Deadline, pace: _Pace
) -> Iterator[tuple[int, list[int]]]:
    """Yield of candidates, some at a time, how many they are and which of them match."""
    matcher = state.decisive
    if not len(files):
        return
    if matcher is None and state.sure:
        yield len(files), files.tolist()
    elif matcher is None:
        for file in files.tolist():
            deadline.check()
            yield 1, [file] if state.matches(file, _Text(opened, at, file), deadline) else []
    else:
        start = 0
        while start < len(files):
            some = files[start : start + pace.files]
            yield from _among(state, opened, at, matcher, some, deadline, pace)
            start += len(some)
            pace.files = min(4 * pace.files, _FILES_MOST)


def _among(
    state: plan.State, opened: _Opened, at: int, matcher: Matcher, files: npt.NDArray[np.int64], deadline: Deadline,
    pace: _Pace,
) -> Iterator[tuple[int, list[int]]]:  # fmt: skip
    """Do what `_matches` does where one pattern decides, some pages of texts at a time."""
    spans = state.spans(matcher, files)
    numbers = state.segment.page_numbers[spans.files]
    borders = [0, *(np.flatnonzero(numbers[1:] != numbers[:-1]) + 1).tolist(), len(numbers)]
    of_file = np.append(np.flatnonzero(np.diff(spans.files)) + 1, len(numbers))  # where the spans of a file end
    looked = np.searchsorted(of_file, borders, side="right").tolist()
    pages = numbers[borders[:-1]].tolist()
    among = matcher.among(*spans, deadline)
    first = 0
    while first < len(pages):
        some = opened.at_hand(at, pages[first : first + pace.pages])
        last = first + len(some)
        found = among(opened.pages(at, some), borders[first : last + 1])
        pace.pages = min(2 * pace.pages, _PAGES_MOST)
        yield looked[last] - looked[first], found
        first = last


def _pages(
    states: Sequence[tuple[_Opened, int, plan.State]], stages: Iterable[str]
) -> Iterator[tuple[_Opened, int, int]]:
    """Yield the pages that the stages of a search will look at, one after the other."""
    for stage, (opened, at, state) in product(stages, states):
        if state.decisive is not None or not state.sure:
            for number in dict.fromkeys(state.segment.page_numbers[_stage(state, stage)].tolist()):
                yield opened, at, number


def _matching(planned: plan.QueryPlan, opened: _Opened, at: int, deadline: Deadline) -> Mask:
    """Return which files of a segment match."""
    state = plan.State(planned, opened.segments[at])
    prepare([state])
    found, ranked = np.zeros(len(state.possible), bool), state.segment.ranked
    for _, matching in _matches(state, opened, at, ranked[state.possible[ranked]], deadline, _Pace()):
        found[matching] = True
    return found


def _stage(state: plan.State, stage: str) -> npt.NDArray[np.int64]:
    """Return candidates of one stage in the order in which they are looked at."""
    definers, segment = state.definers, state.segment
    if stage == "definition":
        if not len(definers):
            return definers
        # Few, and sure to hold the word: they are looked at without asking postings.
        files = definers[(state.possible if state.decisive is None else state.columns)[definers]]
        return files[np.argsort(segment.places[files])]
    chosen = state.possible
    if len(definers):
        chosen = chosen.copy()
        chosen[definers] = False
    return segment.ranked[chosen[segment.ranked]]


def _found(
    opened: _Opened, at: int, file: int, why: str, planned: plan.QueryPlan, shown: tuple[int, int, int]
) -> Found:
    segment, (lines, context, places) = opened.segments[at], shown
    found: tuple[Line, ...] = ()
    more = False
    if lines and planned.type not in {"repo", "filename"}:
        found, more = shown_lines(bytes(opened.text(at, file)), planned, segment, file, lines, context)
    matching = [line.number for line in found if line.spans]
    span = (matching[0], matching[-1]) if matching else None
    value = segment.value
    path, origin, flags = value("path", file), value("origin", file), int(segment.flags[file])
    hash_ = value("swhid", file)
    facts = opened.release.manifest.facts
    return Found(
        facts.name, facts.version, path, origin, value("repo_name", file) or origin, value("language", file),
        value("license_expression", file), swhid_of(value, file, span),
        tuple(name for name, bit in FLAGS.items() if flags & bit), why, opened.release.root, found, more,
        opened.copies.times(hash_), opened.places(hash_, (origin, path), places), _lost(opened, origin, path, hash_),
    )  # fmt: skip


def _lost(opened: _Opened, origin: str, path: str, hash_: bytes) -> LostFile | None:
    if opened.later is None:
        return None
    return opened.later.lost(opened.version, origin, path, f"swh:1:cnt:{hash_.hex()}")
