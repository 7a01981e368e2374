"""Fourth stage: licence files apply to the tree below them.

First the licence files of each range of ids meet what was detected in them; then each partition spreads them over its
repositories' trees and writes its occurrences again, now with everything that a decision needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypedDict

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone.building.stages import inventory
from drystone.building.stages.paths import base_name, speaks_for_tree
from drystone.building.stages.tables import ANNOTATIONS, GATHERED, Member, as_rows
from drystone.detect import licenses
from drystone.detect.languages.attributes import AttributeTree
from drystone.policy.licensed import with_table
from drystone.sources.base import DEVICE, SUBMODULE, SYMLINK, LostThing
from drystone.work.ranges import Range, id_range, read, within
from drystone.work.remote.mirror import opened
from drystone.work.store import Stage, write_atomically, write_table

#: One licence or metadata file of one repository, with its annotation.
LICENSE_FILES: Final = pa.schema(
    [
        ("partition", pa.int32()),
        ("repository", pa.int32()),
        ("path", pa.binary()),
        ("id", pa.binary()),
        ("license", pa.string()),
    ]
)


class LicenseFile(NamedTuple):
    """A row of LICENSE_FILES as Python values; `license` is the annotation as JSON."""

    partition: int
    repository: int
    path: bytes
    id: bytes
    license: str


#: An occurrence with its repository's rank columns and the licence of the tree it lies in (JSON, null where none).
LICENSED: Final = pa.schema(
    [
        ("id", pa.binary()),
        ("repository_id", pa.dictionary(pa.int32(), pa.string())),
        ("origin", pa.dictionary(pa.int32(), pa.string())),
        ("path", pa.binary()),
        ("entry", pa.int32()),
        ("kind", pa.string()),
        ("mode", pa.int32()),
        ("size", pa.int64()),
        ("readable", pa.bool_()),
        ("problem", pa.string()),
        ("lost", pa.string()),
        ("note", pa.string()),
        ("gha_license_id", pa.string()),
        ("stars", pa.int64()),
        ("forks", pa.int64()),
        ("revision_date", pa.timestamp("us")),
        ("tree", pa.dictionary(pa.int32(), pa.string())),
        ("attributes", pa.dictionary(pa.int32(), pa.string())),
        ("duplicate_of", pa.dictionary(pa.int32(), pa.string())),
        ("opted_out", pa.string()),
    ]
)


class LicensedRow(NamedTuple):
    """A row of LICENSED as Python values."""

    id: bytes
    repository_id: str
    origin: str
    path: bytes
    entry: int
    kind: str
    mode: int | None
    size: int | None
    readable: bool
    problem: str | None
    lost: LostThing | None
    note: str | None
    gha_license_id: str | None
    stars: int | None
    forks: int | None
    revision_date: datetime | None
    tree: str | None
    attributes: str | None
    duplicate_of: str | None
    opted_out: str | None


#: Columns that come from the row's repository, and what they are called there.
_OF_OWNER: Final = {
    "repository_id": "id",
    "origin": "origin",
    "gha_license_id": "gha_license_id",
    "stars": "stars",
    "forks": "forks",
    "revision_date": "revision_date",
    "duplicate_of": "duplicate_of",
}


class CollectCounts(TypedDict):
    """Licence files that were found, and the different texts among them; .gitattributes files that say something."""

    license_files: int
    texts: int
    attribute_files: int


class Roots(TypedDict):
    """What the root of each repository declares, by its id (an annotation in JSON, without its evidence).

    `conflicts`: hash of a text -> how it contradicts what stands beside it.
    """

    roots: dict[str, str | None]
    conflicts: dict[str, str]


def collect(
    stage: Stage, task: str, occurrences: Sequence[Path], annotations: Sequence[Path], index: int, count: int
) -> CollectCounts:
    """Join the licence files of one range of ids with their annotations, sorted by partition.

    `occurrences` are gathered by the ids of files and of those that links lead to.
    """
    found = read(annotations, ANNOTATIONS, ("id", "license", "attribute_rules"), id_range(index, count))
    listed = read(occurrences, GATHERED, _LISTED, id_range(index, count, "key"))
    attributed = found.filter(found.column("attribute_rules").is_valid())
    attributes = _write_attributes(stage.file(f"{task}{_ATTRIBUTES}"), listed, attributed)
    found = found.filter(found.column("license").is_valid())
    detected = dict(zip(found.column("id").to_pylist(), found.column("license").to_pylist(), strict=True))
    of_texts = listed.filter(pc.is_in(listed.column("key"), pa.array(list(detected), pa.binary())))
    columns = (of_texts.column(name).to_pylist() for name in (*_PLACE, "readable", "target"))
    rows = [
        LicenseFile(partition, repository, path, key, detected[key])
        for partition, repository, path, key, readable, target in zip(*columns, strict=True)
        if target is not None or (readable and speaks_for_tree(path.decode("utf-8", "replace")))
    ]
    rows += _unread(listed)
    arrays = [pa.array(column, field.type) for column, field in zip(_columns(rows), LICENSE_FILES, strict=True)]
    table = pa.table(arrays, schema=LICENSE_FILES)
    write_table(
        stage.file(f"{task}.parquet"), table.sort_by([(n, "ascending") for n in ("partition", "repository", "path")])
    )
    return {"license_files": len(rows), "texts": len(detected), "attribute_files": attributes}


#: Beside each file of LICENSE_FILES, its .gitattributes files: `license` then holds their rules.
_ATTRIBUTES: Final = ".attributes.parquet"


def _write_attributes(path: Path, listed: pa.Table, attributed: pa.Table) -> int:
    """Write the .gitattributes files of one range of ids that say something of languages; return how many."""
    rules = dict(zip(*(attributed.column(name).to_pylist() for name in ("id", "attribute_rules")), strict=True))
    known = pc.is_in(listed.column("key"), pa.array(list(rules), pa.binary()))
    listed = listed.filter(pc.and_(listed.column("readable"), known)).select(_PLACE)
    found = [
        {"partition": partition, "repository": repository, "path": path, "license": rules[key]}
        for partition, repository, path, key in zip(*(column.to_pylist() for column in listed.columns), strict=True)
        if base_name(path) == ".gitattributes"
    ]
    write_table(path, pa.Table.from_pylist(found, LICENSE_FILES))
    return len(found)


#: Where a licence file lies, and whose text it has.
_PLACE: Final = ("partition", "repository", "path", "key")
#: What is read of an occurrence to tell whether it is a licence file, and whether it was read.
_LISTED: Final = (*_PLACE, "kind", "problem", "readable", "target")


def _unread(listed: pa.Table) -> Iterator[LicenseFile]:
    """Yield the licence files whose bytes nobody could read: what they say is not understood, and not absent."""
    listed = listed.filter(pc.and_(pc.invert(listed.column("readable")), listed.column("target").is_null()))
    columns = (listed.column(name).to_pylist() for name in _LISTED[:6])
    for partition, repository, path, id_, kind, problem in zip(*columns, strict=True):
        text = _text(path)
        if kind not in {SUBMODULE, DEVICE} and speaks_for_tree(text):
            why = "a link to no file of the repository" if kind == SYMLINK else problem or "too large"
            yield LicenseFile(partition, repository, path, id_ or b"", licenses.unread_text(why).to_json())


def _columns(rows: list[LicenseFile]) -> Iterator[Sequence[Any]]:
    return zip(*rows, strict=True) if rows else iter([()] * len(LicenseFile._fields))


def spread(
    stage: Stage,
    task: str,
    inventory_folder: Path,
    members: Sequence[Member],
    first: int,
    last: int,
    collected: Sequence[Path],
    attributed: Sequence[Path],
    nesting: Literal["union", "nearest"],
    reviews: Mapping[str, str],
) -> Roots:
    """Write the occurrences of some partitions with the licence of their tree, sorted by id within a partition.

    The partitions are numbers `first` to `last`, without `last`, of `members`; `collected` and `attributed` are what
    `collect` wrote of licence files and of .gitattributes files.
    The summary holds, for each repository, what its root declares; an archive's single top folder is its root.
    """
    found: Roots = {"roots": {}, "conflicts": {}}
    here = Range("partition", first, last)
    texts, rules = read(collected, LICENSE_FILES, (), here), read(attributed, LICENSE_FILES, (), here)

    def write(path: Path) -> None:
        found["roots"].clear()
        found["conflicts"].clear()
        with pq.ParquetWriter(path, LICENSED, compression="lz4") as writer:
            for partition, member in enumerate(members[first:last], first):
                repositories = inventory.load_repositories(Stage(inventory_folder), member.task)
                own = Range("partition", partition, partition + 1)
                made = _spread(writer, repositories, member, within(texts, own), within(rules, own), nesting, reviews)
                found["roots"].update(made["roots"])
                for text, conflict in made["conflicts"].items():
                    found["conflicts"][text] = min(conflict, found["conflicts"].get(text, conflict))

    write_atomically(stage.file(f"{task}.parquet"), write, durable=False)
    return found


def _spread(
    writer: pq.ParquetWriter,
    repositories: list[inventory.Inventoried],
    member: Member,
    collected: pa.Table,
    attributed: pa.Table,
    nesting: Literal["union", "nearest"],
    reviews: Mapping[str, str],
) -> Roots:
    files: dict[int, list[tuple[str, licenses.LicenseAnnotation, str]]] = defaultdict(list)
    _, listing, skip, collapsed = member
    for file in as_rows(collected, LicenseFile, LicenseFile._fields):
        annotation = licenses.reviewed(licenses.LicenseAnnotation.from_json(file.license), reviews)
        files[file.repository].append((_text(file.path), annotation, f"swh:1:cnt:{file.id.hex()}"))
    lying = _beside(listing, files)
    attributes = _attribute_trees(attributed)
    trees = {
        index: licenses.tree_licenses(files[index], nesting, lying[index].__contains__)
        for index in range(len(repositories))
        if index not in skip
    }
    described: list[Mapping[str, object]] = [
        {**repository, "duplicate_of": collapsed.get(at)} for at, repository in enumerate(repositories)
    ]
    owners = pa.table(
        {name: pa.array([r[key] for r in described], LICENSED.field(name).type) for name, key in _OF_OWNER.items()}
    )
    tops: dict[int, str] = {}
    with opened(listing, pq.ParquetFile) as reader:
        for batch in reader.iter_batches(batch_size=16384):
            rows = batch.filter(pc.invert(pc.is_in(batch.column("repository"), pa.array(skip, pa.int32()))))
            # One text for each licence, however many files it holds for.
            texts: list[str] = []
            known: dict[int, int] = {}
            held: list[int | None] = []
            alive: list[licenses.LicenseAnnotation] = []  # what has an id that is looked up
            beside_tables: _BesideTables = {}
            columns = (rows.column(name).to_pylist() for name in ("repository", "path", "told_license"))
            for index, raw, said in zip(*columns, strict=True):
                path = _text(raw)
                first, slash, _ = path.partition("/")
                if tops.setdefault(index, first if slash else "") != first:
                    tops[index] = ""
                found = trees[index].file(path)
                if said is not None:
                    found = _beside_table(beside_tables, found, said, repositories[index]["gha_license_id"])
                if found is None:
                    held.append(None)
                    continue
                if id(found) not in known:
                    known[id(found)] = len(texts)
                    texts.append(found.to_json())
                    alive.append(found)
                held.append(known[id(found)])
            licenses_ = pa.DictionaryArray.from_arrays(pa.array(held, pa.int32()), pa.array(texts, pa.string()))
            writer.write_table(_licensed(rows, owners, licenses_, _said(rows, attributes)))
    return _roots(trees, repositories, tops)


def _roots(
    trees: Mapping[int, licenses.TreeLicenses], repositories: list[inventory.Inventoried], tops: Mapping[int, str]
) -> Roots:
    made: Roots = {"roots": {}, "conflicts": {}}
    for index, tree in trees.items():
        found = tree(tops.get(index, ""))
        bare = replace(found, evidence=(), review=()).to_json() if found is not None else None
        made["roots"][repositories[index]["id"]] = bare
        for text, conflict in tree.conflicts():
            made["conflicts"][text] = min(conflict, made["conflicts"].get(text, conflict))
    return made


#: What holds together with a table's word: (id of what was found, that word, what the hosting site names) -> what was
#: found, so that its id stays its own, and what holds.
_BesideTables = dict[
    tuple[int, str, str | None], tuple[licenses.LicenseAnnotation | None, licenses.LicenseAnnotation | None]
]


def _beside_table(
    known: _BesideTables, found: licenses.LicenseAnnotation | None, said: str, site: str | None
) -> licenses.LicenseAnnotation | None:
    key = (id(found), said, site)
    if key not in known:
        known[key] = found, with_table(found, said, site)
    return known[key][1]


def _said(rows: pa.RecordBatch, attributes: Mapping[int, AttributeTree]) -> pa.DictionaryArray:
    """Return what .gitattributes files say of each file, in JSON; null where nothing."""
    said: list[str | None] = [None] * rows.num_rows
    if attributes:
        columns = (rows.column(name).to_pylist() for name in ("repository", "path"))
        for position, (repository, path) in enumerate(zip(*columns, strict=True)):
            found = attributes[repository].of(_text(path)) if repository in attributes else None
            said[position] = found.to_json() if found is not None else None
    return pa.array(said, pa.string()).dictionary_encode()


def _attribute_trees(attributed: pa.Table) -> dict[int, AttributeTree]:
    """Return what the .gitattributes files of each repository of a partition say, where it has any."""
    files: dict[int, dict[str, list[tuple[str, dict[str, Any]]]]] = defaultdict(dict)
    listed = attributed.select(["repository", "path", "license"])
    for repository, path, rules in zip(*(column.to_pylist() for column in listed.columns), strict=True):
        files[repository][_text(path).rpartition("/")[0]] = orjson.loads(rules)
    return {repository: AttributeTree(found) for repository, found in files.items()}


def _beside(
    listing: Path, files: Mapping[int, list[tuple[str, licenses.LicenseAnnotation, str]]]
) -> dict[int, set[str]]:
    """Return, by repository, the paths beside which a file of the same name and `.license` lies."""
    found: dict[int, set[str]] = defaultdict(set)
    wanted = {
        (index, path.removesuffix(".license")) for index, held in files.items() for path, _, _ in held
        if path.endswith(".license")
    }  # fmt: skip
    if wanted:
        with opened(listing, pq.ParquetFile) as reader:
            for batch in reader.iter_batches(batch_size=16384, columns=["repository", "path"]):
                for index, path in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    if (index, text := _text(path)) in wanted:
                        found[index].add(text)
    return found


def _text(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")


def _licensed(
    rows: pa.RecordBatch, owners: pa.Table, trees: pa.DictionaryArray, attributes: pa.DictionaryArray
) -> pa.Table:
    made = owners.take(rows.column("repository"))
    columns = []
    for field in LICENSED:
        if field.name == "tree":
            columns.append(trees)
        elif field.name == "attributes":
            columns.append(attributes)
        elif field.name in _OF_OWNER:
            columns.append(made.column(field.name))
        elif field.name in rows.schema.names:
            columns.append(rows.column(field.name).cast(field.type))
        else:  # a listing says what is opted out only where something is
            columns.append(pa.nulls(rows.num_rows, field.type))
    return pa.table(columns, schema=LICENSED)
