"""The next version of a release: from the sources of now, the registry of now and the release before.

Shards whose rows would come out the same are taken over, not written. The root hash is that of a build from scratch;
name, number, change log and lineage follow from the release before.
"""

from __future__ import annotations

import os
import shutil
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import orjson
import pyarrow as pa
from pydantic import ValidationError

from drystone.building.context import Build
from drystone.building.index import index_stage, is_wanted, take_over
from drystone.building.output import INCOMPLETE, check_registered, sources_of
from drystone.building.plan import Settled
from drystone.building.publish import (
    facts_of,
    notices_of,
    remove_others,
    repository_rows,
    shard_counts,
    write_files,
)
from drystone.building.settings import Settings
from drystone.building.stages.rows import COMPARED, compared
from drystone.building.stages.settle import ROWS
from drystone.catalog.importing.releases import passport_document
from drystone.errors import BuildError, DrystoneError, UsageError
from drystone.policy.optouts import about
from drystone.release import layout
from drystone.release.files import write_whole
from drystone.release.inspection.diff import diff
from drystone.release.location import Folder
from drystone.release.manifest import (
    Counts,
    FileEntry,
    IndexFile,
    Manifest,
    ReleaseFacts,
    present_columns,
    release_root,
)
from drystone.release.read import Release
from drystone.release.versions.falls import fallen_repositories
from drystone.release.versions.numbers import (
    PATCH,
    RETRACTION,
    UPDATE,
    change_lines,
    check_later,
    follow,
    kind_of_change,
    next_version,
    tombstone,
)
from drystone.release.versions.switch import STAGING, place_beside, settle, switch
from drystone.release.writing.finish import describe, finish
from drystone.search.index import remove_others as remove_other_indexes
from drystone.sources import Source, parse_source
from drystone.work.ranges import Range, read
from drystone.work.store import fingerprint, write_atomically

_RECORD: Final = "build.json"
#: What is read of the settled rows to compare them: sketches and places stay where they are.
_SETTLED: Final = (
    "id", "repository_id", "path", "language", "language_evidence", "language_confidence", "license_type",
    "license_expression", "license_evidence", "license_basis", "license_confidence", "license_conflict", "generated",
    "attributes", "near_duplicate_cluster",
)  # fmt: skip


def publish_update(build: Build, settled: Settled, old: Release) -> Manifest:
    """Write the version after `old` into the build's output, or in the place of `old` where that is the same folder.

    Returns the manifest of `old` where nothing would differ. Raises `BuildError`, `UsageError`.
    """
    output, settings, store, optouts = build.output, build.settings, build.store, build.optouts
    facts = _numbered(build, settled, old)
    if facts is None:
        return old.manifest
    in_place = output.exists() and output.samefile(old.path)
    target = output / STAGING if in_place else output
    stage = store.stage("write", settled.key, optouts.head, str(target.resolve()), fingerprint(facts.version))
    if in_place:
        settle(Folder(output), old.manifest)
    elif output.exists() and any(output.iterdir()) and not (output / INCOMPLETE).exists():
        raise BuildError(f"{output}: is not empty; choose another folder for the new version, or that of the old one")
    target.mkdir(parents=True, exist_ok=True)
    if not in_place:
        write_atomically(output / INCOMPLETE, lambda path: path.write_text("An update is under way here\n"))
    same = unchanged_shards(settings, settled, facts, old)
    written = write_files(build, settled, stage, target, frozenset(same))
    known = {entry.path: entry for entry in old.manifest.files}
    entries = [*same.values()]
    for entry in written:
        before = known.get(entry.path)
        if before is not None and before.sha256 == entry.sha256:
            (target / entry.path).unlink()
            entries.append(before)
        elif in_place:
            entries.append(place_beside(Folder(output), entry, facts.version))
        else:
            entries.append(entry)
    if not in_place:
        entries = [
            _taken_over(old, known[e.path], output) if e.path in known and e == known[e.path] else e for e in entries
        ]
        remove_others(output, {entry.path for entry in entries})
    facts = _described(facts, output, entries, old)
    if in_place:
        manifest = _switch(build, facts, entries, settled, old)
    else:
        take_over(old.path, old.manifest.index, output)
        index = partial(_index, build, old)
        manifest = finish(output, facts, entries, notices_of(settings, settled), index, passport_document)
        remove_other_indexes(output, manifest.index)
    (output / INCOMPLETE).unlink(missing_ok=True)
    store.remove_unused()
    return manifest


def _numbered(build: Build, settled: Settled, old: Release) -> ReleaseFacts | None:
    """Return the facts of the next version with its number; None where nothing that decides the content differs."""
    optouts, version = build.optouts, build.version
    facts = facts_of(build.settings, settled, optouts)
    now = {repository["id"] for repository in settled.repositories}
    before = {id_ for table in old.repositories(["repository_id"]) for id_ in table["repository_id"].to_pylist()}
    gone = before - now
    differ = bool(now - before) or not gone <= fallen_repositories(old, optouts, about).keys()
    change = kind_of_change(old.manifest.facts, facts, sources_differ=differ)
    # A retraction leaves duplicates of what fell dropped; a build judges them anew.
    retracted = any(step.stage == RETRACTION for step in old.manifest.facts.funnel)
    if change is None and not gone and not retracted and version is None:
        return None
    number = version or next_version(old.manifest.facts.version, change or PATCH)
    check_later(old.manifest.facts.version, number)
    facts = facts.model_copy(update={"version": number})
    check_registered(build.registry.result(), facts, sources_of(repository_rows(build.settings, settled)))
    return facts


def _described(facts: ReleaseFacts, output: Path, entries: list[FileEntry], old: Release) -> ReleaseFacts:
    """Return the facts with lineage, and with the numbers of what changed."""
    files = tuple(sorted(entries, key=lambda e: e.path))
    none = Counts(occurrences=0, kept=0, dropped=0, repositories=0, opted_out_repositories=0, text_bytes=0)
    root, columns = release_root(facts, files), present_columns(files)
    new = Release(output, Manifest(root=root, facts=facts, counts=none, files=files, columns=columns))
    after = follow(old.manifest, change_lines(diff(old, new)))
    return facts.model_copy(update={"previous": after.previous, "earlier": after.earlier, "changes": after.changes})


def _index(build: Build, old: Release, manifest: Manifest) -> list[IndexFile]:
    return index_stage(build, manifest, build.output, old.manifest.index) if is_wanted(build) else []


def _switch(build: Build, facts: ReleaseFacts, entries: list[FileEntry], settled: Settled, old: Release) -> Manifest:
    output = build.output
    notices = list(notices_of(build.settings, settled))
    manifest = describe(output, facts, entries, notices, layout.NEXT, more=passport_document)
    manifest = manifest.model_copy(update={"index": tuple(_index(build, old, manifest))})
    name, stone = tombstone(old.manifest, manifest, UPDATE)
    write_whole(output / name, stone)
    switch(Folder(output), manifest, [name])
    return manifest


def _taken_over(old: Release, entry: FileEntry, output: Path) -> FileEntry:
    """Link a file of the release before into the new one, or copy it where links are refused."""
    source, target = old.path / entry.place, output / entry.path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        write_atomically(target, lambda path: shutil.copyfile(source, path))
    return entry.model_copy(update={"revised": None})


def unchanged_shards(settings: Settings, settled: Settled, facts: ReleaseFacts, old: Release) -> dict[str, FileEntry]:
    """Return the shards of `old`, by path, whose rows would come out the same.

    Bytes have one SWHID, and what is found in them depends on program and settings; so a row is the same where those
    are, and its SWHID, path, repository and licence are. Contents are not read.
    """
    before = old.manifest.facts
    if (before.program_version, before.configuration) != (facts.program_version, facts.configuration):
        return {}
    if old.manifest.columns.get("data") != present_columns()["data"]:
        return {}
    known = {entry.path: entry for entry in old.manifest.of_kind("data")}
    repositories = repository_rows(settings, settled)
    found: dict[str, FileEntry] = {}
    for language, count in shard_counts(settings, settled).items():
        paths = [layout.data_path(language, index, count) for index in range(count)]
        if not any(path in known for path in paths):
            continue
        rows = read(settled.rows, ROWS, _SETTLED, Range("language", language, language + "\0")).sort_by("id")
        firsts = np.array([int.from_bytes(id_[:4], "big") * count >> 32 for id_ in rows["id"].to_pylist()], np.int64)
        for index, path in enumerate(paths):
            entry = known.get(path)
            low, high = np.searchsorted(firsts, [index, index + 1])
            if entry is None or entry.rows != high - low or not (old.path / entry.place).is_file():
                continue
            if compared(rows.slice(low, high - low), repositories).equals(pa.concat_tables(old.rows(entry, COMPARED))):
                found[path] = entry
    return found


def remember(build: Build) -> None:
    """Write down what a build was made with, so that an update can be asked for by naming only what is new."""
    settings, sources = build.settings, build.sources
    record = {
        "settings": {
            **settings.model_dump(mode="json", exclude={"source", "engine", "release"}),
            "release": settings.release.model_dump(mode="json", include={"shard_bytes", "zstd_level"}),
        },
        "sources": [source.spec for source in sources],
        "plain": all(_plain(source) for source in sources),
    }
    write_atomically(build.store.folder / _RECORD, lambda path: path.write_bytes(orjson.dumps(record)))


def recall(work: Path) -> tuple[Settings, list[Source]]:
    """Return settings and sources of the build that used this work folder.

    Raises `UsageError` where there is none, or where its sources were described in a settings file.
    """
    try:
        record = orjson.loads((work / _RECORD).read_bytes())
        settings = Settings.model_validate(record["settings"])
        if record["plain"]:
            return settings, [parse_source(spec) for spec in record["sources"]]
    except FileNotFoundError:
        raise UsageError(
            f"{work}: the work folder of the release is gone, so its sources are not known; "
            "name all of them, or give the settings file"
        ) from None
    except (OSError, orjson.JSONDecodeError, ValidationError, KeyError):
        raise UsageError(f"{work / _RECORD}: cannot be read; name all sources, or give the settings file") from None
    raise UsageError(
        "the release was built from a settings file that describes its sources; add the new ones there and give it"
    )


def _plain(source: Source) -> bool:
    try:
        return bool(parse_source(source.spec) == source)
    except DrystoneError:
        return False
