"""Writes a release from a finished plan: ledger and shards, repositories, attribution, and last the manifest."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.context import Build
from drystone.building.index import index_stage, is_wanted
from drystone.building.output import INCOMPLETE, asked_facts, check_same
from drystone.building.plan import Settled
from drystone.building.repositories.tables import table_tasks
from drystone.building.settings import Settings
from drystone.building.stages.contents import Extent
from drystone.building.stages.inventory import DUPLICATE, Inventoried, load_repositories
from drystone.building.stages.licensing import LICENSE_FILES, LicenseFile
from drystone.building.stages.paths import path_text
from drystone.building.stages.rows import repository_row
from drystone.building.stages.settle import ROWS, ledger_bounds
from drystone.building.stages.tables import ANNOTATIONS, BLOBS, as_rows
from drystone.building.stages.text import to_text
from drystone.catalog.importing.releases import passport_document
from drystone.detect.licenses import HEAD_BYTES, LicenseAnnotation
from drystone.detect.secrets.beside import without
from drystone.errors import BuildError
from drystone.policy.licensed import speaks_for, verdict_on
from drystone.registry import OptOuts, Review
from drystone.release import layout
from drystone.release.documents.covers import Folders
from drystone.release.documents.notice import Notice, NoticePlace, RestingFiles, found_notice, resting_on
from drystone.release.manifest import ArchiveTerms, FileEntry, IndexFile, Manifest, ReleaseFacts, read_manifest
from drystone.release.read import Release
from drystone.release.schema import REPOSITORIES
from drystone.release.writing.finish import finish
from drystone.release.writing.writer import write_repositories
from drystone.search.index import list_index
from drystone.search.index import remove_others as remove_other_indexes
from drystone.sources.base import Part
from drystone.work.engine import Engine
from drystone.work.exchange import Readers, route
from drystone.work.files import remove_partial
from drystone.work.ranges import bounds, read
from drystone.work.remote.mirror import address, is_mirrored, remove, sizes
from drystone.work.remote.mirror import size as size_of
from drystone.work.store import Stage, fingerprint, write_atomically, write_table
from drystone.work.tasks import Summary, Task, share

_LEDGER_PART: Final = "drystone.building.stages.write:ledger_part"
_WRITE_SHARDS: Final = "drystone.building.stages.write:shards"
_LEDGER: Final = "drystone.release.schema:LEDGER"
_ROWS: Final = "drystone.building.stages.settle:ROWS"
_LEDGER_ROWS: Final = 1 << 17
#: Bytes of a row of the ledger, about.
_LEDGER_ROW: Final = 200.0
#: What an earlier build may have left under a name of its own.
_OLD: Final = re.compile(r"(data|ledger)/|[^/]*\.parquet\Z|tombstones/[^/]*\.json\Z")
#: Bytes of text up to which small languages share one task.
_TASK_BYTES: Final = 16 << 20


def publish(build: Build, settled: Settled) -> Manifest:
    """Write the release into the build's output and return its manifest.

    Raises `BuildError` where another complete release lies there already, unless the build may replace it.
    """
    output, settings, store, registry_head = build.output, build.settings, build.store, build.optouts.head
    facts = facts_of(settings, settled, build.optouts)
    key = [
        settled.key,
        registry_head,
        address(output) if is_mirrored(output) else str(output.resolve()),
        settings.release.model_dump(mode="json", exclude={"output"}),
    ]
    stage = store.stage("write", *key)
    state = fingerprint(key)
    if (output / layout.MANIFEST).exists():
        done = stage.summary("release")
        if done is not None and _same_files(output, done):
            return _indexed(build, read_manifest(output))
        check_same(output, facts, repository_rows(settings, settled))
        if not build.replace and not (output / INCOMPLETE).exists():
            raise BuildError(
                f"{output}: holds another complete release; choose another folder, or replace it with --replace"
            )
        remove(output / layout.MANIFEST)
    output.mkdir(parents=True, exist_ok=True)
    write_atomically(output / INCOMPLETE, lambda path: path.write_text(f"A build is under way here: {state}\n"))

    index = partial(index_stage, build, output=output) if is_wanted(build) else _none
    files = write_files(build, settled, stage, output)
    build.engine.check_held()
    remove_others(output, {file.path for file in files})
    manifest = finish(output, facts, files, notices_of(settings, settled), index, passport_document)
    remove_other_indexes(output, manifest.index)
    stage.finish("release", {file.path: file.bytes for file in files})
    remove(output / INCOMPLETE)
    store.remove_unused()
    return manifest


def _none(manifest: Manifest) -> Sequence[IndexFile]:
    return ()


def _indexed(build: Build, manifest: Manifest) -> Manifest:
    """Return the manifest of a release that is there, with an index where one is wanted."""
    if not is_wanted(build):
        return manifest
    list_index(Release(build.output, manifest), index_stage(build, manifest, build.output, manifest.index))
    return read_manifest(build.output)


def write_files(
    build: Build,
    settled: Settled,
    stage: Stage,
    output: Path,
    skip: frozenset[str] = frozenset(),
) -> list[FileEntry]:
    """Write all Parquet files of a release into `output` but the shards in `skip`; return their entries."""
    settings = build.settings
    repositories = stage.file("repositories.parquet")
    write_table(repositories, repository_rows(settings, settled))
    # Together, so that no process waits for the end of the ledger.
    tasks = [*_ledger(build, stage, settled, output), *_shards(build, stage, settled, output, repositories, skip)]
    tasks += table_tasks(build, stage, output, settled.related, settled.repositories, settled.sources)
    written = _run(build.engine, "ledger, shards", stage, tasks, output)
    if not is_wanted(build):
        build.engine.workers.dismiss()
    files = [FileEntry(**file) for summary in written for file in summary["files"]]
    files.append(
        write_repositories(output, [read([repositories], REPOSITORIES)], zstd_level=settings.release.zstd_level)
    )
    return files


def _same_files(output: Path, sizes: dict[str, int]) -> bool:
    return all(size_of(output / path) == size for path, size in sizes.items())


def facts_of(settings: Settings, settled: Settled, optouts: OptOuts) -> ReleaseFacts:
    """Return what the manifest says of a build."""
    return asked_facts(settings, optouts.head).model_copy(
        update={
            "optouts_in_force": optouts.in_force(),
            "opted_out_repositories": settled.opted_out_repositories,
            "funnel": settled.funnel,
            "software_heritage": _archive_terms(settled),
        }
    )


def _archive_terms(settled: Settled) -> ArchiveTerms | None:
    """Return the terms under which parts of the archive were read; None where no source is of it."""
    shown = [s.terms for s in settled.sources if isinstance(s, Part) and s.terms is not None]
    agreements = sorted({agreement for _, agreement in shown if agreement})
    return ArchiveTerms(sha256=shown[0][0], agreement="; ".join(agreements) or None) if shown else None


def _parts(amount: int, size: int) -> int:
    """Return how many parts of at most about `size` hold `amount`: a power of two, so that growth rarely moves it."""
    return 1 << max(0, math.ceil(math.log2(max(1.0, amount / size))))


def _run(engine: Engine, name: str, stage: Stage, tasks: list[Task], output: Path) -> list[Summary]:
    """Run a writing stage; a task whose file has since gone from the release is done again."""
    finished = stage.summaries([task.id for task in tasks])
    for task in tasks:
        done = finished[task.id]
        if done is not None and not _same_files(output, {file["path"]: file["bytes"] for file in done["files"]}):
            stage.forget(task.id)
    return engine.run(name, stage, tasks)


def shard_counts(settings: Settings, settled: Settled) -> dict[str, int]:
    """Return into how many shards each language is cut."""
    return {language: _parts(size, settings.release.shard_bytes) for language, (_, size) in settled.languages.items()}


def _ledger(build: Build, stage: Stage, settled: Settled, output: Path) -> list[Task]:
    settings = build.settings
    count = _parts(settled.occurrences, _LEDGER_ROWS)
    by = ("repository_id", "path", "entry")
    readers = Readers(by, count, lambda index: ledger_bounds(index, count)[:1])
    by_repository = build.store.stage("ledger-rows", settled.key, count)
    rows = settled.settled_rows
    routed = route(build.run, "ledger rows", by_repository, settled.ledger, rows, _LEDGER, readers)
    shared = share(
        stage,
        release=output,
        count=count,
        shards=shard_counts(settings, settled),
        level=settings.release.zstd_level,
    )
    weight = max(1.0, _LEDGER_ROW * settled.occurrences / count)
    return [
        Task(f"ledger-{index:05d}", _LEDGER_PART, {"settled": routed.of(index), "index": index}, weight, shared)
        for index in range(count)
    ]


def _shards(
    build: Build,
    stage: Stage,
    settled: Settled,
    output: Path,
    repositories: Path,
    skip: frozenset[str],
) -> list[Task]:
    settings = build.settings
    counts = shard_counts(settings, settled)
    groups: list[tuple[list[tuple[str, int, int]], float]] = []
    for language, count in sorted(counts.items()):
        indices = [index for index in range(count) if layout.data_path(language, index, count) not in skip]
        if not indices:
            continue
        size = settled.languages[language][1] / count
        if count == 1 and groups and groups[-1][0][-1][2] == 1 and groups[-1][1] + size <= _TASK_BYTES:
            members, before = groups[-1]
            groups[-1] = ([*members, (language, 0, 1)], before + size)
        else:
            groups.extend(([(language, index, count)], size) for index in indices)

    def low(group: int) -> tuple[object, ...]:
        language, index, count = groups[group][0][0]
        return language, bounds(index, count)[0]

    by_language = build.store.stage("rows", settled.key, [members for members, _ in groups])
    readers = Readers(("language", "id"), len(groups), low)
    routed = route(build.run, "rows", by_language, settled.rows, settled.kept_rows, _ROWS, readers)
    shared = share(
        stage,
        release=output,
        repositories=repositories,
        contents=settled.contents,
        secret_settings=settings.secret_settings,
        level=settings.release.zstd_level,
    )
    return [
        Task(f"shards-{i:05d}", _WRITE_SHARDS, {"settled": routed.of(i), "members": members}, max(1.0, size), shared)
        for i, (members, size) in enumerate(groups)
    ]


def repository_rows(settings: Settings, settled: Settled) -> pa.Table:
    """Return the rows of repositories.parquet."""
    rows = []
    for repository in settled.repositories:
        said = settled.roots.get(repository["id"])
        root = LicenseAnnotation.from_json(said) if said is not None else None
        unread = repository["status"] in ("unreadable", DUPLICATE)
        verdict = None if unread else verdict_on(root, settings.licenses, repository["gha_license_id"])
        kept = settled.kept.get(repository["id"], 0)
        expression = root.expression if root is not None else None
        type_ = verdict.license_type if verdict else None
        people = settings.secrets.people
        rows.append(repository_row(repository, expression, type_, kept, settings.secret_settings, people))
    return pa.Table.from_pylist(rows, REPOSITORIES)


def remove_others(output: Path, wanted: set[str]) -> None:
    """Remove what an earlier build has left, unfinished or not: Parquet files, and tombstones of its versions."""
    remove_partial(output)
    for name in sizes(output):
        if name not in wanted and _OLD.match(name):
            remove(output / name)
    for folder in (output / "data").glob("*"):
        if not any(folder.iterdir()):
            folder.rmdir()


def notices_of(settings: Settings, settled: Settled) -> Iterator[Notice]:
    """Yield the licence and notice texts that the evidence of kept files names, and notice files beside them.

    Names of holders stay, which licences ask for; addresses and secrets go, which none does.
    """
    chosen = replace(
        settings.secret_settings, name="off", ip_address="off", high_entropy="off", replacement="placeholder"
    )
    resting = _resting(settled)
    folders = _folders_of(settled, resting)

    def beside(file: LicenseFile, repository: Inventoried) -> str | None:
        return folders.get((repository["origin"], file.path.rpartition(b"/")[0]))

    def wanted(file: LicenseFile, annotation: LicenseAnnotation, repository: Inventoried) -> bool:
        named = (repository["origin"], _swhid(file.id)) in resting
        return (named and annotation.kind in _TEXTS) or (annotation.kind == "notice" and bool(beside(file, repository)))

    for found, text in _license_texts(settled, wanted):
        shown = without(text.decode("utf-8"), chosen)
        for file, annotation, repository in found:
            place = NoticePlace(repository["origin"], repository["name"], path_text(file.path), _swhid(file.id))
            files = resting.get((place.origin, _swhid(file.id)))
            place = replace(place, beside=beside(file, repository)) if files is None else resting_on(place, files)
            yield found_notice(shown, annotation.expression, place)


#: Kinds of licence files whose text is passed on whole: a README or metadata only name a licence.
_TEXTS: Final = ("text", "notice")


def _swhid(id_: bytes) -> str:
    return f"swh:1:cnt:{id_.hex()}"


def _resting(settled: Settled) -> dict[tuple[str, str], RestingFiles]:
    """Return by origin and SWHID the kept files that rest on each file that their evidence names.

    Memory holds the paths of all kept files, as Arrow has them, and those of one origin.
    """
    keys = ["origin", "license_expression", "license_evidence"]
    rows = read(settled.rows, ROWS, (*keys, "path")).sort_by("origin")
    found: dict[tuple[str, str], RestingFiles] = {}
    ends = pc.run_end_encode(rows.column("origin").combine_chunks()).run_ends.to_pylist() if rows.num_rows else []
    for start, end in zip([0, *ends], ends, strict=False):
        here = rows.slice(start, end - start)
        grouped = here.group_by(keys[1:]).aggregate([("path", "list")])
        texts: dict[str, list[str]] = {}
        columns = (grouped.column(name).to_pylist() for name in (*keys[1:], "path_list"))
        for expression, evidence, paths in zip(*columns, strict=True):
            pieces = orjson.loads(evidence)
            for swhid in {p["swhid"] for p in pieces if p["swhid"] and speaks_for(p["expression"], expression)}:
                texts.setdefault(swhid, []).extend(map(path_text, paths))
        folders = Folders(map(path_text, here.column("path").to_pylist()))
        origin = here.column("origin")[0].as_py()
        found |= {(origin, swhid): RestingFiles.of(paths, folders) for swhid, paths in texts.items()}
    return found


def _folders_of(settled: Settled, resting: Mapping[tuple[str, str], object]) -> dict[tuple[str, bytes], str]:
    """Return the folders in which such texts lie, by origin and path: the SWHID of one of them."""
    repositories = [load_repositories(settled.inventory, task) for task in settled.partitions]
    found: dict[tuple[str, bytes], str] = {}
    for collected in settled.license_files:
        for file in as_rows(read([collected], LICENSE_FILES), LicenseFile, LicenseFile._fields):
            key = (repositories[file.partition][file.repository]["origin"], _swhid(file.id))
            if key in resting and LicenseAnnotation.from_json(file.license).kind == "text":
                folder = (key[0], file.path.rpartition(b"/")[0])
                found[folder] = min(found.get(folder, key[1]), key[1])
    return found


def texts_to_review(settled: Settled, decided: Mapping[str, str]) -> Iterator[Review]:
    """Yield the licence texts that a person should look at: denied, unanswered, in conflict, under the limit."""

    def waits(_: LicenseFile, annotation: LicenseAnnotation, repository: Inventoried) -> bool:
        doubtful = annotation.needs_review or annotation.text_sha256 in settled.conflicts
        return doubtful and bool(annotation.text_sha256) and annotation.text_sha256 not in decided

    for found, text in _license_texts(settled, waits):
        file, annotation, repository = min(found, key=lambda f: (f[2]["origin"], f[0].path))
        yield Review(
            text_sha256=annotation.text_sha256,
            cause=annotation.cause or "conflict",
            expression=annotation.expression,
            evidence=_shown(annotation, settled.conflicts.get(annotation.text_sha256, annotation.conflict or "")),
            origin=repository["origin"],
            path=path_text(file.path),
            swhid=f"swh:1:cnt:{file.id.hex()}",
            sample=text.decode("utf-8"),
        )
    yield from _heads_to_review(settled)


def _heads_to_review(settled: Settled) -> Iterator[Review]:
    """Yield the heads of source files that a person should read: each distinct one once, with one of its files.

    The file is named by its name alone: one distinct file may lie at many paths.
    """
    if not settled.heads:
        return
    wanted = pa.array(sorted({bytes.fromhex(id_) for id_, _ in settled.heads.values()}), pa.binary())
    listed = read(settled.blobs, BLOBS, (*Extent._fields, "names"))
    listed = listed.filter(pc.is_in(listed.column("id"), wanted))
    names = dict(zip(listed.column("id").to_pylist(), listed.column("names").to_pylist(), strict=True))
    said = read(settled.annotations, ANNOTATIONS, ("id", "header"))
    said = said.filter(pc.is_in(said.column("id"), wanted))
    headers = dict(zip(*(column.to_pylist() for column in said.columns), strict=True))
    places = sorted(as_rows(listed, Extent, Extent._fields))
    texts = dict(zip((place.id for place in places), settled.contents.read(places), strict=True))
    for key, (hexadecimal, conflict) in sorted(settled.heads.items()):
        id_ = bytes.fromhex(hexadecimal)
        name = names[id_][0]
        annotation = LicenseAnnotation.from_json(headers[id_])
        text = to_text(texts[id_], notebook=name.endswith(".ipynb")).decoded.text
        yield Review(
            text_sha256=key,
            cause=annotation.cause or "conflict",
            expression=annotation.expression,
            evidence=_shown(annotation, conflict),
            path=name,
            swhid=f"swh:1:cnt:{hexadecimal}",
            sample=text[:HEAD_BYTES].decode("utf-8", "replace") if text is not None else None,
        )


def _shown(annotation: LicenseAnnotation, conflict: str) -> str:
    """Return what a reviewer is shown: the evidence, in JSON, and last what contradicts what, where anything does."""
    evidence = orjson.loads(annotation.evidence_json())
    return orjson.dumps([*evidence, {"conflict": conflict}] if conflict else evidence).decode()


_Found = tuple[LicenseFile, LicenseAnnotation, Inventoried]


def _license_texts(
    settled: Settled, wanted: Callable[[LicenseFile, LicenseAnnotation, Inventoried], bool]
) -> Iterator[tuple[list[_Found], bytes]]:
    """Yield each distinct licence file that is `wanted`, with the places it stands at, and its text."""
    repositories = [load_repositories(settled.inventory, task) for task in settled.partitions]
    for collected, blobs in zip(settled.license_files, settled.blobs, strict=True):
        found: dict[bytes, list[_Found]] = defaultdict(list)
        for file in as_rows(read([collected], LICENSE_FILES), LicenseFile, LicenseFile._fields):
            annotation = LicenseAnnotation.from_json(file.license)
            repository = repositories[file.partition][file.repository]
            if wanted(file, annotation, repository):
                found[file.id].append((file, annotation, repository))
        listed = read([blobs], BLOBS, Extent._fields)
        listed = listed.filter(pc.is_in(listed.column("id"), pa.array(sorted(found), pa.binary())))
        places = sorted(as_rows(listed, Extent, Extent._fields))
        for place, data in zip(places, settled.contents.read(places), strict=True):
            text = to_text(data, notebook=False).decoded.text
            if text is not None:
                yield found[place.id], text
