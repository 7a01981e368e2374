"""Taking out of a release what an inventory says must go, in the place where the release lies.

Only the files that the inventory touches are written anew. The version before becomes a tombstone that names its
successor. Knows neither the registry nor how copies are judged: both come as plain functions.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Final, TypedDict

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone._words import many
from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.columns import OPTIONAL, TABLES, DataRow, Kind, LedgerRow, RepositoryRow
from drystone.release.documents.notice import read_notices
from drystone.release.documents.notice_changes import KeptPaths, after_retraction, older_notice
from drystone.release.files import write_whole
from drystone.release.location import Location
from drystone.release.manifest import FileEntry, FunnelStep, IndexFile, Manifest, ReleaseFacts
from drystone.release.read import Release
from drystone.release.schema import DATA, LEDGER, REPOSITORIES, SCHEMAS
from drystone.release.versions.falls import DUPLICATE, OPTED_OUT, Inventory, key_of
from drystone.release.versions.numbers import PATCH, RETRACTION, follow, next_version, tombstone
from drystone.release.versions.switch import STAGING, place_beside, switch
from drystone.release.writing.finish import MoreDocuments, describe, no_documents
from drystone.release.writing.writer import write_data_shard, write_ledger_part, write_repositories, write_single
from drystone.sources.base import SAME_DIRECTORY

#: Levels of zstd that are tried until a file is no larger than the one it replaces.
_LEVELS: Final = (3, 9, 19)

#: Turns a row of data (without content) into that of a copy: takes it, the copy's ledger row and its repository.
Attribute = Callable[[DataRow, LedgerRow, RepositoryRow], DataRow]


class Fell(TypedDict):
    """The columns of a ledger row in which falling shows."""

    decision: str
    stage: str
    reason: str
    evidence: str


#: Gives decision, stage, reason and evidence of a ledger row that falls by a request; or (None) of a duplicate whose
#: kept file falls.
Fall = Callable[[LedgerRow, str | None], Fell]


@dataclass(frozen=True, slots=True)
class Retraction:
    """What a retraction did: manifests before and after, Parquet bytes written anew and bytes of those they replace."""

    before: Manifest
    after: Manifest
    inventory: Inventory
    bytes_written: int
    bytes_replaced: int


def retract(
    location: Location,
    release: Release,
    inventory: Inventory,
    *,
    registry_head: str | None,
    in_force: int,
    fall: Fall,
    attribute: Attribute | None = None,
    date: str | None = None,
    index: Callable[[Manifest], tuple[IndexFile, ...]] = lambda after: (),
    more: MoreDocuments = no_documents,
) -> Retraction:
    """Write the version of `release` without what `inventory` names, in its place; `release` was read from there.

    `in_force` requests take anything out at the state `registry_head` of the registry. `index` makes the index of the
    new version, beside that of the old one, and returns its files; `more` its documents that this room does not know.

    A kill at any point leaves the old or the new version, whole; `switch.settle` or another retraction then removes
    what is left over. The columns stay those of the release, also where an older program wrote it. Raises
    `ReleaseError` where the place refuses, and where a newer program wrote what this one does not know.
    """
    if unknown := release.manifest.unknown():
        raise ReleaseError(
            f"{layout.shown(str(release.path))} is of version {release.manifest.format_version} of the format; this "
            f"program does not know {layout.shown(', '.join(unknown))} and would lose it. Install a newer drystone"
        )
    facts = _facts(release, inventory, registry_head, date).model_copy(update={"optouts_in_force": in_force})
    shutil.rmtree(location.mirror / STAGING, ignore_errors=True)
    entries: list[FileEntry] = []
    written = replaced = 0
    removed_shards = _emptied(release, inventory)
    for entry in release.manifest.files:
        if entry.path in removed_shards:
            replaced += entry.bytes
            continue
        if not _touched(entry, inventory):
            entries.append(entry)
            continue
        location.fetch(entry.place)
        anew = place_beside(location, _anew(location, release, entry, inventory, fall, attribute), facts.version)
        entries.append(anew)
        written += anew.bytes
        replaced += entry.bytes
    kinds = {*(TABLES.keys() - OPTIONAL), *(entry.kind for entry in entries)}
    columns = {kind: release.columns(kind) for kind in TABLES if kind in kinds}
    after = _described(location, release, inventory, facts, entries, columns, more)
    after = after.model_copy(update={"index": index(after)})
    name, stone = tombstone(
        release.manifest,
        after,
        RETRACTION,
        fell=asdict(inventory.total),
        requests={request: asdict(each) for request, each in sorted(inventory.requests.items())},
    )
    write_whole(location.mirror / name, stone)
    switch(location, after, [name])
    return Retraction(release.manifest, after, inventory, written, replaced)


def _described(
    location: Location,
    release: Release,
    inventory: Inventory,
    facts: ReleaseFacts,
    entries: list[FileEntry],
    columns: Mapping[Kind, list[str]],
    more: MoreDocuments,
) -> Manifest:
    """Write the documents of the new version beside the old ones; of an older program's NOTICE the text is known."""
    if layout.NOTICES in {document.path for document in release.manifest.documents}:
        location.fetch(layout.NOTICES)
        notices = read_notices(location.mirror, release.manifest.format_version)
    else:
        notices = None
    older: Iterable[str] = ()
    if notices is None:
        text = location.fetch("NOTICE").read_text("utf-8")
        names = _silent(release, inventory, "repo_name")[0]
        older = older_notice(text, names, f"{facts.name} {facts.version}")
    else:
        gone, changed = _silent(release, inventory, "origin")
        notices = after_retraction(notices, gone, _kept_now(release, inventory, changed - gone))
    return describe(location.mirror, facts, entries, notices, layout.NEXT, columns, older, more)


def _kept_now(release: Release, inventory: Inventory, origins: set[str]) -> dict[str, KeptPaths]:
    """Return the paths that are kept now of some origins. Memory grows with the files of these."""
    names = dict[str, str | None]()
    for table in release.repositories(["origin", "repo_name"]):
        names.update((row["origin"], row["repo_name"]) for row in table.to_pylist())
    kept = {origin: KeptPaths(names.get(origin)) for origin in sorted(origins)}
    left = pc.invert(pc.is_in(pc.field("repository_id"), pa.array(sorted(inventory.repositories), pa.string())))
    falling = pa.array(sorted({*inventory.gone, *inventory.handed}), pa.string())
    stays = left & (pc.field("decision") == "kept") & pc.invert(pc.is_in(pc.field("swhid"), falling))
    wanted = stays & pc.is_in(pc.field("origin"), pa.array(sorted(origins), pa.string()))
    for table in release.ledger(["repository_id", "origin", "path", "swhid", "decision"]):
        for row in table.filter(wanted).select(["origin", "path"]).to_pylist():
            kept[row["origin"]].stayed.append(row["path"])
    for copy in inventory.handed.values():
        kept[copy.row["origin"]].handed[copy.row["license_expression"]].append(copy.row["path"])
    return kept


def _facts(release: Release, inventory: Inventory, registry_head: str | None, date: str | None) -> ReleaseFacts:
    old = release.manifest.facts
    total = inventory.total
    kept = old.funnel[-1] if old.funnel else FunnelStep(stage=RETRACTION, files=release.manifest.counts.kept, bytes=0)
    left = FunnelStep(stage=RETRACTION, files=release.manifest.counts.kept, bytes=kept.bytes)
    handed = list(inventory.handed.values())
    left = left.model_copy(
        update={
            "files": left.files - total.files + len(handed),
            "bytes": max(0, left.bytes - total.bytes + sum(copy.row["size"] or 0 for copy in handed)),
        }
    )
    funnel = (*(step for step in old.funnel if step.stage != RETRACTION), left)
    version = next_version(old.version, PATCH)
    return follow(release.manifest, _changes(inventory), retracted=True).model_copy(
        update={
            "version": version,
            "registry_head": registry_head if registry_head is not None else old.registry_head,
            "opted_out_repositories": old.opted_out_repositories + len(inventory.repositories),
            "funnel": funnel,
            "date": date,
        }
    )


def _changes(inventory: Inventory) -> list[str]:
    total = inventory.total
    lines = [
        f"Retraction: {many(len(inventory.repositories), 'repository')} left the release; "
        f"{many(total.occurrences, 'occurrence')} fell, {many(total.files, 'kept file')} of {total.bytes:,} bytes.",
    ]
    if inventory.silent:
        lines.append(
            f"Of {many(len(inventory.silent), 'revision')} the author asked: no word or change is told any more."
        )
    if inventory.handed:
        lines.append(f"For {many(len(inventory.handed), 'file')} a copy that stays stands from now on.")
    if inventory.orphans:
        lines.append(f"Dropped until the next build judges them: {many(inventory.orphans, 'duplicate')} of what fell.")
    lines += ["", "| language | reason | files | bytes |", "|---|---|---:|---:|"]
    for language, fallen in sorted(inventory.languages.items()):
        lines.append(f"| {layout.shown(language)} | {OPTED_OUT} | -{fallen.files:,} | -{fallen.bytes:,} |")
    return lines


def _touched(entry: FileEntry, inventory: Inventory) -> bool:
    if entry.kind == "data":
        return entry.path in inventory.shards
    if entry.kind == "ledger":
        return entry.path in inventory.parts
    if entry.kind in OPTIONAL:
        return not inventory.empty
    return bool(inventory.repositories) or any(inventory.kept.values())


def _emptied(release: Release, inventory: Inventory) -> set[str]:
    """Return the shards of languages of which nothing is left; a shard of another language stays, if without rows."""
    gone: dict[str, int] = {}
    for shard in inventory.gone.values():
        gone[shard] = gone.get(shard, 0) + 1
    found: set[str] = set()
    for entries in release.manifest.languages.values():
        if all(gone.get(entry.path, 0) == entry.rows for entry in entries):
            found.update(entry.path for entry in entries)
    return found


def _anew(
    location: Location,
    release: Release,
    entry: FileEntry,
    inventory: Inventory,
    fall: Fall,
    attribute: Attribute | None,
) -> FileEntry:
    """Write a file of the release anew in the staging folder."""
    staging = location.mirror / STAGING
    tables = release.rows(entry)
    names = release.columns(entry.kind)
    schema = pa.schema([SCHEMAS[entry.kind].field(name) for name in names])
    if entry.kind == "repositories":
        left = _left_alone(_repositories(tables, inventory), _origins(release, inventory))
        return write_repositories(staging, _only(names, left), schema=schema)
    if entry.kind in OPTIONAL:
        left = (_history if entry.kind == "history" else _pairs)(tables, release, inventory)
        return write_single(staging, entry.kind, _only(names, left), schema=schema)
    index, count = layout.data_place(entry.path)
    if entry.kind == "ledger":
        return write_ledger_part(staging, index, count, _only(names, _ledger(tables, inventory, fall)), schema=schema)
    assert entry.language is not None
    for level in _LEVELS:
        rows = _only(names, _data(release.rows(entry), inventory, attribute))
        anew = write_data_shard(staging, entry.language, index, count, rows, zstd_level=level, schema=schema)
        if anew.bytes <= entry.bytes:
            break
    return anew


def _only(names: list[str], tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield the columns that a release has: an older one lacks some, and a version of it has what it had."""
    yield from (table.select(names) for table in tables)


def _data(tables: Iterator[pa.Table], inventory: Inventory, attribute: Attribute | None) -> Iterator[pa.Table]:
    gone, handed = (pa.array(sorted(swhids), pa.string()) for swhids in (inventory.gone, inventory.handed))
    for table in tables:
        left = table.filter(pc.invert(pc.is_in(table["swhid"], value_set=gone)))
        if len(handed) and pc.any(pc.is_in(left["swhid"], value_set=handed)).as_py():
            rows = left.drop_columns(["content"]).to_pylist()
            for at, row in enumerate(rows):
                copy = inventory.handed.get(row["swhid"])
                if copy is not None:
                    assert attribute is not None
                    rows[at] = attribute(row, copy.row, copy.owner)
            schema = pa.schema([field for field in DATA if field.name != "content"])
            changed = pa.Table.from_pylist(rows, schema)
            left = changed.append_column(DATA.field("content"), left["content"]).select(DATA.names)
        yield left


def _ledger(tables: Iterator[pa.Table], inventory: Inventory, fall: Fall) -> Iterator[pa.Table]:
    gone = pa.array(sorted(inventory.repositories), pa.string())
    changed = pa.array(sorted({*inventory.gone, *inventory.handed}), pa.string())
    falling = pa.array(sorted({key[0] for key in inventory.rows}), pa.string())
    for table in tables:
        left = table.filter(pc.invert(pc.is_in(table["repository_id"], value_set=gone)))
        about = [
            pc.is_in(left["kept_swhid"], value_set=changed),
            pc.is_in(left["kept_repository_id"], value_set=gone),
            pc.is_in(left["repository_id"], value_set=falling),
        ]
        if not any(pc.any(mask).as_py() for mask in about):
            yield left
        else:
            yield pa.Table.from_pylist([_ledger_row(row, inventory, fall) for row in left.to_pylist()], LEDGER)


class _Nothing(TypedDict):
    """The columns of a ledger row that name another file, or a shard."""

    kept_repository_id: str | None
    kept_path: str | None
    kept_swhid: str | None
    similarity: float | None
    shard: str | None


_NOTHING: Final = _Nothing(kept_repository_id=None, kept_path=None, kept_swhid=None, similarity=None, shard=None)


def _ledger_row(row: LedgerRow, inventory: Inventory, fall: Fall) -> LedgerRow:
    request = inventory.rows.get(key_of(row))
    if request is not None:
        return {**row, **_NOTHING, **fall(row, request)}
    kept = row["kept_swhid"]
    copy = inventory.handed.get(kept) if kept is not None else None
    if copy is not None:
        if copy.key == key_of(row):
            return {**row, **_NOTHING, "decision": "kept", "stage": "release", "reason": None, "shard": copy.shard}
        return {**row, "kept_repository_id": copy.row["repository_id"], "kept_path": copy.row["path"]}
    if kept in inventory.gone or row["kept_repository_id"] in inventory.repositories:
        return {**row, **_NOTHING, **fall(row, None)}
    return row


def _repositories(tables: Iterator[pa.Table], inventory: Inventory) -> Iterator[pa.Table]:
    gone = pa.array(sorted(inventory.repositories), pa.string())
    for table in tables:
        left = table.filter(pc.invert(pc.is_in(table["repository_id"], value_set=gone)))
        ids = left["repository_id"].to_pylist()
        kept = [kept + inventory.kept[id_] for id_, kept in zip(ids, left["kept"].to_pylist(), strict=True)]
        at = REPOSITORIES.get_field_index("kept")
        yield left.set_column(at, REPOSITORIES.field(at), pa.array(kept, pa.int64()))


def _origins(release: Release, inventory: Inventory) -> set[str]:
    """Return the origins of the repositories that fall."""
    rows = (row for table in release.repositories(["repository_id", "origin"]) for row in table.to_pylist())
    return {row["origin"] for row in rows if row["repository_id"] in inventory.repositories}


def _left_alone(tables: Iterator[pa.Table], gone: set[str]) -> Iterator[pa.Table]:
    """Yield repositories of which none names one that fell: those for which it stood are read by the next build."""
    for table in tables:
        rows = table.to_pylist() if pc.any(pc.equal(table["status"], DUPLICATE)).as_py() else []
        for row in rows:
            metadata = orjson.loads(row["metadata"]) if row["status"] == DUPLICATE else {}
            if metadata.pop(SAME_DIRECTORY, None) in gone:
                told = orjson.dumps(metadata, option=orjson.OPT_SORT_KEYS).decode()
                row.update(metadata=told, problem="what stood for it left the release; the next build reads it")
        yield pa.Table.from_pylist(rows, table.schema) if rows else table


def _pairs(tables: Iterator[pa.Table], release: Release, inventory: Inventory) -> Iterator[pa.Table]:
    """Yield the pairs of repositories of which none falls."""
    gone = pa.array(sorted(inventory.repositories), pa.string())
    for table in tables:
        falls = (pc.is_in(table[name], value_set=gone) for name in ("repository_id", "other_repository_id"))
        yield table.filter(pc.invert(pc.or_(*falls)))


def _history(tables: Iterator[pa.Table], release: Release, inventory: Inventory) -> Iterator[pa.Table]:
    """Yield the revisions of what stays, without changes of files that fall, by their places and by their bytes.

    Of one whose author asked it is told that it is there, as a build tells it.
    """
    gone = _origins(release, inventory)
    named = {row["repository_id"]: row["origin"] for table in release.repositories() for row in table.to_pylist()}
    places = {(named[id_], path) for id_, path, _ in inventory.rows if id_ in named}
    falling = {swhid.removeprefix("swh:1:cnt:") for swhid in inventory.fallen}
    for table in tables:
        rows = [row for row in table.to_pylist() if row["origin"] not in gone]
        for row in rows:
            if (row["origin"], row["revision_id"]) in inventory.silent:
                row.update(author=None, message=None, changes=[])
            row["changes"] = [
                each
                for each in row["changes"]
                if not falling & {each["content_id"], each["before_content_id"]}
                and not places & {(row["origin"], each["path"]), (row["origin"], each["before_path"])}
            ]
        yield pa.Table.from_pylist(rows, table.schema)


def _silent(release: Release, inventory: Inventory, by: str) -> tuple[set[str], set[str]]:
    """Return the repositories, by a column, of which nothing is kept any more, and those of which other files are."""
    left: dict[str, int] = {}
    changed: set[str] = set()
    for table in release.repositories(["repository_id", by, "kept"]):
        for row in table.to_pylist():
            stays = row["repository_id"] not in inventory.repositories
            differs = inventory.kept[row["repository_id"]] if stays else -row["kept"]
            left[row[by]] = left.get(row[by], 0) + row["kept"] + differs
            if differs:
                changed.add(row[by])
    handed = {copy.row["origin"] for copy in inventory.handed.values()} if by == "origin" else set()
    return {name for name, kept in left.items() if not kept and name is not None}, changed | handed
