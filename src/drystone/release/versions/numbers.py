"""Versions of a release: which number comes next and why, what its change log says, which versions it supersedes.

The rule: a retraction, or the registry alone, makes a patch; other sources make a minor version; other rules, another
program or another format make a major one. Knows manifests and differences, writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, NotRequired, TypedDict, cast

import orjson

from drystone.errors import ReleaseError, UsageError
from drystone.release.inspection.diff import Delta, Diff
from drystone.release.layout import MANIFEST, shown
from drystone.release.manifest import VERSION, EarlierVersion, Manifest, ReleaseFacts, read_manifest

MAJOR: Final = "major"
MINOR: Final = "minor"
PATCH: Final = "patch"
#: Why one version took the place of another: the `reason` of a tombstone.
RETRACTION: Final = "retraction"
UPDATE: Final = "update"
#: The stage at which a mixture leaves files of the release out that it is made of.
MIXTURE: Final = "mixture"
#: `format` of a tombstone.
TOMBSTONE: Final = "drystone-tombstone"
#: Folders beside a release that are looked at.
_NEIGHBOURS: Final = 1000
_PLACES: Final = {MAJOR: 0, MINOR: 1, PATCH: 2}


def next_version(version: str, change: str) -> str:
    """Return the version after `version` by a `MAJOR`, `MINOR` or `PATCH` change.

    Raises `ReleaseError` where `version` is not three numbers (Semantic Versioning 2.0.0, without suffixes).
    """
    if not re.fullmatch(VERSION, version):
        raise ReleaseError(f"version {shown(version)!r} is not MAJOR.MINOR.PATCH, so none can follow it")
    numbers = [int(number) for number in version.split(".")]
    at = _PLACES[change]
    return ".".join(str(n) for n in [*numbers[:at], numbers[at] + 1, *[0] * (2 - at)])


def kind_of_change(old: ReleaseFacts, new: ReleaseFacts, *, sources_differ: bool) -> str | None:
    """Return `MAJOR`, `MINOR` or `PATCH`; None where nothing that decides the content differs."""
    rules = ("configuration", "program_version", "near_duplicate_threshold")
    if any(getattr(old, name) != getattr(new, name) for name in rules):
        return MAJOR
    if sources_differ:
        return MINOR
    state = ("registry_head", "opted_out_repositories")
    return PATCH if any(getattr(old, name) != getattr(new, name) for name in state) else None


def check_later(old: str, new: str) -> None:
    """Raise `UsageError` where `new`, which a user chose, does not come after `old`."""
    if [int(n) for n in new.split(".")] <= [int(n) for n in old.split(".")]:
        raise UsageError(f"version {new} does not come after {shown(old)}; leave the number to drystone, or raise it")


def follow(old: Manifest, changes: Iterable[str], *, retracted: bool = False) -> ReleaseFacts:
    """Return the facts of `old` with itself as the version before, and `changes` on top of its change log."""
    from drystone.release.documents.card import changelog_entry  # noqa: PLC0415  (card reads releases, which read manifests)

    head = old.facts.registry_head
    previous = EarlierVersion(version=old.facts.version, root=old.root, retracted=retracted, registry_head=head)
    return old.facts.model_copy(
        update={
            "previous": previous,
            "earlier": old.facts.lineage,
            "changes": (*changes, "", *changelog_entry(old.facts, old.root)),
        }
    )


def change_lines(found: Diff) -> list[str]:
    """Return a difference as lines of Markdown: numbers of kept files by language, of dropped ones by reason."""
    changes = ", ".join(f"{count:,} {kind}" for kind, count in found.changes.items())
    lines = [f"Occurrences: {changes}. Parquet files: {found.new_files:,} differ, {found.same_files:,} are the same."]
    lines += [f"- {line}" for line in found.configuration if line.startswith(("configuration", "program", "near"))]
    for title, deltas in (("language", {"all kept": found.kept, **found.languages}), ("dropped for", found.reasons)):
        rows = [_row(name, delta) for name, delta in deltas.items()]
        if rows:
            lines += ["", f"| {title} | files before | after | bytes before | after |", "|---|---:|---:|---:|---:|"]
            lines += rows
    return lines


def _row(name: str, delta: Delta) -> str:
    safe = shown(name).replace("|", "\\|").replace("\n", " ")
    return f"| {safe} | {delta.old_files:,} | {delta.new_files:,} | {delta.old_bytes:,} | {delta.new_bytes:,} |"


class SupersededBy(TypedDict):
    """The version that took another's place."""

    version: str
    root: str


class FileCounts(TypedDict):
    """How much a version holds: rows of the ledger, and kept files among them."""

    occurrences: int
    files: int


class FallenCounts(FileCounts):
    """How much fell: bytes of the files among it, and whole repositories too."""

    bytes: int
    repositories: int


class Tombstone(TypedDict):
    """What stays of a version that was replaced in its place; what fell, and by which request, is of retractions."""

    format: str
    release: str
    version: str
    root: str
    reason: str
    superseded_by: SupersededBy
    registry_head: str
    counts: FileCounts
    counts_now: FileCounts
    replaced: list[str]
    fell: NotRequired[FallenCounts]
    requests: NotRequired[dict[str, FallenCounts]]


def tombstone(before: Manifest, after: Manifest, reason: str, **more: object) -> tuple[str, bytes]:
    """Return name and text of the tombstone of `before`, which names its successor and the files that it replaced."""
    places = {entry.place for entry in after.files}
    content: dict[str, object] = {
        "format": TOMBSTONE,
        "release": before.facts.name,
        "version": before.facts.version,
        "root": before.root,
        "reason": reason,
        "superseded_by": {"version": after.facts.version, "root": after.root},
        "registry_head": after.facts.registry_head,
        "counts": {"occurrences": before.counts.occurrences, "files": before.counts.kept},
        "counts_now": {"occurrences": after.counts.occurrences, "files": after.counts.kept},
        "replaced": [entry.place for entry in before.files if entry.place not in places],
        **more,
    }
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return f"tombstones/{before.facts.version}.json", orjson.dumps(content, option=options)


def replaced(folder: Path) -> set[str]:
    """Return the files of earlier versions that the tombstones in a release name; a damaged one names none."""
    found: set[str] = set()
    for path in sorted(folder.glob("tombstones/*.json")):
        with suppress(OSError, orjson.JSONDecodeError, KeyError, TypeError):
            found.update(str(place) for place in orjson.loads(path.read_bytes())["replaced"])
    return found


@dataclass(frozen=True, slots=True)
class Superseded:
    """The version that took another's place; `retracted` says that the other must not be used any more."""

    version: str
    root: str
    retracted: bool


def superseded(manifest: Manifest, against: Iterable[Path], *known: Superseded) -> Superseded | None:
    """Return the newest version that says that it, or one before it, followed `manifest`.

    `against` are folders of releases and tombstones, `known` what is known from elsewhere. Raises `ReleaseError` for
    what is neither a release nor a tombstone.
    """
    found = [*known]
    for path in against:
        found += [Superseded(*each) for each in _follows(manifest.root, path)]
    if not found:
        return None
    newest = max(found, key=lambda each: [int(n) for n in each.version.split(".")])
    return Superseded(newest.version, newest.root, any(each.retracted for each in found))


def neighbours(folder: Path, manifest: Manifest) -> list[Path]:
    """Return what lies in a release, or beside it, and may say that it is superseded: tombstones, and later versions.

    Only releases of the same name count; what cannot be read is passed over.
    """
    found = []
    try:
        beside = sorted(islice((p for p in folder.resolve().parent.iterdir() if p.is_dir()), _NEIGHBOURS))
    except OSError:
        beside = []
    for place in [folder, *beside]:
        for stone in sorted(place.glob("tombstones/*.json")):
            with suppress(ReleaseError):
                if read_tombstone(stone)["root"] == manifest.root:
                    found.append(stone)
        with suppress(ReleaseError):
            if (place / MANIFEST).is_file() and read_manifest(place).facts.name == manifest.facts.name:
                found.append(place)
    return found


def _follows(root: str, path: Path) -> Iterator[tuple[str, str, bool]]:
    if path.is_dir():
        other = read_manifest(path)
        for line in other.facts.lineage:
            if line.root == root:
                yield other.facts.version, other.root, line.retracted
        return
    stone = read_tombstone(path)
    if stone["root"] == root:
        yield stone["superseded_by"]["version"], stone["superseded_by"]["root"], stone["reason"] == RETRACTION


def read_tombstone(path: Path) -> Tombstone:
    """Return what a tombstone says. Raises `ReleaseError` where the file is none."""
    try:
        stone = orjson.loads(path.read_bytes())
        if stone["format"] != TOMBSTONE:
            raise KeyError
        for version in (stone, stone["superseded_by"]):
            next_version(version["version"], PATCH)
            if not re.fullmatch("[0-9a-f]{64}", version["root"]):
                raise KeyError
        if stone["reason"] == RETRACTION:
            for counts in (stone["counts"], stone["counts_now"], stone["fell"], *stone["requests"].values()):
                if not all(isinstance(number, int) for number in counts.values()):
                    raise KeyError
        return cast(Tombstone, stone)
    except OSError as error:
        raise ReleaseError(f"{shown(str(path))} cannot be read: {error.strerror}") from None
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise ReleaseError(f"{shown(str(path))} is neither a release nor a tombstone") from None
