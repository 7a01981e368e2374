"""The folder that a release is built into: whether it may be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa

from drystone.building.settings import ReleaseSettings, Settings
from drystone.errors import BuildError, ReleaseError
from drystone.release import layout
from drystone.release.canonical import json_bytes, json_rows
from drystone.release.layout import shown
from drystone.release.manifest import Manifest, ReleaseFacts, read_manifest
from drystone.release.read import open_release
from drystone.release.versions.numbers import MINOR, PATCH, kind_of_change, next_version
from drystone.work.remote.mirror import address, names

if TYPE_CHECKING:
    from drystone.registry import Registry

#: Marks a folder in which a build is under way; removed when the manifest is in place.
INCOMPLETE: Final = "INCOMPLETE"
#: The object by which a build holds an output in an object store.
LOCK: Final = "lock"


def check_output(output: Path) -> None:
    """Raise `BuildError` where `output` exists and is neither empty, nor a release, nor a build that was cut short."""
    if output.exists() and not output.is_dir():
        raise BuildError(f"{output}: is a file; choose a folder for the release")
    there = names(output) if output.is_dir() else []
    if set(there) - {LOCK} and not {layout.MANIFEST, INCOMPLETE} & set(there):
        raise BuildError(f"{address(output)}: is not a release and not empty; choose another folder")


#: What a release is called where nobody gave it a name: that name is nobody's.
_UNNAMED: Final = ReleaseSettings().name


class Named(NamedTuple):
    """A release that is known under a name and number: what its manifest says of itself, its root and its place."""

    facts: ReleaseFacts
    root: str
    place: str


def check_known(
    output: Path, settings: Settings, registry_head: str, *, replace: bool, registry: Registry | None = None
) -> None:
    """Refuse, before the work starts, what would be refused at its end or would give one name to two releases.

    Settings, program and registry are compared with the release that lies in `output`, and with those that the registry
    knows; whether sources differ is known only when they were read: see `check_same`. Raises `BuildError`.
    """
    facts = asked_facts(settings, registry_head)
    known = _named(output)
    if known is not None:
        _check_place(output, known, facts, replace=replace)
    check_registered(registry, facts)


def _check_place(output: Path, known: Named, facts: ReleaseFacts, *, replace: bool) -> None:
    differs = _ground(known.facts) != _ground(facts)
    if _is_one(known.facts, facts) and differs:
        raise _taken(known, facts)
    another = (known.facts.name, known.facts.version) != (facts.name, facts.version)
    if (another or differs) and not replace:
        raise BuildError(
            f"{shown(str(output))}: holds another complete release; choose another folder, make its next version with "
            f"--update {shown(str(output))}, or replace it with --replace"
        )


def check_registered(registry: Registry | None, facts: ReleaseFacts, sources: str | None = None) -> None:
    """Refuse a name and number under which a registry knows a release of other settings, program, registry or sources.

    `sources`: the hash of what was read, None where nothing was read yet. Raises `BuildError`.
    """
    if registry is None or facts.name == _UNNAMED:
        return
    for known in registry.versions.named(facts.name, facts.version):
        other = known.ground != ground_of(facts)
        if other or (sources is not None and known.sources != sources):
            number = next_version(facts.version, PATCH if other else MINOR)
            raise BuildError(
                f"{shown(facts.name)} {facts.version} is another release already: root {known.root}, by the registry. "
                "A name and number stand for one root: make the next version with --update and the release's folder, "
                f"or give this one another number, for example --version {number}"
            )


def register(registry: Registry | None, manifest: Manifest, sources: str) -> None:
    """Have a registry know a release by its name and number, where somebody gave it a name."""
    facts = manifest.facts
    if registry is not None and facts.name != _UNNAMED:
        registry.versions.released(facts.name, facts.version, manifest.root, ground=ground_of(facts), sources=sources)


def ground_of(facts: ReleaseFacts) -> str:
    """Return the hash of what decides a root besides the sources."""
    return hashlib.sha256(json_bytes(list(_ground(facts)))).hexdigest()


def sources_of(repositories: pa.Table) -> str:
    """Return the hash of the rows of repositories.parquet, which differ where anything that was read does."""
    digest = hashlib.sha256()
    for row in json_rows(repositories).to_pylist():
        digest.update(row.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()


def check_same(output: Path, facts: ReleaseFacts, repositories: pa.Table) -> None:
    """Refuse to write a release over one of its name and number that was made of other sources.

    `repositories` are the rows of repositories.parquet as they would be: where they differ, so do the roots. Raises
    `BuildError`, also where those of the release cannot be read.
    """
    known = _named(output)
    if known is None or not _is_one(known.facts, facts):
        return
    try:
        same = _same_rows(output, repositories)
    except ReleaseError as error:
        raise BuildError(
            f"{shown(str(output))}: holds {shown(facts.name)} {facts.version}, which is damaged, so that nobody can "
            f"tell whether it is the one to be made: {error}. Remove it, or choose another folder"
        ) from None
    if not same:
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
    known = pa.concat_tables([repositories.schema.empty_table(), *open_release(output).repositories()])
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
