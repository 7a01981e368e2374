"""What a build asks of its repositories as wholes: which are mirrors, forks and copies, and which of them go.

Plans the stages of `alike`; touches numbers and summaries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from drystone.building.context import Build
from drystone.building.repositories import alike
from drystone.building.repositories.alike import COLLAPSED, Numbers
from drystone.building.repositories.equal import twin_of
from drystone.building.stages.inventory import Inventoried
from drystone.sources import GitSource
from drystone.sources.base import Readable
from drystone.work.exchange import Files, Numbered, Readers, blocks, route
from drystone.work.ranges import ROWS_PER_RANGE, bounds, range_count, read
from drystone.work.store import Stage
from drystone.work.stored import Stored
from drystone.work.tasks import Task, share

_PAIRS: Final = "drystone.building.repositories.alike:PAIRS"
_FEATURES: Final = "drystone.building.repositories.alike:FEATURES"


class Left(NamedTuple):
    """For which other repository one is collapsed, and which share of its contents that has."""

    repository_id: str
    share: float


@dataclass(frozen=True)
class Related:
    """Pairs that are reported, as files of `alike.REPORTED`; which repositories are collapsed, by id, and for which.

    `equal` are those of which nothing is read, by id, with the id of the one that has the same root directory.
    """

    pairs: Sequence[Path] = ()
    collapsed: Mapping[str, Left] = field(default_factory=dict)
    equal: Mapping[str, str] = field(default_factory=dict)


def relate(
    build: Build,
    key: object,
    inventory: Stage,
    partitions: Sequence[str],
    sources: Sequence[Readable],
    repositories: Sequence[Sequence[Inventoried]],
    skip: Sequence[Sequence[int]],
) -> Related:
    """Find the repositories that are alike, where that is asked for. Lists are in the order of partitions.

    `skip` are the repositories of each partition of which nothing is read. `key` names what all of this depends on.
    """
    asked = build.settings.repository_duplicates
    if asked.action == "keep":
        return Related()
    order = _order(build, repositories, skip)
    numbers = [[-1] * len(each) for each in repositories]
    for number, (partition, at) in enumerate(order):
        numbers[partition][at] = number
    sizes = [1 + sum(r["occurrences"] for r in each) for each in repositories]
    stage = build.store.stage("features", key)
    tasks = []
    for at, (first, last) in enumerate(pairwise(blocks(sizes, ROWS_PER_RANGE))):
        members = [Numbers(partitions[each], numbers[each]) for each in range(first, last)]
        histories = {partitions[each]: s for each in range(first, last) if isinstance(s := sources[each], GitSource)}
        given = {"inventory_folder": inventory.folder, "members": members, "histories": histories, "cache": build.cache}
        tasks.append(Task(f"{at:05d}", alike.features, given, 20.0 * sum(sizes[first:last])))
    rows = [summary["rows"] for summary in build.run("repositories", stage, tasks)]
    candidates, found = _pairs(build, key, Numbered(stage.folder, len(tasks)), rows)
    reported = _measured(build, [key, asked.threshold], candidates, found, inventory, stage, order, partitions)
    if asked.action != "collapse":
        return Related(reported)
    stage = build.store.stage("collapsed", key, asked.threshold)
    build.run("repositories", stage, [Task("all", alike.collapse, {"given": reported, "threshold": asked.threshold})])
    collapsed = {}
    for row in read([stage.file("all.parquet")], COLLAPSED).to_pylist():
        (partition, at), (other, there) = order[row["repository"]], order[row["one"]]
        collapsed[repositories[partition][at]["id"]] = Left(repositories[other][there]["id"], row["share"])
    return Related(reported, collapsed)


def _pairs(build: Build, key: object, features: Files, rows: list[int]) -> tuple[Files, list[int]]:
    """Return files with the candidates for pairs, and the rows of each."""
    count = range_count(sum(rows))
    by_id = Readers(("id",), count, lambda index: bounds(index, count)[:1])
    routed = route(
        build.run, "repositories", build.store.stage("features-by-id", key), features, rows, _FEATURES, by_id
    )
    stage = build.store.stage("pairs", key)
    shared = share(stage, count=count)
    tasks = [
        Task(f"{index:05d}", alike.pairs, {"given": routed.of(index), "index": index}, shared=shared)
        for index in range(count)
    ]
    found = build.run("repositories", stage, tasks)
    return Numbered(stage.folder, count), [summary["rows"] for summary in found]


def _measured(
    build: Build,
    key: object,
    candidates: Files,
    rows: list[int],
    inventory: Stage,
    features: Stage,
    order: list[tuple[int, int]],
    partitions: Sequence[str],
) -> Files:
    """Return files with the pairs that are reported, each measured over all that both have."""
    count = range_count(sum(rows))
    lows = [len(order) * index // count for index in range(count + 1)]
    by_other = Readers(("other", "one"), count, lambda index: (lows[index],))
    routed = route(
        build.run, "repositories", build.store.stage("pairs-by-other", key), candidates, rows, _PAIRS, by_other
    )
    stage = build.store.stage("measured", key)
    places = Stored.of(((partitions[partition], at) for partition, at in order), stage.folder / "places")
    shared = share(
        stage, places=places, inventory_folder=inventory.folder, features_folder=features.folder,
        threshold=build.settings.repository_duplicates.threshold,
    )  # fmt: skip
    tasks = [
        Task(
            f"{index:05d}", alike.measure,
            {"given": routed.of(index), "low": lows[index], "high": lows[index + 1]}, shared=shared,
        )
        for index in range(count)
    ]  # fmt: skip
    build.run("repositories", stage, tasks)
    return Numbered(stage.folder, count)


def _order(
    build: Build, repositories: Sequence[Sequence[Inventoried]], skip: Sequence[Sequence[int]]
) -> list[tuple[int, int]]:
    """Return where each repository is that is read (partition, number in it), in the order of preference."""
    policy, found = build.settings.licenses, []
    for partition, (each, skipped) in enumerate(zip(repositories, skip, strict=True)):
        gone = set(skipped)
        for at, r in enumerate(each):
            if r["status"] == "read" and at not in gone:
                found.append((twin_of(r, policy).preferred, partition, at))
    return [(partition, at) for _, partition, at in sorted(found)]
