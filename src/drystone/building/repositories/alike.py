"""Stages that find mirrors, forks and copies among repositories: by the contents and the revisions that they share.

    features -> pairs -> measure -> collapse -> (write)

Each repository is a number: its position in the order of preference, so that of a pair the smaller stands for the
other. Candidates share some of the smallest hashes of each; what is told of them is counted over all. Ids only.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, groupby, pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.stages.inventory import Inventoried, load_repositories
from drystone.building.stages.tables import OCCURRENCES
from drystone.errors import SourceError
from drystone.release.schema import KEYS, SCHEMAS
from drystone.release.writing.writer import write_single
from drystone.sources import GitSource
from drystone.sources.base import FILE
from drystone.work.ranges import Range, id_range, read
from drystone.work.store import Stage, write_table

#: A hash (20 bytes) that a repository has, and how many of its kind it has in this table.
FEATURES: Final = pa.schema([("id", pa.binary()), ("kind", pa.int8()), ("repository", pa.int32()), ("of", pa.int32())])
#: How many features of a kind two repositories share, and how many each of them has.
PAIRS: Final = pa.schema(
    [(name, pa.int32()) for name in ("other", "one", "kind", "shared", "of_other", "of_one")]
)  # `one` is preferred
#: All hashes of a repository.
_IDS: Final = pa.schema([("repository", pa.int32()), ("kind", pa.int8()), ("id", pa.binary())])
#: A pair that is reported, by numbers and as a row of the release, but for what becomes of it.
REPORTED: Final = pa.schema(
    [
        ("other", pa.int32()),
        ("one", pa.int32()),
        *(field for field in SCHEMAS["repository_duplicates"] if field.name != "decision"),
    ]
)
#: Ids of repositories.
IDS: Final = pa.schema([("repository_id", pa.string())])
COLLAPSED: Final = pa.schema([("repository", pa.int32()), ("one", pa.int32()), ("share", pa.float32())])
CONTENT: Final = 0
REVISION: Final = 1
#: So many of the smallest hashes of each kind are compared: of two sets that share most they share most as well.
_MOST: Final = {CONTENT: 1024, REVISION: 256}
#: Repositories with one feature of which each pair is looked at; of more each goes with the first and the one before.
_EVERY_PAIR: Final = 16
#: Of so many bytes a content is the same by chance.
_TRIVIAL: Final = 1
#: Candidates share this part of what they would share at the threshold; the rest of their hashes decides.
_SLACK: Final = 4


class FeatureCounts(TypedDict):
    """Rows that were written."""

    rows: int


class Numbers(NamedTuple):
    """A partition's inventory, and the number of each of its repositories; -1 for what was not read."""

    task: str
    numbers: Sequence[int]


def features(
    stage: Stage,
    task: str,
    inventory_folder: Path,
    members: Sequence[Numbers],
    histories: Mapping[str, GitSource] = MappingProxyType({}),
    cache: Path = Path(),
) -> FeatureCounts:
    """Write the hashes of the repositories of some partitions: all as `MEMBER.ids.parquet`, some as `TASK.parquet`.

    `histories` are the git sources, by partition, whose clones lie in `cache`.
    """
    inventories = Stage(inventory_folder)
    tables = [FEATURES.empty_table()]
    for member in members:
        listed = read([inventories.file(f"{member.task}.parquet")], OCCURRENCES, _LISTED)
        big = pc.fill_null(pc.greater(listed.column("size"), _TRIVIAL), False)
        listed = listed.filter(pc.and_(pc.and_(pc.equal(listed.column("kind"), FILE), big), listed.column("readable")))
        owners = listed.column("repository").to_numpy()
        repositories = load_repositories(inventories, member.task)
        every = [_IDS.empty_table()]
        for at, number in enumerate(member.numbers):
            if number < 0:
                continue
            found = {CONTENT: _hashes(listed.column("id").take(pa.array(np.flatnonzero(owners == at))).to_pylist())}
            source, revision = histories.get(member.task), repositories[at]["revision"]
            if source is not None and revision is not None:
                found[REVISION] = _revisions(source, cache, revision)
            for kind, ids in found.items():
                some = ids[: _MOST[kind]]
                tables.append(_rows(FEATURES, some, kind=kind, repository=number, of=len(some)))
                every.append(_rows(_IDS, ids, kind=kind, repository=number))
        write_table(stage.file(f"{member.task}.ids.parquet"), pa.concat_tables(every))
    table = pa.concat_tables(tables).sort_by([("id", "ascending"), ("repository", "ascending")])
    write_table(stage.file(f"{task}.parquet"), table)
    return {"rows": table.num_rows}


_LISTED: Final = ("id", "repository", "kind", "size", "readable")
_Hashes = npt.NDArray[np.bytes_]


def _hashes(ids: Sequence[bytes]) -> _Hashes:
    """Return distinct ids of 20 bytes, sorted."""
    return np.unique(np.frombuffer(b"".join(ids), "S20"))


def _revisions(source: GitSource, cache: Path, revision: str) -> _Hashes:
    """Return all revisions that lead to one; of a history that cannot be followed none is known."""
    try:
        return _hashes(list(source.revisions(cache, revision)))
    except SourceError:
        return _hashes([])


def _rows(schema: pa.Schema, ids: _Hashes, **numbers: int) -> pa.Table:
    raw = pa.array([id_.ljust(20, b"\0") for id_ in ids.tolist()], pa.binary())
    columns = [
        raw if field.name == "id" else pa.array(np.full(len(ids), numbers[field.name]), field.type) for field in schema
    ]
    return pa.table(columns, schema=schema)


def pairs(stage: Stage, task: str, given: Sequence[Path], index: int, count: int) -> FeatureCounts:
    """Write which repositories share features of one range of ids, and how many."""
    table = read(given, FEATURES, (), id_range(index, count)).sort_by(
        [("kind", "ascending"), ("id", "ascending"), ("repository", "ascending")]
    )
    shared: Counter[tuple[int, int, int, int, int]] = Counter()
    rows = zip(*(table.column(name).to_pylist() for name in ("kind", "id", "repository", "of")), strict=True)
    for (kind, _), group in groupby(rows, key=lambda row: row[:2]):
        holders = [(repository, of) for _, _, repository, of in group]
        for (one, of_one), (other, of_other) in _linked(holders):
            shared[other, one, kind, of_other, of_one] += 1
    found = [(other, one, kind, n, of_other, of_one) for (other, one, kind, of_other, of_one), n in shared.items()]
    columns = zip(*sorted(found), strict=True) if found else ([] for _ in PAIRS)
    table = pa.table([pa.array(column, field.type) for column, field in zip(columns, PAIRS, strict=True)], PAIRS)
    write_table(stage.file(f"{task}.parquet"), table)
    return {"rows": table.num_rows}


_Holder = tuple[int, int]


def _linked(holders: list[_Holder]) -> Iterator[tuple[_Holder, _Holder]]:
    """Yield the pairs of those that hold a feature, the preferred first; of very many not all, but some of each."""
    if len(holders) <= _EVERY_PAIR:
        yield from combinations(holders, 2)
        return
    for before, holder in pairwise(holders):
        yield holders[0], holder
        if before is not holders[0]:
            yield before, holder


def measure(
    stage: Stage,
    task: str,
    given: Sequence[Path],
    places: Sequence[tuple[str, int]],
    inventory_folder: Path,
    features_folder: Path,
    low: int,
    high: int,
    threshold: float,
) -> FeatureCounts:
    """Measure the candidates among pairs whose second is in a range of numbers, and write those that are reported.

    They share a revision, or their contents are as similar as `threshold` (Jaccard). `places` tells by number in which
    partition a repository is, and where there.
    """
    table = read(given, PAIRS, (), Range("other", low, high))
    sums: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    least: dict[tuple[int, int], int] = {}
    for other, one, kind, shared, of_other, of_one in zip(*(c.to_pylist() for c in table.columns), strict=True):
        sums[other, one][kind] += shared
        if kind == CONTENT:
            least[other, one] = min(of_other, of_one)
    inventories, reported = Stage(inventory_folder), []
    for (other, one), (contents, revisions) in sorted(sums.items()):
        if not revisions and contents * _SLACK < threshold * least[other, one]:
            continue
        found = _measured(inventories, features_folder, (other, *places[other]), (one, *places[one]), threshold)
        if found is not None:
            reported.append({"other": other, "one": one, **found})
    rows = pa.Table.from_pylist(reported, REPORTED)
    write_table(stage.file(f"{task}.parquet"), rows)
    return {"rows": rows.num_rows}


def _measured(
    inventories: Stage, folder: Path, other: tuple[int, str, int], one: tuple[int, str, int], threshold: float
) -> dict[str, object] | None:
    """Return what is told of a pair; None where it is none, or where both are revisions of one repository."""
    repository, kept = (_described(inventories.folder, task)[at] for _, task, at in (other, one))
    if repository["origin"] == kept["origin"]:
        return None
    mine, theirs = (_all(folder / f"{task}.ids.parquet", number) for number, task, _ in (other, one))
    common = {kind: len(np.intersect1d(mine[kind], theirs[kind], assume_unique=True)) for kind in _MOST}
    contents, others = len(mine[CONTENT]), len(theirs[CONTENT])
    similarity = common[CONTENT] / max(1, contents + others - common[CONTENT])
    if not common[REVISION] and similarity < threshold:
        return None
    # Where no history was read nothing is known of it, which is not the same as none in common.
    known = len(mine[REVISION]) > 0 and len(theirs[REVISION]) > 0
    fewest = min(len(mine[REVISION]), len(theirs[REVISION]))
    relation = "copy" if not common[REVISION] else "mirror" if common[REVISION] == fewest else "fork"
    return {
        "repository_id": repository["id"],
        "origin": repository["origin"],
        "other_repository_id": kept["id"],
        "other_origin": kept["origin"],
        "relation": relation,
        "files": contents,
        "other_files": others,
        "common_files": common[CONTENT],
        "share": common[CONTENT] / max(1, contents),
        "similarity": similarity,
        "revisions": len(mine[REVISION]) or None,
        "other_revisions": len(theirs[REVISION]) or None,
        "common_revisions": common[REVISION] if known else None,
    }


@lru_cache(256)
def _described(folder: Path, task: str) -> list[Inventoried]:
    return load_repositories(Stage(folder), task)


@lru_cache(256)
def _all(path: Path, number: int) -> dict[int, _Hashes]:
    """Return all hashes of a repository, by kind."""
    table = read([path], _IDS, ("kind", "id"), Range("repository", number, number + 1))
    return {
        kind: _hashes(table.filter(pc.equal(table.column("kind"), kind)).column("id").to_pylist()) for kind in _MOST
    }


def collapse(stage: Stage, task: str, given: Sequence[Path], threshold: float) -> FeatureCounts:
    """Write which repositories are collapsed: most of what they hold is in one that is preferred, and stays.

    One stays that has no such other, so that nothing is collapsed into what is collapsed itself.
    """
    table = read(given, REPORTED, ("other", "one", "share")).sort_by([("other", "ascending"), ("one", "ascending")])
    # A share is kept in 32 bits: what is exactly at the threshold is at it.
    table = table.filter(pc.greater_equal(table.column("share"), pa.scalar(threshold, pa.float32())))
    goes = pc.unique(table.column("other").combine_chunks())
    table = table.filter(pc.invert(pc.is_in(table.column("one"), value_set=goes)))
    found: dict[int, dict[str, object]] = {}
    for row in table.to_pylist():  # the most preferred comes first
        found.setdefault(row["other"], {"repository": row["other"], "one": row["one"], "share": row["share"]})
    write_table(stage.file(f"{task}.parquet"), pa.Table.from_pylist(list(found.values()), COLLAPSED))
    return {"rows": len(found)}


class WrittenPairs(TypedDict):
    """The entry of the manifest, as the other tasks that write have it."""

    files: list[dict[str, object]]


def write(
    stage: Stage, task: str, given: Sequence[Path], equal: Path, collapsed: Path, release: Path, level: int
) -> WrittenPairs:
    """Write repository_duplicates.parquet: the pairs that were measured, and those (`equal`) of which one is unread.

    `collapsed` is a table of the ids of the repositories that are collapsed.
    """
    schema = SCHEMAS["repository_duplicates"]
    names = [field.name for field in REPORTED if field.name in schema.names]
    gone = read([collapsed], IDS).column("repository_id")
    measured = read(given, REPORTED, names)
    decided = pc.if_else(pc.is_in(measured.column("repository_id"), value_set=gone), "collapsed", "kept")
    table = pa.concat_tables([measured.append_column("decision", decided).select(schema.names), read([equal], schema)])
    table = table.cast(schema).sort_by([(name, "ascending") for name in KEYS["repository_duplicates"]])
    entry = write_single(release, "repository_duplicates", [table], zstd_level=level)
    return {"files": [entry.model_dump()]}
