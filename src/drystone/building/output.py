"""The folder that a release is built into: whether it may be."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa

from drystone.building.settings import ReleaseSettings, Settings
from drystone.errors import BuildError, ReleaseError
from drystone.release import layout
from drystone.release.layout import shown
from drystone.release.manifest import ReleaseFacts, read_manifest
from drystone.release.read import open_release
from drystone.release.versions.numbers import PATCH, kind_of_change, next_version

#: Marks a folder in which a build is under way; removed when the manifest is in place.
INCOMPLETE: Final = "INCOMPLETE"


def check_output(output: Path) -> None:
    """Raise `BuildError` where `output` exists and is neither empty, nor a release, nor a build that was cut short."""
    if output.exists() and not output.is_dir():
        raise BuildError(f"{output}: is a file; choose a folder for the release")
    if not output.is_dir() or not any(output.iterdir()):
        return
    if not (output / layout.MANIFEST).exists() and not (output / INCOMPLETE).exists():
        raise BuildError(f"{output}: is not a release and not empty; choose another folder")


#: What a release is called where nobody gave it a name: that name is nobody's.
_UNNAMED: Final = ReleaseSettings().name


class Named(NamedTuple):
    """A release that is known under a name and number: what its manifest says of itself, its root and its place."""

    facts: ReleaseFacts
    root: str
    place: str


def check_known(output: Path, settings: Settings, registry_head: str, *, replace: bool) -> None:
    """Refuse, before the work starts, what would be refused at its end or would give one name to two releases.

    Settings, program and registry are compared with the release that lies in `output`; whether sources differ is known
    only when they were read: see `check_same`. Raises `BuildError`.
    """
    known = _named(output)
    if known is None:
        return
    facts = asked_facts(settings, registry_head)
    differs = _ground(known.facts) != _ground(facts)
    if _is_one(known.facts, facts) and differs:
        raise _taken(known, facts)
    another = (known.facts.name, known.facts.version) != (facts.name, facts.version)
    if (another or differs) and not replace:
        raise BuildError(
            f"{shown(str(output))}: holds another complete release; choose another folder, make its next version with "
            f"--update {shown(str(output))}, or replace it with --replace"
        )


def check_same(output: Path, facts: ReleaseFacts, repositories: pa.Table) -> None:
    """Refuse to write a release over one of its name and number that was made of other sources.

    `repositories` are the rows of repositories.parquet as they would be: where they differ, so do the roots. Raises
    `BuildError`.
    """
    known = _named(output)
    if known is not None and _is_one(known.facts, facts) and not _same_rows(output, repositories):
        raise _taken(known, facts)


def asked_facts(settings: Settings, registry_head: str) -> ReleaseFacts:
    """Return what the manifest of a build will say that is known before its work."""
    release = settings.release
    return ReleaseFacts(
        name=release.name,
        version=release.version,
        description=release.description,
        authors=release.authors,
        license=release.license,
        url=release.url,
        date=release.date,
        configuration=settings.configuration(),
        registry_head=registry_head,
        near_duplicate_threshold=(
            None if settings.near_duplicates.scope == "off" else settings.near_duplicates.threshold
        ),
    )


def _named(output: Path) -> Named | None:
    """Return the complete release in a folder; None where there is none, or one that is being made."""
    if not (output / layout.MANIFEST).is_file() or (output / INCOMPLETE).exists():
        return None
    manifest = read_manifest(output)
    return Named(manifest.facts, manifest.root, str(output))


def _is_one(known: ReleaseFacts, facts: ReleaseFacts) -> bool:
    return facts.name != _UNNAMED and (known.name, known.version) == (facts.name, facts.version)


def _ground(facts: ReleaseFacts) -> Iterable[object]:
    """Return what decides the root of a release besides its sources."""
    return facts.configuration, facts.near_duplicate_threshold, facts.program_version, facts.registry_head


def _same_rows(output: Path, repositories: pa.Table) -> bool:
    try:
        known = pa.concat_tables([repositories.schema.empty_table(), *open_release(output).repositories()])
    except ReleaseError:
        return False
    return bool(known.equals(repositories))


def _taken(known: Named, facts: ReleaseFacts) -> BuildError:
    change = kind_of_change(known.facts, facts, sources_differ=True) or PATCH
    number = next_version(known.facts.version, change)
    place = shown(known.place)
    return BuildError(
        f"{shown(facts.name)} {facts.version} is another release already: root {known.root}, in {place}. A name and "
        f"number stand for one root: make the next version with --update {place}, or give this one another number, for "
        f"example --version {number}"
    )
