"""What changed from one release to another: totals by language, licence, repository and reason, and each occurrence.

Merges the two ledgers, which are sorted alike: memory does not grow with the files, only with the distinct names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from drystone.errors import ReleaseError
from drystone.release.columns import LedgerRow
from drystone.release.layout import shown
from drystone.release.read import Release
from drystone.release.schema import COMPARED

if TYPE_CHECKING:
    from drystone._json import Json

ADDED: Final = "added"
REMOVED: Final = "removed"
CHANGED: Final = "changed"

_COLUMNS: Final = ("repository_id", "origin", "path", "entry", *COMPARED)


@dataclass(frozen=True, slots=True)
class Change:
    """One occurrence that is in one release only (`added`, `removed`) or was decided differently (`changed`).

    `old` and `new` are its ledger rows; of a change only the columns that differ, and the decision.
    """

    kind: str
    repository_id: str
    origin: str | None
    path: str
    entry: int
    old: dict[str, Json] | None
    new: dict[str, Json] | None


@dataclass(slots=True)
class Delta:
    """Kept files and bytes before and after, under one name."""

    old_files: int = 0
    new_files: int = 0
    old_bytes: int = 0
    new_bytes: int = 0

    @property
    def differs(self) -> bool:
        """Whether anything changed."""
        return (self.old_files, self.old_bytes) != (self.new_files, self.new_bytes)


@dataclass(slots=True)
class Diff:
    """Totals of a comparison.

    `languages`, `licenses` and `repositories` (by origin) count kept files, `reasons` (stage: reason) dropped ones.
    `changes` counts occurrences added, removed and changed. `files` counts shards by path and root: those with the same
    root need not be fetched again.
    """

    old_root: str
    new_root: str
    old_version: str
    new_version: str
    changes: dict[str, int] = field(default_factory=lambda: {ADDED: 0, REMOVED: 0, CHANGED: 0})
    kept: Delta = field(default_factory=Delta)
    languages: dict[str, Delta] = field(default_factory=dict)
    licenses: dict[str, Delta] = field(default_factory=dict)
    repositories: dict[str, Delta] = field(default_factory=dict)
    reasons: dict[str, Delta] = field(default_factory=dict)
    same_files: int = 0
    new_files: int = 0
    configuration: list[str] = field(default_factory=list)


def diff(old: Release, new: Release, *, each: Callable[[Change], object] = lambda _: None) -> Diff:
    """Compare two releases; `each` is told of every change, in ledger order.

    Raises `ReleaseError` where a ledger is damaged or not sorted.
    """
    found = Diff(old.root, new.root, old.manifest.facts.version, new.manifest.facts.version)
    roots = {(f.path, f.root) for f in old.manifest.files}
    found.same_files = sum((f.path, f.root) in roots for f in new.manifest.files)
    found.new_files = len(new.manifest.files) - found.same_files
    found.configuration = sorted(_settings(old, new))
    for before, after in _merge(_rows(old), _rows(new)):
        _count(found, before, 0)
        _count(found, after, 1)
        change = _change(before, after)
        if change is not None:
            found.changes[change.kind] += 1
            each(change)
    for name in ("languages", "licenses", "repositories", "reasons"):
        deltas: dict[str, Delta] = getattr(found, name)
        setattr(found, name, {key: deltas[key] for key in sorted(deltas) if deltas[key].differs})
    return found


def _settings(old: Release, new: Release) -> Iterator[str]:
    """Yield what else the root depends on and differs, with both values for short ones."""
    a, b = old.manifest.facts, new.manifest.facts
    pairs = dict(_flat("configuration", a.configuration)), dict(_flat("configuration", b.configuration))
    for name in ("program_version", "registry_head", "near_duplicate_threshold"):
        pairs[0][name], pairs[1][name] = getattr(a, name), getattr(b, name)
    for key in pairs[0].keys() | pairs[1].keys():
        before, after = (str(pair.get(key, "(not set)")) for pair in pairs)
        if before != after:
            yield f"{shown(key)}: {shown(before[:80])} -> {shown(after[:80])}"


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}", inner)
    else:
        yield prefix, value


def _rows(release: Release) -> Iterator[LedgerRow]:
    last: tuple[str, str, int] | None = None
    for table in release.ledger(_COLUMNS):
        for row in table.to_pylist():
            key = _key(row)
            if None in key or (last is not None and not last < key):
                raise ReleaseError(f"the ledger of {shown(str(release.path))} is not sorted; run drystone verify on it")
            last = key
            yield row


def _key(row: LedgerRow) -> tuple[str, str, int]:
    return row["repository_id"], row["path"], row["entry"]


_Pair = tuple[LedgerRow | None, LedgerRow | None]


def _merge(old: Iterator[LedgerRow], new: Iterator[LedgerRow]) -> Iterator[_Pair]:
    before, after = next(old, None), next(new, None)
    while before is not None or after is not None:
        if after is None or (before is not None and _key(before) < _key(after)):
            yield before, None
            before = next(old, None)
        elif before is None or _key(after) < _key(before):
            yield None, after
            after = next(new, None)
        else:
            yield before, after
            before, after = next(old, None), next(new, None)


def _count(found: Diff, row: LedgerRow | None, side: int) -> None:
    if row is None:
        return
    deltas: list[Delta]
    if row["decision"] == "kept":
        deltas = [
            found.kept,
            found.languages.setdefault(row["language"] or "unknown", Delta()),
            found.licenses.setdefault(row["license_expression"] or "none found", Delta()),
            found.repositories.setdefault(row["origin"] or row["repository_id"], Delta()),
        ]
    else:
        deltas = [found.reasons.setdefault(f"{row['stage']}: {row['reason']}", Delta())]
    for delta in deltas:
        if side:
            delta.new_files += 1
            delta.new_bytes += row["size"] or 0
        else:
            delta.old_files += 1
            delta.old_bytes += row["size"] or 0


def _change(before: LedgerRow | None, after: LedgerRow | None) -> Change | None:
    row = after or before
    assert row is not None
    place = (row["repository_id"], row["origin"], row["path"], row["entry"])
    old, new = _values(before), _values(after)
    if old is None or new is None:
        return Change(ADDED if old is None else REMOVED, *place, old, new)
    differing = [name for name in COMPARED if old[name] != new[name]]
    if not differing:
        return None
    names = ["decision", *(name for name in differing if name != "decision")]
    return Change(CHANGED, *place, {n: old[n] for n in names}, {n: new[n] for n in names})


def _values(row: LedgerRow | None) -> dict[str, Json] | None:
    return None if row is None else cast("dict[str, Json]", row)
