"""Versions of a release: which number comes next and why, what its change log says, which versions it supersedes.

The rule: a retraction, or the registry alone, makes a patch; other sources make a minor version; other rules, another
program or another format make a major one. Knows manifests and differences, writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from drystone.errors import ReleaseError, UsageError
from drystone.release.diff import Delta, Diff
from drystone.release.layout import shown
from drystone.release.manifest import VERSION, Manifest, Previous, ReleaseFacts

MAJOR: Final = "major"
MINOR: Final = "minor"
PATCH: Final = "patch"
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
    from drystone.release.card import changelog_entry  # noqa: PLC0415  (card reads releases, which read manifests)

    previous = Previous(version=old.facts.version, root=old.root, retracted=retracted)
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


def successor(manifest: Manifest, later: Iterable[Manifest]) -> tuple[Manifest, bool] | None:
    """Return the newest release of `later` that follows `manifest`, and whether `manifest` was retracted on the way."""
    found = [
        (other, line.retracted)
        for other in later
        for line in other.facts.lineage
        if line.root == manifest.root and other.root != manifest.root
    ]
    if not found:
        return None
    newest = max(found, key=lambda pair: len(pair[0].facts.lineage))
    return newest[0], any(retracted for _, retracted in found)
