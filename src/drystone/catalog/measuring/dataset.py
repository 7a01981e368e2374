"""Measures a dataset or a repository on a sample: facts for its passport, each with interval, seed and versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np

from drystone._words import many
from drystone.catalog.importing.imported import QuotedText, known, unknown
from drystone.catalog.measuring.benchmarks import WORDS, BenchmarkTexts, read_benchmarks
from drystone.catalog.measuring.estimates import Interval, ratio, widened
from drystone.catalog.measuring.looking import COUNTED, Looker, SampleCounts
from drystone.catalog.measuring.sampling import Sample, draw
from drystone.catalog.passports.passport import Fact, Procedure
from drystone.detect.languages import languages
from drystone.detect.licenses import LicenseState
from drystone.errors import UsageError
from drystone.registry.snapshot import OptOuts
from drystone.release.layout import shown

#: Another number where a measure changes its meaning.
VERSION: Final = "1"
NAME: Final = "drystone catalog measure"
#: Facts that are shares or rates of files: what is counted, and in what the fact is given.
_RATES: Final[dict[str, tuple[str, float]]] = {
    "text.unread_share": ("unread", 100),
    "licenses.in_file_share": ("in_file", 100),
    "licenses.unknown_share": ("unlicensed", 100),
    "findings.per_million_files": ("findings", 1e6),
    "generated.share": ("generated", 100),
    "optouts.hits_per_million_files": ("out", 1e6),
    "benchmarks.files_share": ("benchmark", 100),
}
#: What would settle what cannot be measured here, or has an interval without an end.
_SETTLED: Final = {
    "findings.per_million_files": "a sample of more than one group, or all of it",
    "licenses.unknown_share": "a column that names the licence of each file, or drystone build, which finds it",
    "optouts.hits_per_million_files": "--registry: a registry of requests to look the files up in",
    "benchmarks.files_share": "--benchmark: the texts of benchmarks to look for, as JSON Lines",
    "benchmarks.texts_share": "--benchmark: the texts of benchmarks to look for, as JSON Lines",
    "duplicates.paths_share": "columns that name repository and path of each file",
}
#: Why a repository's licence is not known, and so what would settle it.
_NO_ROOT: Final = {
    LicenseState.ABSENT: "a licence file at its root, or its maintainers saying it; there is none",
    LicenseState.DENIED: "its maintainers; what lies at its root denies the right to use it freely",
    LicenseState.NOT_UNDERSTOOD: "a person reading the licence files at its root; no rule knows their words",
}


@dataclass(frozen=True, slots=True)
class MeasuredFacts:
    """Facts that were measured, the texts that they quote by SHA-256, and how: files, bytes, and what was drawn."""

    facts: tuple[Fact, ...]
    texts: dict[str, str]
    files: int
    bytes: int
    said: str


def measure_dataset(
    what: str, files: int, size: int, seed: int,
    *, text: str | None = None, benchmarks: Sequence[Path] = (), optouts: OptOuts | None = None,
    lags: Sequence[int] = (),
) -> MeasuredFacts:  # fmt: skip
    """Measure a sample of about so many files, of about so many bytes, of a dataset or a repository.

    `text`: the column of the contents. `benchmarks`: JSON Lines with a `text` each, to be looked for. `optouts`: those
    in force. `lags`: days that requests waited for a version without what they name; the longest is given. Raises
    `UsageError`, `SourceError`.
    """
    if files < 1 or size < 1:
        raise UsageError("a sample has at least one file and one byte")
    looked_for = BenchmarkTexts(read_benchmarks(benchmarks)) if benchmarks else None
    sample = draw(what, files, size, seed, text)
    looker = Looker(optouts, looked_for)
    counts = looker.look(sample)
    number, bytes_ = int(counts.seen[0]), int(counts.seen[1])
    if not number:
        raise UsageError(f"{shown(what)}: no contents were drawn: all of these rows are empty.")
    setup = _setup(sample, looker, looked_for, optouts)
    setup += f"; {many(len(lags), 'applied request')}, the longest wait" if lags else ""
    every = _estimates(sample, counts, looked_for, optouts)
    estimates = {name: one for name, one in every if np.isfinite(one).all()}
    if lags:
        estimates["optouts.lag_days"] = Interval(max(lags), max(lags), max(lags))
    lines = {name: f"{name}: {one.said}\n" for name, one in estimates.items()}
    head = f"{NAME}, version {VERSION}: {shown(what)}\n{setup}\n{many(number, 'file')}, {many(bytes_, 'byte')}\n"
    root, why = _root_license(sample)
    head += "" if root is None else f"license: {root}\n"
    head += "".join(f"kind of finding: {kind}: {many}\n" for kind, many in sorted(counts.kinds.items()))
    kept = QuotedText(head + "".join(lines.values()) + "contents: inline\n", f"{NAME}: {shown(what)[:200]}", today())
    method = Procedure(name=NAME, version=VERSION, setup=setup)
    facts = [
        known(name, _plain(one.value), [kept.quote(lines[name], name)], "measured", method, *_ends(one))
        for name, one in estimates.items()
    ]
    facts.append(known("contents", "inline", [kept.quote("contents: inline\n", "contents")], "measured", method))
    if root is not None:
        facts.append(known("license", root, [kept.quote(f"license: {root}\n", "license")], "measured", method))
    elif why is not None:
        facts.append(unknown("license", why))
    facts += [unknown(name, by) for name, by in _SETTLED.items() if name not in estimates]
    return MeasuredFacts(tuple(facts), {kept.sha256: kept.text}, number, bytes_, sample.said)


def _estimates(
    sample: Sample, counts: SampleCounts, benchmarks: BenchmarkTexts | None, optouts: OptOuts | None
) -> Iterator[tuple[str, Interval]]:
    column = {name: counts.sums[:, at] for at, name in enumerate(COUNTED)}
    seen = dict(zip(COUNTED, counts.seen.tolist(), strict=True))
    number = int(seen["files"])
    absent = {"unlicensed": "unlicensed" not in counts.told, "out": optouts is None, "benchmark": benchmarks is None}
    if sample.files is not None:
        yield "size.files", Interval(sample.files, sample.files, sample.files)
        yield "size.text_bytes", _sum(sample, column)
    for name, (counted, unit) in _RATES.items():
        if not absent.get(counted):
            found = ratio(column[counted], column["files"], sample.all_groups, whole=sample.whole)
            if not sample.whole:
                found = widened(found, seen[counted], number, share=unit == 100)
            if counted == "out" and counts.unasked:
                found = found._replace(high=1.0)  # what cannot be looked up may take out every file
            yield name, found.times(unit)
    if benchmarks is not None and benchmarks.count > benchmarks.short:
        share = 100 * float(benchmarks.found.sum()) / (benchmarks.count - benchmarks.short)
        yield "benchmarks.texts_share", _at_least(share, 100, whole=sample.whole)
    tongues = float(len(counts.languages))
    yield "languages.programming", _at_least(tongues, max(tongues, float(len(languages()))), whole=sample.whole)
    yield "duplicates.exact_share", _at_least(100 * counts.exact / number, 100, whole=sample.whole)
    yield "duplicates.near_share", _at_least(100 * counts.near / number, 100, whole=sample.whole)
    if "paths" in counts.told:
        yield "duplicates.paths_share", _at_least(100 * counts.paths / number, 100, whole=sample.whole)


def _root_license(sample: Sample) -> tuple[str | None, str | None]:
    """Return what the licence files at a repository's root grant, else why that is not known; of a table neither."""
    if sample.tree is None:
        return None, None
    found = sample.tree("")
    state = LicenseState.ABSENT if found is None else found.state
    if found is not None and state is LicenseState.GRANTED:
        return found.expression, None
    return None, _NO_ROOT[state]


def _sum(sample: Sample, column: dict[str, np.ndarray]) -> Interval:
    assert sample.files is not None
    if sample.whole:
        exact = float(column["bytes"].sum())
        return Interval(exact, exact, exact)
    # Rows were drawn of the groups, so that even all groups are not the whole: no correction for their number.
    found = ratio(column["bytes"], column["files"], np.inf, whole=False).times(sample.files)
    return Interval(*(round(end) if np.isfinite(end) else end for end in found))


def _at_least(value: float, most: float, *, whole: bool) -> Interval:
    """Return what a sample shows only the least of: what is like a file that was not drawn is not seen."""
    return Interval(value, value, value if whole else most)


def _plain(value: float) -> int | float:
    return int(value) if value == int(value) else float(f"{value:.9g}")


def _ends(one: Interval) -> tuple[float | None, float | None]:
    """Return the ends of an interval, rounded as its value is, and so that it holds that."""
    if one.low == one.high:
        return None, None
    value = float(_plain(one.value))
    return min(value, float(f"{one.low:.9g}")), max(value, float(f"{one.high:.9g}"))


def _setup(sample: Sample, looker: Looker, benchmarks: BenchmarkTexts | None, optouts: OptOuts | None) -> str:
    parts = [sample.said, f"drystone {version('drystone')}"]
    parts.append(f"near duplicates from {looker.method.threshold:g} on, within a language")
    if benchmarks is not None:
        parts.append(
            f"{many(benchmarks.count, 'text')} of benchmarks, {benchmarks.short:,} of them shorter than {WORDS} words"
        )
    if optouts is not None:
        parts.append(f"registry at {optouts.head[:16]}")
    return "; ".join(parts)


def today() -> str:
    """Return the day of today, as evidence has it (YYYY-MM-DD)."""
    return datetime.now(UTC).date().isoformat()
