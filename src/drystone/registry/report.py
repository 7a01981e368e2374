"""The report of a registry: how many requests came, how they ended and how long that took, as one page with pictures.

The page is one HTML file without scripts or anything to fetch. It names no requester, no moderator and no work.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from drystone._words import many
from drystone.registry.requests.records import Request

#: What each status is called on the page, in the order of a request's way.
_OUTCOMES: Final = {
    "received": "waits for verification", "verified": "waits for a decision", "contested": "contested",
    "accepted": "accepted", "partly": "accepted in part", "rejected": "rejected", "withdrawn": "withdrawn",
}  # fmt: skip
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d1d1b; --soft: #5c5a55; --page: #fdfcfa; --bar: #3d6b8f; --line: #d8d4cc }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ecebe7; --soft: #aaa79f; --page: #191918; --bar: #7fb0d6; --line: #44423d }
}
body { margin: 0 auto; padding: 1.5rem 1rem; max-width: 44rem; font: 1rem/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--page) }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p { margin: .5rem 0 } .soft { color: var(--soft) } code { overflow-wrap: anywhere }
svg { width: 100%; max-width: 26rem; height: auto; font: 14px system-ui, sans-serif } svg text { fill: var(--ink) }
rect { fill: var(--bar) } line { stroke: var(--line) }
"""


@dataclass(frozen=True, slots=True)
class RegistryReport:
    """The requests of some time: how many, by status, by month and by kind of subject, and how long they took.

    `days_to_decide` has one number for each that was decided, `days_to_apply` one for each that was then applied.
    `overdue` are late now. `applied_to` counts releases, `occurrences` what fell in them.
    """

    period: str
    requests: int
    statuses: dict[str, int]
    months: dict[str, int]
    kinds: dict[str, int]
    days_to_decide: tuple[float, ...]
    days_to_apply: tuple[float, ...]
    overdue: int
    applied_to: int
    occurrences: int
    events: int
    head: str


def count(requests: Iterable[Request], events: int, head: str, year: int | None = None) -> RegistryReport:
    """Count the requests that came in a year (None: all); `events` and `head` are the log's number and last hash."""
    mine = [each for each in requests if year is None or each.received_at.startswith(f"{year:04d}-")]
    statuses: Counter[str] = Counter(each.status for each in mine)
    months = Counter(each.received_at[:7] for each in mine)
    decided = [each for each in mine if each.decisions]
    applied = [each for each in decided if each.applications]
    return RegistryReport(
        period=str(year) if year is not None else "all years",
        requests=len(mine),
        statuses={name: statuses[name] for name in _OUTCOMES if statuses[name]},
        months=dict(sorted(months.items())),
        kinds=dict(Counter(subject.kind for each in mine for subject in each.subjects).most_common()),
        days_to_decide=tuple(_days(each.received_at, each.decisions[0].at) for each in decided),
        days_to_apply=tuple(_days(each.decisions[-1].at, max(a.at for a in each.applications)) for each in applied),
        overdue=sum(each.overdue() is not None for each in mine),
        applied_to=len({a.release_root for each in mine for a in each.applications}),
        occurrences=sum(a.occurrences for each in mine for a in each.applications),
        events=events,
        head=head,
    )


def _days(start: str, end: str) -> float:
    return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 86400)


def page(report: RegistryReport) -> str:
    """Return the page."""
    parts = [
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n<meta name=viewport content='width=device-width'>\n",
        f"<title>Requests to be left out, {report.period}</title>\n<style>{_STYLE}</style>\n",
        f"<h1>Requests to be left out</h1>\n<p class=soft>{report.period}: {many(report.requests, 'request')}</p>\n",
        *_section("How they ended", [(_OUTCOMES[name], n) for name, n in report.statuses.items()]),
        *_section("When they came", list(report.months.items())),
        *_section("What they are about", list(report.kinds.items())),
        "<h2>How long it took</h2>\n",
        f"<p>From the request to the decision: {_times(report.days_to_decide)}.</p>\n",
        f"<p>From the decision to the last release in which it was applied: {_times(report.days_to_apply)}.</p>\n",
        f"<p>Late now: {many(report.overdue, 'request')}.</p>\n",
        "<h2>What came of it</h2>\n",
        f"<p>{many(report.occurrences, 'occurrence')} left out of {many(report.applied_to, 'release')}.</p>\n",
        f"<p class=soft>The log had {many(report.events, 'event')}, ",
        f"the last with the hash <code>{report.head}</code>.</p>\n",
        "</html>\n",
    ]  # fmt: skip
    return "".join(parts)


def _times(days: Sequence[float]) -> str:
    if not days:
        return "nothing to count yet"
    return f"{median(days):.1f} days in the middle, {max(days):.1f} at most, of {many(len(days), 'request')}"


def _section(title: str, rows: Sequence[tuple[str, int]]) -> Iterable[str]:
    """Yield a heading, and below it one bar for each row with its name and number."""
    yield f"<h2>{title}</h2>\n"
    if not rows:
        yield "<p class=soft>None.</p>\n"
        return
    most, high = max(number for _, number in rows), 28
    told = html.escape(", ".join(f"{name}: {number:,}" for name, number in rows), quote=True)
    yield f"<svg viewBox='0 0 400 {high * len(rows)}' role=img aria-label=\"{told}\">\n"
    for at, (name, number) in enumerate(rows):
        top, width = high * at, 180 * number / most
        yield f"<text x=150 y={top + 19} text-anchor=end>{html.escape(name)}</text>"
        yield f"<rect x=160 y={top + 6} width={width:.1f} height=16 rx=2 />"
        yield f"<text x={166 + width:.1f} y={top + 19}>{number:,}</text>\n"
    yield "</svg>\n"
