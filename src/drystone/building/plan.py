"""The plan of a build: which stage follows which, what each depends on, and when work is already done.

    (listing) -> distinct -> annotate -> licenses -> decide -> near duplicates -> settle -> (write)

Every stage runs tasks through the engine and exchanges files in the store. The plan itself touches summaries only.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from drystone._words import many
from drystone.building.context import Build
from drystone.building.listing import VERSION, Listed, list_occurrences
from drystone.building.repositories.relating import Related
from drystone.building.stages.contents import Contents
from drystone.building.stages.inventory import Inventoried
from drystone.building.stages.screening import Screens, check
from drystone.building.stages.tables import Member
from drystone.errors import BuildError, MissingExtraError
from drystone.policy.decision import LedgerStage
from drystone.policy.judge import Policies
from drystone.registry import Applied
from drystone.release.inspection.losses import Losses, is_empty, together
from drystone.release.manifest import FunnelStep
from drystone.sources.base import Part, Readable
from drystone.work.exchange import Files, Lined, Numbered, Readers, Routed, blocks, route
from drystone.work.losses import digests, forget_lost
from drystone.work.ranges import Range, bounds, id_range, range_count
from drystone.work.store import Stage, fingerprint
from drystone.work.stored import Stored
from drystone.work.tasks import Task, share

if TYPE_CHECKING:
    from drystone.building.stages.annotate import AnnotateCounts
    from drystone.building.stages.decide import DecideCounts, Heads
    from drystone.building.stages.distinct import DistinctCounts
    from drystone.building.stages.licensing import CollectCounts
    from drystone.building.stages.settle import SettleCounts

#: Bytes of distinct content that one annotation task reads.
_TASK_BYTES: Final = 48 << 20
#: Bytes of text whose annotation takes about as long as the licence of one file's tree.
_ROW_WEIGHT: Final = 700.0

#: Stages that are off by default.
_BY_CHOICE: Final = tuple(
    stage.word for stage in (LedgerStage.MALWARE, LedgerStage.DECONTAMINATION, LedgerStage.FILTERS)
)
_COLLAPSED: Final = LedgerStage.REPOSITORY_DUPLICATES.word

#: By name: who plans a build need not load the detectors.
_GATHER: Final = "drystone.building.stages.distinct:gather"
_DISTINCT: Final = "drystone.building.stages.distinct:run"
_ANNOTATE: Final = "drystone.building.stages.annotate:run"
_COLLECT: Final = "drystone.building.stages.licensing:collect"
_SPREAD: Final = "drystone.building.stages.licensing:spread"
_COPIES: Final = "drystone.building.stages.opting_out.copies:run"
_DECIDE: Final = "drystone.building.stages.decide:run"
_PLACE: Final = "drystone.building.stages.settle:place"
_SETTLE: Final = "drystone.building.stages.settle:run"
_GATHERED: Final = "drystone.building.stages.distinct:GATHERED"
_LICENSE_FILES: Final = "drystone.building.stages.licensing:LICENSE_FILES"
_LICENSED: Final = "drystone.building.stages.licensing:LICENSED"
_PLACED: Final = "drystone.building.stages.settle:PLACED"
_ANNOTATIONS: Final = "drystone.building.stages.tables:ANNOTATIONS"
_BLOBS: Final = "drystone.building.stages.tables:BLOBS"
_NAMES: Final = "drystone.building.stages.tables:NAMES"


@dataclass(frozen=True)
class Settled:
    """What the stages before writing have come to; every list is in the order of partitions or ranges.

    `marked` are the partitions in which single occurrences are out.
    """

    key: object
    inventory: Stage
    partitions: list[str]
    sources: list[Readable]
    repositories: list[Inventoried]
    related: Related
    roots: dict[str, str | None]
    conflicts: dict[str, str]
    heads: Heads
    contents: Contents
    blobs: Files
    license_files: Files
    annotations: Files
    ledger: Files
    rows: Files
    settled_rows: list[int]
    kept_rows: list[int]
    languages: dict[str, tuple[int, int]]
    kept: dict[str, int]
    losses: Losses
    occurrences: int
    funnel: tuple[FunnelStep, ...]
    opted_out_repositories: int
    applied: list[Applied]
    marked: list[str] = field(default_factory=list)
    common: Mapping[str, int] = field(default_factory=dict)


def settle(build: Build) -> Settled:
    """Run all stages up to the point where every row is settled and nothing but writing is left.

    Finished tasks are not done again.
    """
    if build.settings.detection.scancode and find_spec("licensedcode") is None:
        raise MissingExtraError("ScanCode", "scancode")
    check(screens_of(build))
    return Plan(build, list_occurrences(build)).settle()


def screens_of(build: Build) -> Screens:
    """Return what is looked for in every text, its files copied into the work folder."""
    given = build.settings.decontamination
    screens = Screens(build.settings.malware.scanners, given.files, given.threshold)
    return screens.within(build.store.folder)


class Plan:
    """The stages after the listing."""

    def __init__(self, build: Build, listed: Listed) -> None:
        self._build = build
        self._listed = listed
        self._settings = build.settings
        #: What decides which repositories are collapsed; nothing where none are.
        asked = self._settings.repository_duplicates
        self._collapsed = [asked.model_dump(mode="json")] if asked.action == "collapse" else []
        #: What people decided of licence texts: hash of the text -> SPDX expression.
        self._reviews = dict(build.reviews.decisions)
        self._ranges = range_count(sum(listed.rows))
        self._by_id = Readers(("id",), self._ranges, lambda index: bounds(index, self._ranges)[:1])
        # What tasks look up by partition lies on disk, so that none is told of all of them.
        root = build.store.folder
        told = build.store.stage("partitions", VERSION, listed.partitions, listed.marks, self._collapsed)
        packs = [listed.inventory.folder / f"{task}.parquet" for task in listed.partitions]
        self._listings = Lined.of(listed.listings, root, told.file("listings"))
        self._contents = Contents(
            packs=Lined.of(packs, root, told.file("inventories")).beside(".pack"),
            sources=Stored.of(listed.sources, told.file("sources")),
            cache=build.cache,
            limits=build.limits,
        )
        self._members: Stored[Member] = Stored.of(
            map(Member, listed.partitions, listed.listings, listed.skip, listed.collapsed), told.file("members")
        )

    def settle(self) -> Settled:
        """Run the stages, each keyed by what it and those before it depend on."""
        listed = self._listed
        key: list[object] = [VERSION, listed.partitions, listed.marks, self._ranges, *listed.lost]
        occurrences = self._gather(key)
        blobs, counted = self._by_range("distinct", key, _DISTINCT, occurrences=occurrences.of)
        annotations, annotated, detectors = self._annotate(key, blobs, counted)

        key = [*key, detectors, *digests(summary["lost"] for summary in annotated)]
        sizes = [summary["blobs"] for summary in annotated]
        found = self._route("annotated", key, annotations, sizes, _ANNOTATIONS)
        collected, texts = self._by_range("licenses", key, _COLLECT, occurrences=occurrences.of, annotations=found.of)
        trees, key = self._spread(key, collected, texts)
        licensed = self._route("trees-by-id", key, trees.files, trees.rows, _LICENSED)

        key = [*key, self._settings.configuration()]
        named = self._route("names", key, annotations.beside(".names.parquet"), sizes, _NAMES)
        copies, key = self._copies(key, blobs, found)
        tables = {"licensed": licensed.of, "annotations": found.of, "names": named.of, "copies": copies}
        verdicts, decided = self._by_range("decide", key, _DECIDE, blobs=_own(blobs), **tables, **self._rules())
        candidates = verdicts.beside(".candidates.parquet")
        near = self._near_duplicates(key, candidates)
        dropped = [file.with_name("dropped.parquet") for file in near]
        placed, places = self._by_range("place", key, _PLACE, dropped=dropped, candidates=_own(candidates))
        lost = self._route("placed", key, placed, [summary["dropped"] for summary in places], _PLACED)
        mine = {"verdicts": verdicts.__getitem__, "candidates": candidates.__getitem__, "placed": lost.of}
        settled, summaries = self._by_range("settle", key, _SETTLE, near=near, **mine)
        applied = _applied(listed.applied, decided)
        return Settled(
            key=key,
            inventory=listed.inventory,
            partitions=listed.partitions,
            sources=listed.sources,
            repositories=listed.repositories,
            related=listed.related,
            roots=trees.roots,
            conflicts=trees.conflicts,
            heads=_heads(decided),
            contents=self._contents,
            blobs=blobs,
            license_files=collected,
            annotations=annotations,
            ledger=settled.beside(".ledger.parquet"),
            rows=settled.beside(".rows.parquet"),
            settled_rows=[summary["rows"] for summary in summaries],
            kept_rows=[summary["kept"] for summary in summaries],
            languages=_languages(summaries),
            kept=_kept(summaries),
            occurrences=sum(s["rows"] for s in summaries),
            funnel=_funnel(listed.repositories, counted, decided, summaries, self._settings.screens()),
            opted_out_repositories=len(listed.out),
            applied=applied,
            common=listed.common,
            losses=_losses(listed.repositories, decided),
            # A copy in another form is known by its text, and not by the partition that it came from.
            marked=listed.marked if applied == listed.applied else listed.partitions,
        )

    def _rules(self) -> dict[str, Any]:
        """Return what decisions follow, beside what was found."""
        settings = self._settings
        return {
            "policies": Policies(
                settings.languages, settings.licenses, settings.quality, settings.decontamination.generic
            ),
            "filters": settings.filters.expressions,
            "reviews": self._reviews,
            "scope": settings.near_duplicates.scope,
            "near_method": settings.near_duplicates.method(),
        }

    def _by_range(self, name: str, key: list[object], function: str, **arguments: Any) -> tuple[Numbered, list[Any]]:
        """Run a relational stage, one task for each range of ids; an argument that is a function gives each its own."""
        stage = self._build.store.stage(name, *key)
        own = {argument: value for argument, value in arguments.items() if callable(value)}
        shared = share(stage, count=self._ranges, **{a: v for a, v in arguments.items() if a not in own})
        tasks = [
            Task(f"{i:05d}", function, {"index": i, **{a: of(i) for a, of in own.items()}}, shared=shared)
            for i in range(self._ranges)
        ]
        summaries = self._build.run(name, stage, tasks)
        return Numbered(stage.folder, self._ranges), summaries

    def _route(self, name: str, key: object, files: Files, rows: Sequence[int], schema: str) -> Routed:
        """Let each range of ids find its rows in few files."""
        stage = self._build.store.stage(name, key, rows)
        return route(self._build.run, name, stage, files, rows, schema, self._by_id)

    def _gather(self, key: list[object]) -> Routed:
        """Bring occurrences of neighbouring partitions together, by id."""
        cuts = blocks(self._listed.rows)
        stage = self._build.store.stage("gather", *key)
        shared = share(stage, inventories=self._listings)
        tasks = [
            Task(f"{i:05d}", _GATHER, {"first": first, "last": last}, shared=shared)
            for i, (first, last) in enumerate(pairwise(cuts))
        ]
        gathered = self._build.run("gather", stage, tasks)
        files = Numbered(stage.folder, len(tasks))
        readers = replace(self._by_id, by=("key",))
        routed = self._build.store.stage("gathered", *key)
        rows = [summary["rows"] for summary in gathered]
        return route(self._build.run, "gathered", routed, files, rows, _GATHERED, readers)

    def _annotate(
        self, key: list[object], blobs: Files, counted: list[DistinctCounts]
    ) -> tuple[Files, list[AnnotateCounts], object]:
        """Cut each partition's blobs into tasks of about equal bytes: by offset in a pack, by id in a repository."""
        secret_settings = self._settings.secret_settings
        method = self._settings.near_duplicates.method()
        scancode = self._settings.detection.scancode
        screens = self._settings.screens()
        looked = [screens[name] for name in ("malware", "decontamination") if name in screens]
        detectors: list[object] = [secret_settings.as_dict(), method.describe() if method else None, scancode, *looked]
        stage = self._build.store.stage("annotate", VERSION, detectors)
        sizes: Counter[int] = Counter()
        digests: Counter[int] = Counter()
        for summary in counted:
            for partition, _, size, digest in summary["partitions"]:
                sizes[partition] += size
                digests[partition] += int(digest, 16)
        cut: list[tuple[str, int, Range, float]] = []
        for partition, size in sorted(sizes.items()):
            parts = max(1, math.ceil(size / _TASK_BYTES))
            packed = not self._listed.sources[partition].random_access
            whole = self._listed.packed[partition] if packed else 0
            for part in range(parts):
                if packed:
                    low, high = whole * part // parts, whole * (part + 1) // parts
                    where = Range("offset", low, high if part < parts - 1 else None)
                else:
                    where = id_range(part, parts)
                # Named by what it looks at, so that an update does again only what has changed.
                content = fingerprint(self._listed.partitions[partition], part, parts, str(digests[partition] % 2**128))
                cut.append((content, partition, where, max(1, size / parts)))
        placed = self._build.store.stage("places", *key)

        def first(reader: int) -> tuple[Any, ...]:
            _, partition, where, _ = cut[reader]
            return (partition, where.low) if where.column == "offset" else (partition, -1, where.low)

        rows = [summary["blobs"] for summary in counted]
        readers = Readers(("partition", "offset", "id"), len(cut), first)
        routed = route(self._build.run, "places", placed, blobs, rows, _BLOBS, readers)
        given: dict[str, object] = {"secret_settings": secret_settings, "near_method": method, "scancode": scancode}
        given["screens"] = screens_of(self._build)
        shared = share(stage, contents=self._contents, **given)
        tasks = [
            Task(name, _ANNOTATE, {"blobs": routed.of(i), "partition": partition, "where": where}, weight, shared)
            for i, (name, partition, where, weight) in enumerate(cut)
        ]
        forget_lost(stage, (task.id for task in tasks), now=self._build.retry_lost)
        annotated: list[Any] = self._build.run("annotate", stage, tasks)
        self._check_stores(stage, [(name, partition) for name, partition, _, _ in cut], annotated)
        self._build.store.keep_only(stage, (task.id for task in tasks))
        files = [stage.folder / f"{task.id}.parquet" for task in tasks]
        return Lined.of(files, self._build.store.folder, placed.file("annotations")), annotated, detectors

    def _check_stores(self, stage: Stage, tasks: list[tuple[str, int]], annotated: list[AnnotateCounts]) -> None:
        """Raise `BuildError` where a store of contents gave nothing at all; the same build asks for all of it again."""
        asked: Counter[str] = Counter()
        came: Counter[str] = Counter()
        named: dict[str, list[str]] = {}
        for (task, partition), counts in zip(tasks, annotated, strict=True):
            source = self._listed.sources[partition]
            if isinstance(source, Part) and source.contents_from:
                asked[source.contents_from] += counts["blobs"]
                came[source.contents_from] += counts["blobs"] - (counts["lost"]["count"] if counts["lost"] else 0)
                named.setdefault(source.contents_from, []).append(task)
        for place, count in asked.items():
            if count and not came[place]:
                for task in named[place]:
                    stage.forget(task)
                what = f"gave none of the {many(count, 'content')} that were asked for"
                raise BuildError(f"{place}: {what}; check the address, and build again")

    def _copies(self, key: list[object], blobs: Numbered, annotated: Routed) -> tuple[Any, list[object]]:
        """Look for copies of what is out in other forms; return for each range where they stand, and the key with them.

        Where there are none, nothing after this is done again.
        """
        if self._listed.copies is None:
            return None, key
        snapshot, state = self._listed.copies
        given = {"blobs": _own(blobs), "annotations": annotated.of, "contents": self._contents, "snapshot": snapshot}
        files, summaries = self._by_range("copies", [*key[:-1], state], _COPIES, **given)
        if not any(summary["copies"] for summary in summaries):
            return None, key
        return files.__getitem__, [*key, [summary["digest"] for summary in summaries]]

    def _spread(
        self, key: list[object], collected: Numbered, texts: list[CollectCounts]
    ) -> tuple[_Trees, list[object]]:
        listed = self._listed
        key = [*key, *self._collapsed, self._settings.licenses.tree_rule, sorted(self._reviews.items())]
        # Repositories stay whole, so that the tasks are uneven: many small ones even it out.
        enough = math.ceil(sum(listed.rows) / self._ranges / 4)
        cuts = blocks(listed.rows, enough)
        groups = list(pairwise(cuts))
        readers = Readers(("partition", "repository", "path"), len(groups), lambda group: (groups[group][0],))
        ways = []
        for name, files, counted in (
            ("license-files", collected, [summary["license_files"] for summary in texts]),
            ("attributes", collected.beside(".attributes.parquet"), [summary["attribute_files"] for summary in texts]),
        ):
            stage = self._build.store.stage(name, *key, len(groups))
            ways.append(route(self._build.run, name, stage, files, counted, _LICENSE_FILES, readers))
        stage = self._build.store.stage("trees", *key, len(groups))
        shared = share(
            stage,
            inventory_folder=listed.inventory.folder,
            members=self._members,
            nesting=self._settings.licenses.tree_rule,
            reviews=self._reviews,
        )
        rows = [sum(listed.rows[first:last]) for first, last in groups]
        tasks = []
        for i, (first, last) in enumerate(groups):
            found = {"collected": ways[0].of(i), "attributed": ways[1].of(i)}
            weight = _ROW_WEIGHT * max(1, rows[i])
            tasks.append(Task(f"{i:05d}", _SPREAD, {"first": first, "last": last, **found}, weight, shared))
        trees = _Trees(Numbered(stage.folder, len(tasks)), rows, {}, {})
        for summary in self._build.run("trees", stage, tasks):
            trees.roots.update(summary["roots"])
            for text, conflict in summary["conflicts"].items():
                trees.conflicts[text] = min(conflict, trees.conflicts.get(text, conflict))
        return trees, key

    def _near_duplicates(self, key: list[object], candidates: Numbered) -> list[Path]:
        from drystone.building.stages.neighbours import find_near_duplicates  # noqa: PLC0415  loaded while others work

        method = self._settings.near_duplicates.method()
        if method is None:
            return []
        items = list(candidates.beside(".near.parquet"))
        stage = self._build.store.stage("near", *key)
        return find_near_duplicates(
            self._build.run, self._build.store.folder, stage, items, candidates, self._contents, method
        )


@dataclass(frozen=True)
class _Trees:
    """What spreading licences over trees has come to: its files with the rows of each, roots and conflicts."""

    files: Numbered
    rows: list[int]
    roots: dict[str, str | None]
    conflicts: dict[str, str]


def _own(files: Files) -> Callable[[int], list[Path]]:
    """Return what gives each range the one file that holds its rows, and no others."""
    return lambda index: [files[index]]


def _applied(listed: list[Applied], decided: list[DecideCounts]) -> list[Applied]:
    """Return what each request made fall: what the listing counted, and the copies in another form."""
    found = {each.request: each for each in listed}
    for summary in decided:
        for request, (occurrences, size) in summary["fell"].items():
            before = found.get(request, Applied(request, 0, 0))
            found[request] = replace(before, occurrences=before.occurrences + occurrences, bytes=before.bytes + size)
    return [found[request] for request in sorted(found)]


def _losses(repositories: list[Inventoried], decided: list[DecideCounts]) -> Losses:
    """Return what was promised and did not come."""
    empty = Counter(r["problem"] or "" for r in repositories if is_empty(r["status"], r["metadata"]))
    occurrences = sum(summary["occurrences"] for summary in decided)
    return Losses(occurrences, len(repositories), together(summary["lost"] for summary in decided), empty)


def _heads(decided: list[DecideCounts]) -> Heads:
    """Return the heads of files that a person should read, of all ranges together."""
    found: Heads = {}
    for summary in decided:
        for text, (id_, conflict) in summary["heads"].items():
            found[text] = min(found.get(text, (id_, conflict)), (id_, conflict))
    return found


def _languages(settled: list[SettleCounts]) -> dict[str, tuple[int, int]]:
    """Return files and bytes of text that are kept in each language, in the order of their names."""
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for summary in settled:
        for language, (count, size) in summary["languages"].items():
            files[language] += count
            sizes[language] += size
    return {name: (files[name], sizes[name]) for name in sorted(files)}


def _kept(settled: list[SettleCounts]) -> dict[str, int]:
    """Return by repository how many of its files are kept."""
    kept: Counter[str] = Counter()
    for summary in settled:
        kept.update(summary["repositories"])
    return dict(kept)


def _funnel(
    repositories: list[Inventoried],
    distinct_: list[DistinctCounts],
    decided: list[DecideCounts],
    settled: list[SettleCounts],
    screens: Container[str],
) -> tuple[FunnelStep, ...]:
    """Return files and bytes of original content left after each stage; after `distinct` they are distinct files.

    `screens`: the stages that are there of those that are off by default.
    """
    steps = [
        FunnelStep(
            stage="occurrences",
            files=sum(r["occurrences"] for r in repositories),
            bytes=sum(r["bytes"] for r in repositories),
        ),
    ]
    lost: Counter[str] = Counter()
    for summary in decided:
        lost.update(summary["funnel"])
    # Licence files that are opted out are listed as distinct, so that what they say of others is known.
    files = sum(s["blobs"] for s in distinct_) - lost["blobs opted_out"]
    size = sum(s["bytes"] for s in distinct_) - lost["bytes opted_out"]
    steps.append(FunnelStep(stage="distinct", files=files, bytes=size))
    order = [stage.word for stage in LedgerStage]
    collapsed = [stage for stage in order if stage == _COLLAPSED and lost[f"blobs {stage}"]]
    for stage in [*collapsed, *order[order.index("encoding") : order.index("exact_duplicates")]]:
        if stage in _BY_CHOICE and stage not in screens:
            continue
        files, size = files - lost[f"blobs {stage}"], size - lost[f"bytes {stage}"]
        steps.append(FunnelStep(stage=stage, files=files, bytes=size))
    kept, kept_bytes = sum(s["kept"] for s in settled), sum(s["kept_bytes"] for s in settled)
    steps.append(FunnelStep(stage="near_duplicates", files=kept, bytes=kept_bytes))
    return tuple(steps)
