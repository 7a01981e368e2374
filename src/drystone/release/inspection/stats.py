"""What a release holds: files and bytes by language, licence, stage and reason. Streams the ledger; draws nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from drystone.release.manifest import Counts, FunnelStep, Manifest
from drystone.release.read import Release

#: What stands for a missing value.
UNKNOWN = "unknown"
#: Texts for which no language is settled, and what is no text, of which none is asked.
NO_LANGUAGE = "none"
NO_TEXT = "no text"
NO_LICENSE = "none found"

_KEYS = {
    "languages": ("language", "reason", "decision"),
    "license_types": ("license_type", "decision"),
    "licenses": ("license_expression", "decision"),
    "reasons": ("stage", "reason", "decision"),
}


@dataclass(frozen=True, slots=True)
class Share:
    """Kept and dropped files of one language or licence; bytes are those of the originals."""

    name: str
    kept: int
    kept_bytes: int
    dropped: int
    dropped_bytes: int


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Files dropped at one stage for one reason; bytes are those of the originals, where known."""

    stage: str
    reason: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of a release. Lists are sorted by kept (or dropped) bytes, largest first, then by name.

    `redactions`: spans of kept files that were replaced, by kind; `bases`: kept files by what their licence rests on,
    as `license_basis` has it. None where an older program wrote some of the files and did not count. `repositories`:
    by status; `repository_duplicates`: pairs by relation, with how many are collapsed; None where none were looked for.
    """

    name: str
    version: str
    root: str
    counts: Counts
    funnel: tuple[FunnelStep, ...]
    languages: list[Share] = field(default_factory=list)
    license_types: list[Share] = field(default_factory=list)
    licenses: list[Share] = field(default_factory=list)
    reasons: list[ReasonCount] = field(default_factory=list)
    redactions: dict[str, int] | None = None
    bases: dict[str, int] | None = None
    repositories: dict[str, int] = field(default_factory=dict)
    repository_duplicates: dict[str, tuple[int, int]] | None = None


def stats(release: Release) -> Stats:
    """Count a release in one pass over its ledger. Raises `ReleaseError` where the ledger is damaged."""
    facts = release.manifest.facts
    tally = Tally(release.ledger(Tally.COLUMNS))
    return Stats(
        facts.name,
        facts.version,
        release.root,
        release.manifest.counts,
        facts.funnel,
        tally.shares("languages"),
        tally.shares("license_types"),
        tally.shares("licenses"),
        tally.reasons(),
        _summed(entry.redactions for entry in release.manifest.of_kind("data")),
        _summed(entry.bases for entry in release.manifest.of_kind("data")),
        _statuses(release),
        _relations(release),
    )


def _statuses(release: Release) -> dict[str, int]:
    found: Counter[str] = Counter()
    for table in release.repositories(["status"]):
        found.update(_counts(table.column("status")))
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def _relations(release: Release) -> dict[str, tuple[int, int]] | None:
    """Return by relation how many pairs there are, and how many of their repositories are collapsed."""
    entries = release.manifest.of_kind("repository_duplicates")
    if not entries:
        return None
    pairs: Counter[str] = Counter()
    gone: dict[str, set[str]] = {}
    for table in release.rows(entries[0], ["relation", "decision", "repository_id"]):
        for relation, decision, id_ in zip(*(column.to_pylist() for column in table.columns), strict=True):
            pairs[relation] += 1
            gone.setdefault(relation, set()).update([id_] if decision == "collapsed" else [])
    return {relation: (count, len(gone[relation])) for relation, count in sorted(pairs.items())}


def _summed(counted: Iterable[dict[str, int] | None]) -> dict[str, int] | None:
    """Return the sums by name, the largest first; None where one is not known."""
    total: Counter[str] = Counter()
    for counts in counted:
        if counts is None:
            return None
        total.update(counts)
    return dict(sorted(total.items(), key=lambda one: (-one[1], one[0])))


class RowTally:
    """Counts rows of a data file: replaced spans by kind, and files by what their licence rests on.

    Rows without the column `license_basis`, of an older release, are not counted by it.
    """

    def __init__(self) -> None:
        self._redactions: Counter[str] = Counter()
        self._bases: Counter[str] | None = Counter()

    def add(self, table: pa.Table) -> None:
        """Count rows."""
        spans = table.column("redactions").combine_chunks().flatten()
        if len(spans):
            self._redactions.update(_counts(spans.field("kind")))
        if "license_basis" not in table.schema.names:
            self._bases = None
        elif self._bases is not None:
            self._bases.update(_counts(table.column("license_basis")))

    def of_entry(self) -> dict[str, dict[str, int] | None]:
        """Return the two counts as an entry of the manifest has them, by name."""
        return {
            "redactions": dict(sorted(self._redactions.items())),
            "bases": None if self._bases is None else dict(sorted(self._bases.items())),
        }


def _counts(column: pa.Array | pa.ChunkedArray) -> dict[str, int]:
    found = pc.value_counts(column)
    names, counts = found.field("values").to_pylist(), found.field("counts").to_pylist()
    return {UNKNOWN if name is None else name: count for name, count in zip(names, counts, strict=True)}


class Tally:
    """Counts ledger rows by decision and by language, licence, stage and reason."""

    COLUMNS = ("decision", "stage", "reason", "language", "license_type", "license_expression", "size")

    def __init__(self, tables: Iterable[pa.Table]) -> None:
        self._sums: dict[str, dict[tuple[str | None, ...], list[int]]] = {name: {} for name in _KEYS}
        for table in tables:
            for name, keys in _KEYS.items():
                self._add(name, keys, table)

    def decided(self, decision: str) -> int:
        """Return the number of rows with this decision."""
        return sum(files for key, (files, _) in self._sums["license_types"].items() if key[-1] == decision)

    def shares(self, name: str) -> list[Share]:
        """Return kept and dropped files and bytes by `languages`, `license_types` or `licenses`."""
        missing = NO_LICENSE if name == "licenses" else UNKNOWN
        found: dict[str, list[int]] = {}
        for (value, *reason, decision), (files, size) in self._sums[name].items():
            if reason:
                missing = NO_LANGUAGE if reason == ["unknown_language"] else NO_TEXT
            share = found.setdefault(missing if value is None else value, [0, 0, 0, 0])
            at = 0 if decision == "kept" else 2
            share[at] += files
            share[at + 1] += size
        shares = [Share(value, *numbers) for value, numbers in found.items()]
        return sorted(shares, key=lambda s: (-s.kept_bytes, -s.kept, -s.dropped_bytes, s.name))

    def reasons(self) -> list[ReasonCount]:
        """Return dropped files and bytes by stage and reason."""
        reasons = [
            ReasonCount(stage or UNKNOWN, reason or UNKNOWN, files, size)
            for (stage, reason, decision), (files, size) in self._sums["reasons"].items()
            if decision != "kept"
        ]
        return sorted(reasons, key=lambda r: (-r.bytes, -r.files, r.stage, r.reason))

    def _add(self, name: str, keys: tuple[str, ...], table: pa.Table) -> None:
        grouped = table.group_by(list(keys), use_threads=False).aggregate([([], "count_all"), ("size", "sum")])
        sums = self._sums[name]
        columns = [grouped.column(key).to_pylist() for key in (*keys, "count_all", "size_sum")]
        for *key, files, size in zip(*columns, strict=True):
            total = sums.setdefault(tuple(key), [0, 0])
            total[0] += files
            total[1] += size or 0


def counts_of(manifest: Manifest) -> dict[str, int]:
    """Return rows and text bytes as the manifest's file entries have them."""
    return {
        "kept": sum(f.rows for f in manifest.of_kind("data")),
        "occurrences": sum(f.rows for f in manifest.of_kind("ledger")),
        "repositories": sum(f.rows for f in manifest.of_kind("repositories")),
        "text_bytes": sum(f.text_bytes for f in manifest.files),
    }
