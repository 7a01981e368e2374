"""Queries over ledgers (`kept:`, `reason:`): which occurrences are in or out, why, and on what evidence.

A part of a query that asks for a text is decided where the very bytes are in the release, as those of a kept file;
elsewhere it is neither true nor false (Kleene's third value), and the answer counts what hangs on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import cast

import numpy as np
import pyarrow as pa

from drystone.release.columns import LedgerRow, RepositoryRow
from drystone.release.identifiers import occurrence_swhid
from drystone.release.read import Release
from drystone.search import plan
from drystone.search.expressions.matcher import Deadline, OutOfTimeError
from drystone.search.filters import Mask
from drystone.search.index import open_segments
from drystone.search.occurrences.rows import KeptFiles, LedgerRows, Owner, bring_ledger, evidence_of, is_here, owners
from drystone.search.occurrences.shapes import FoundOccurrence, LedgerResult
from drystone.search.remote.objects import RemoteRelease
from drystone.search.results.found import Line
from drystone.search.results.lines import shown_lines
from drystone.search.segment import Segment


class OpenedLedger:
    """The ledger of a release; its index is opened once a text is asked for."""

    def __init__(self, given: Release | RemoteRelease) -> None:
        self.release = given if isinstance(given, Release) else given.release
        self._bucket = None if isinstance(given, Release) else given.bucket
        self._fetch = is_here if self._bucket is None else self._bucket.fetch
        bring_ledger(self.release, self._fetch)

    @cached_property
    def owners(self) -> dict[str, Owner]:
        """Repositories by their ids."""
        return owners(self.release)

    @cached_property
    def kept(self) -> KeptFiles:
        """The kept files. Raises `ReleaseError` where there is no index, or it is damaged."""
        return KeptFiles(self.release, open_segments(self.release, self._bucket), self._fetch)

    def lines(self, planned: plan.QueryPlan, segment: Segment, file: int, most: int) -> tuple[tuple[Line, ...], bool]:
        """Return the first lines of a kept file that match, and whether more do."""
        return (
            shown_lines(bytes(self.kept.text(segment, file)), planned, segment, file, most, 0) if most else ((), False)
        )

    def found(self, row: LedgerRow, lines: tuple[Line, ...] = (), more: bool = False) -> FoundOccurrence:
        """Return a row of the ledger as a search shows it, with the lines of it that match."""
        owner = self.owners.get(row["repository_id"])
        swhid = occurrence_swhid(row, cast(RepositoryRow, owner) if owner is not None else None)
        matching = [line.number for line in lines if line.spans]
        if swhid is not None and matching:
            swhid = replace(swhid, lines=(matching[0], matching[-1]))
        facts = self.release.manifest.facts
        return FoundOccurrence(
            facts.name, facts.version, row["path"], row["origin"], (owner and owner["repo_name"]) or row["origin"],
            row["language"], row["license_expression"], str(swhid) if swhid is not None else None, row["decision"],
            row["stage"], row["reason"], evidence_of(row), row["kept_path"], row["kept_swhid"], row["similarity"],
            lines, more,
        )  # fmt: skip


def search(
    releases: Sequence[Release | RemoteRelease],
    query: str,
    *,
    limit: int | None,
    bound: int | None = None,
    lines: int = 0,
    seconds: float | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> LedgerResult:
    """Look for occurrences in the ledgers of releases; results come as they are found, in the order of the ledgers.

    At most `limit` (None: all; `count:` in the query goes before), and never more than `bound`. Each has the first
    `lines` of its lines that match, where its text is in the release. Nothing more once `seconds` have passed, or
    `stopped` says so. Raises `QueryError`, and while results come
    `ReleaseError` where a ledger is damaged, or where the query asks for texts and there is no index.
    """
    planned = plan.plan(query, ledger=True)
    answer = LedgerResult(query, notes=planned.notes)
    ledgers = [OpenedLedger(release) for release in releases]
    answer.results = _results(ledgers, planned, answer, (planned.most(limit, bound), lines), Deadline(seconds, stopped))
    return answer


def _results(
    ledgers: Sequence[OpenedLedger],
    planned: plan.QueryPlan,
    answer: LedgerResult,
    shown: tuple[int | None, int],
    deadline: Deadline,
) -> Iterator[FoundOccurrence]:
    start, (limit, lines) = time.monotonic(), shown
    left = answer.at_most = sum(ledger.release.manifest.counts.occurrences for ledger in ledgers)
    repositories: set[str] = set()
    try:
        for ledger in ledgers:
            for table in ledger.release.ledger():
                deadline.check()
                for row, place in _matching(ledger, table, planned, answer, deadline):
                    if planned.type == "repo":
                        if row["repository_id"] in repositories:
                            continue
                        repositories.add(row["repository_id"])
                    if limit and answer.occurrences == limit:
                        answer.reason = "limit"
                        return
                    answer.occurrences += 1
                    answer.seconds = time.monotonic() - start
                    yield ledger.found(row, *(ledger.lines(planned, *place, lines) if place is not None else ()))
                left -= table.num_rows
                answer.at_most = left
        answer.at_most = answer.without_text
        answer.exact, answer.reason = not answer.without_text, "text" if answer.without_text else None
    except OutOfTimeError:
        answer.reason = "time"
    finally:
        answer.seconds = time.monotonic() - start


def _matching(
    ledger: OpenedLedger, table: pa.Table, planned: plan.QueryPlan, answer: LedgerResult, deadline: Deadline
) -> Iterator[tuple[LedgerRow, tuple[Segment, int] | None]]:
    """Yield the rows of one table that match, in order, and count those of which that is not known.

    With each comes the kept file of the same bytes, if its text was looked at.
    """
    asked = _Asked(ledger, LedgerRows(table, ledger.owners))
    surely, maybe = asked.bounds(planned.part)
    open_ = np.flatnonzero(maybe).tolist()
    rows = table.take(pa.array(open_, pa.int64())).to_pylist() if open_ else []
    for at, row in zip(open_, rows, strict=True):
        deadline.check()
        if surely[at]:
            yield row, None
        elif (place := ledger.kept.place(row["swhid"])) is None:
            answer.without_text += 1
        elif asked.holds(planned.part, at, place, deadline):
            yield row, place


class _Asked:
    """A query before one table of a ledger."""

    def __init__(self, ledger: OpenedLedger, rows: LedgerRows) -> None:
        self._ledger, self._rows = ledger, rows
        self._masks: dict[int, Mask] = {}

    def _mask(self, part: plan.Columns) -> Mask:
        found = self._masks.get(id(part))
        if found is None:
            # Rows have all that filters ask of a segment but symbols, which only parts `of_text` look at.
            found = self._masks[id(part)] = part.mask(cast(Segment, self._rows))
        return found

    def bounds(self, part: plan.Part) -> tuple[Mask, Mask]:
        """Return the rows that a part surely holds for, and those that it may hold for."""
        none = np.zeros(self._rows.count, bool)
        if isinstance(part, plan.Content) or (isinstance(part, plan.Columns) and part.of_text):
            return none, ~none
        if isinstance(part, plan.Columns):
            return self._mask(part), self._mask(part)
        if isinstance(part, plan.Negation):
            surely, maybe = self.bounds(part.part)
            return ~maybe, ~surely
        bounds = [self.bounds(one) for one in part.parts]
        join, start = (np.logical_and, ~none) if isinstance(part, plan.Every) else (np.logical_or, none)
        surely = maybe = start
        for one in bounds:
            surely, maybe = join(surely, one[0]), join(maybe, one[1])
        return surely, maybe

    def holds(self, part: plan.Part, at: int, place: tuple[Segment, int], deadline: Deadline) -> bool:
        """Return whether a part holds for a row with the text of a kept file."""
        segment, file = place
        if isinstance(part, plan.Columns):
            return bool(part.mask(segment)[file] if part.of_text else self._mask(part)[at])
        if isinstance(part, plan.Content):
            return bool(segment.indexed[file]) and part.matcher.found(self._ledger.kept.text(segment, file), deadline)
        if isinstance(part, plan.Negation):
            return not self.holds(part.part, at, place, deadline)
        join = all if isinstance(part, plan.Every) else any
        return join(self.holds(one, at, place, deadline) for one in part.parts)
