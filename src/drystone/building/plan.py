"""The plan of a build: which stage follows which, what each depends on, and when work is already done.

    fetch -> inventory -> distinct -> annotate -> licenses -> decide -> near duplicates -> settle -> write

Every stage runs tasks through the engine and exchanges files in the store. The plan itself touches summaries only.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from drystone.building.settings import Settings
from drystone.building.stages import inventory, optouts
from drystone.building.stages.contents import Contents
from drystone.building.stages.inventory import Inventoried
from drystone.building.stages.snapshots import LeftOut, save
from drystone.errors import MissingExtraError, UsageError
from drystone.identity import origins
from drystone.policy.decision import LedgerStage
from drystone.policy.judge import Policies
from drystone.policy.optouts import forked_from, request_for
from drystone.registry import Applied, OptOuts
from drystone.release.manifest import FunnelStep
from drystone.sources.base import Collection, Limits, Readable, RepositorySource, Source
from drystone.work.engine import Engine, Named, Summary, Task
from drystone.work.ranges import ROWS_PER_RANGE, Range, id_range, range_count
from drystone.work.store import Stage, Store, fingerprint

#: Bytes of distinct content that one annotation task reads.
_TASK_BYTES: Final = 48 << 20
#: Bytes of text whose annotation takes about as long as the licence of one file's tree.
_ROW_WEIGHT: Final = 700.0

_DISTINCT: Final = Named("drystone.building.stages.distinct")
_ANNOTATE: Final = Named("drystone.building.stages.annotate")
_COLLECT: Final = Named("drystone.building.stages.licensing", "collect")
_SPREAD: Final = Named("drystone.building.stages.licensing", "spread")
_DECIDE: Final = Named("drystone.building.stages.decide")
_PLACE: Final = Named("drystone.building.stages.settle", "place")
_SETTLE: Final = Named("drystone.building.stages.settle")


@dataclass(frozen=True)
class Settled:
    """What the stages before writing have come to; every list is in the order of partitions or ranges."""

    key: object
    inventory: Stage
    partitions: list[str]
    sources: list[Readable]
    repositories: list[Inventoried]
    roots: dict[str, str | None]
    contents: Contents
    blobs: list[Path]
    license_files: list[Path]
    ledger: list[Path]
    rows: list[Path]
    languages: dict[str, tuple[int, int]]
    kept: dict[str, int]
    occurrences: int
    funnel: tuple[FunnelStep, ...]
    opted_out_repositories: int
    applied: list[Applied]


class Plan:
    """The stages up to the point where every row is settled and nothing but writing is left."""

    def __init__(
        self,
        settings: Settings,
        sources: Sequence[Source],
        engine: Engine,
        store: Store,
        cache: Path,
        reviews: Mapping[str, str],
        opted_out: OptOuts | None = None,
    ) -> None:
        if not sources:
            raise UsageError("no sources: name at least one repository, archive, folder or package")
        if settings.detection.scancode and find_spec("licensedcode") is None:
            raise MissingExtraError("ScanCode", "scancode")
        self.settings = settings
        self.engine = engine
        self.store = store
        self.cache = cache
        #: What people decided of licence texts: hash of the text -> SPDX expression.
        self.reviews = dict(reviews)
        self.limits = Limits(**settings.limits.model_dump())
        self.version = version("drystone")
        # The order in which sources were named must not matter.
        distinct_sources = {source.spec: source for source in sorted(sources, key=lambda s: s.spec)}.values()
        alone = [source for source in distinct_sources if isinstance(source, RepositorySource)]
        # A fork of a fork is known by what sources say of each.
        told = [pair for source in alone for pair in optouts.forks_told(source)]
        self.optouts = (opted_out if opted_out is not None else OptOuts()).with_forks(told)
        #: Repositories that are out, by canonical name, each with its request. They are not even fetched where their
        #: place is known before.
        self.out: dict[str, str] = {}
        self.collections = [source for source in distinct_sources if isinstance(source, Collection)]
        self._alone = [source for source in alone if not self._is_out(source)]
        #: What is read, each a partition; known once collections have been cut into their parts.
        self.sources: list[Readable] = []

    def settle(self) -> Settled:
        """Run all stages before writing; finished tasks are not done again."""
        self._fetch()
        stage, partitions = self._inventory()
        repositories, skip = self._repositories(stage, partitions)
        inventories, rows, marks, applied = self._opt_outs(stage, partitions)
        contents = Contents(
            packs=[stage.file(f"{task}.pack") for task in partitions],
            sources=self.sources,
            cache=self.cache,
            limits=self.limits,
        )
        ranges = range_count(sum(rows))
        key: list[object] = [self.version, partitions, marks, ranges]

        blobs, counted = self._by_range("distinct", key, ranges, _DISTINCT, inventories=inventories)
        annotations, names, detectors = self._annotate(partitions, blobs, counted, contents)

        key = [*key, detectors]
        collected, _ = self._by_range(
            "licenses", key, ranges, _COLLECT, inventories=inventories, annotations=annotations
        )
        licensed, roots, key = self._spread(key, stage, partitions, inventories, collected, skip, rows)

        key = [*key, self.settings.configuration()]
        verdicts, decided = self._by_range(
            "decide",
            key,
            ranges,
            _DECIDE,
            licensed=licensed,
            blobs=blobs,
            annotations=annotations,
            names=names,
            policies=Policies(self.settings.languages, self.settings.licenses, self.settings.quality),
            reviews=self.reviews,
            scope=self.settings.near_duplicates.scope,
            near_method=self.settings.near_duplicates.method(),
        )
        candidates = [file.with_suffix(".candidates.parquet") for file in verdicts]
        near = self._near_duplicates(key, candidates, contents)
        placed, _ = self._by_range("place", key, ranges, _PLACE, near=near, candidates=candidates)
        settled, summaries = self._by_range(
            "settle",
            key,
            ranges,
            _SETTLE,
            per_range=[{"verdicts": v, "candidates": c} for v, c in zip(verdicts, candidates, strict=True)],
            near=near,
            placed=placed,
        )
        languages: Counter[str] = Counter()
        language_bytes: Counter[str] = Counter()
        kept: Counter[str] = Counter()
        for summary in summaries:
            kept.update(summary["repositories"])
            for language, (files, size) in summary["languages"].items():
                languages[language] += files
                language_bytes[language] += size
        return Settled(
            key=key,
            inventory=stage,
            partitions=partitions,
            sources=self.sources,
            repositories=repositories,
            roots=roots,
            contents=contents,
            blobs=blobs,
            license_files=collected,
            ledger=[file.with_suffix(".ledger.parquet") for file in settled],
            rows=[file.with_suffix(".rows.parquet") for file in settled],
            languages={name: (languages[name], language_bytes[name]) for name in sorted(languages)},
            kept=dict(kept),
            occurrences=sum(s["rows"] for s in summaries),
            funnel=_funnel(repositories, counted, decided, summaries),
            opted_out_repositories=len(self.out),
            applied=applied,
        )

    def _is_out(self, source: RepositorySource) -> bool:
        for place in source.places:
            if (request := self.optouts.repository(place)) is not None:
                self.out[origins.canonical(place)] = request
                return True
        return False

    def _fetch(self) -> None:
        """Bring remote sources here, several at a time: this waits for the network, not for the processor."""
        self.engine.progress.start("fetch", len(self._alone), 0)
        with ThreadPoolExecutor(8) as pool:
            for _ in pool.map(lambda source: source.fetch(self.cache), self._alone):
                self.engine.progress.advance("fetch", 1)
        self.engine.progress.finish("fetch")
        self.sources = [*self._alone]
        for collection in self.collections:
            self.sources += collection.parts(self.cache, self.limits, self._run, self._left_out())
        self.sources.sort(key=lambda source: source.spec)

    def _left_out(self) -> LeftOut | None:
        """Return what tells collections which repositories not to list; None where nothing is opted out."""
        if not self.optouts:
            return None
        return LeftOut(save(self.store.stage("optouts", self.optouts.sha256), self.optouts), self.optouts.sha256)

    def _run(
        self, name: str, folder: Path, work: Callable[..., Summary], tasks: Sequence[tuple[str, dict[str, Any]]]
    ) -> list[Summary]:
        """Run a collection's own tasks; `folder` names the work and everything that its result depends on."""
        folder.mkdir(parents=True, exist_ok=True)
        given = [
            # A task that reads one file of an export weighs what the file does.
            Task(
                id_, {"work": work, "arguments": arguments}, getattr(arguments.get("file"), "size", None) or Task.weight
            )
            for id_, arguments in tasks
        ]
        return self.engine.run(name, Stage(folder), _of_collection, given)

    def _inventory(self) -> tuple[Stage, list[str]]:
        stage = self.store.stage("inventory", self.version, self.settings.limits.model_dump())
        snapshot = save(self.store.stage("optouts", self.optouts.sha256), self.optouts) if self.optouts else None
        tasks = []
        for source in self.sources:
            state = source.state(self.cache)
            arguments = {"source": source, "cache": self.cache, "limits": self.limits, "snapshot": snapshot}
            self._forget_changed(stage, state.key[:32])
            tasks.append(Task(state.key[:32], arguments, weight=max(1, state.size)))
        self.engine.run("inventory", stage, inventory.run, tasks)
        self.store.keep_only(stage, (task.id for task in tasks))
        return stage, [task.id for task in tasks]

    def _forget_changed(self, stage: Stage, task: str) -> None:
        """Let a finished task be done again where a repository was read that is out now, or the other way round.

        What was packed of one that is out now goes with it.
        """
        if stage.summary(task) is None:
            return
        for repository in inventory.load_repositories(stage, task):
            out = request_for(self.optouts, repository["origin"], repository["metadata"]) is not None
            if out != (repository["status"] == inventory.OPTED_OUT):
                stage.file(f"{task}.done").unlink()
                return

    def _repositories(self, stage: Stage, partitions: list[str]) -> tuple[list[Inventoried], list[list[int]]]:
        """Return all repositories, and for each partition those that an earlier partition has already given."""
        found: dict[str, Inventoried] = {}
        skip: list[list[int]] = []
        listed = [inventory.load_repositories(stage, task) for task in partitions]
        if self.optouts.forks:
            every = [(r["origin"], forked_from(r["metadata"])) for repositories in listed for r in repositories]
            self.optouts = self.optouts.with_forks((fork, upstream) for fork, upstream in every if upstream)
        for repositories in listed:
            skipped: list[int] = []
            for index, repository in enumerate(repositories):
                request = request_for(self.optouts, repository["origin"], repository["metadata"])
                if request is not None:
                    self.out[origins.canonical(repository["origin"])] = request
                    skipped.append(index)
                elif repository["id"] in found:
                    skipped.append(index)
                else:
                    found[repository["id"]] = repository
            skip.append(skipped)
        if self.optouts:
            optouts.forget(self.cache, self.optouts, self.out)
        return [found[id_] for id_ in sorted(found)], skip

    def _opt_outs(self, stage: Stage, partitions: list[str]) -> tuple[list[Path], list[int], object, list[Applied]]:
        """Return the listing and the rows of each partition, a key over what is out in them, and what fell."""
        rows = [pq.read_metadata(stage.file(f"{task}.parquet")).num_rows for task in partitions]
        listings = [stage.file(f"{task}.parquet") for task in partitions]
        marks: dict[str, str] = {}
        counts: dict[str, list[int]] = {}
        if self.optouts:
            groups: list[tuple[list[str], int]] = [([], 0)]
            for task, count in zip(partitions, rows, strict=True):
                groups[-1] = ([*groups[-1][0], task], groups[-1][1] + count)
                if groups[-1][1] >= ROWS_PER_RANGE:
                    groups.append(([], 0))
            marked = self.store.stage("optouts", self.optouts.sha256)
            snapshot = save(marked, self.optouts)
            tasks = [
                Task(
                    fingerprint(members),
                    {"inventory_folder": stage.folder, "members": members, "snapshot": snapshot},
                    max(1, count),
                )
                for members, count in groups
                if members
            ]
            for summary in self.engine.run("opt-outs", marked, optouts.run, tasks):
                for task, found in summary["members"].items():
                    at = partitions.index(task)
                    listings[at], rows[at], marks[task] = marked.file(f"{task}.parquet"), found["rows"], found["digest"]
                    for request, (occurrences, size) in found["requests"].items():
                        counted = counts.setdefault(request, [0, 0])
                        counted[0] += occurrences
                        counted[1] += size
        whole = Counter(self.out.values())
        applied = [
            Applied(request, occurrences, size, whole[request])
            for request in sorted({*counts, *whole})
            for occurrences, size in [counts.get(request, [0, 0])]
        ]
        return listings, rows, sorted(marks.items()), applied

    def _by_range(
        self,
        name: str,
        key: list[object],
        ranges: int,
        work: Any,
        per_range: list[dict[str, Any]] | None = None,
        **arguments: Any,
    ) -> tuple[list[Path], list[Summary]]:
        """Run a relational stage: one task for each range of ids."""
        stage = self.store.stage(name, *key)
        tasks = [
            Task(f"{i:05d}", {**arguments, **(per_range[i] if per_range else {}), "index": i, "count": ranges})
            for i in range(ranges)
        ]
        summaries = self.engine.run(name, stage, work, tasks)
        return [stage.file(f"{task.id}.parquet") for task in tasks], summaries

    def _annotate(
        self, partitions: list[str], blobs: list[Path], counted: list[Summary], contents: Contents
    ) -> tuple[list[Path], list[Path], object]:
        """Cut each partition's blobs into tasks of about equal bytes: by offset in a pack, by id in a repository."""
        secret_settings = self.settings.secret_settings
        method = self.settings.near_duplicates.method()
        scancode = self.settings.detection.scancode
        detectors: list[object] = [secret_settings.as_dict(), method.describe() if method else None, scancode]
        stage = self.store.stage("annotate", self.version, detectors)
        sizes: Counter[int] = Counter()
        digests: Counter[int] = Counter()
        for summary in counted:
            for partition, _, size, digest in summary["partitions"]:
                sizes[partition] += size
                digests[partition] += int(digest, 16)
        tasks: list[Task] = []
        for partition, size in sorted(sizes.items()):
            parts = max(1, math.ceil(size / _TASK_BYTES))
            packed = not self.sources[partition].random_access
            whole = contents.packs[partition].stat().st_size if packed else 0
            for part in range(parts):
                if packed:
                    low, high = whole * part // parts, whole * (part + 1) // parts
                    where = Range("offset", low, high if part < parts - 1 else None)
                else:
                    where = id_range(part, parts)
                arguments = {
                    "blobs": blobs,
                    "contents": contents,
                    "partition": partition,
                    "where": where,
                    "secret_settings": secret_settings,
                    "near_method": method,
                    "scancode": scancode,
                }
                # Named by what it looks at, so that an update does again only what has changed.
                content = fingerprint(partitions[partition], part, parts, str(digests[partition] % 2**128))
                tasks.append(Task(content, arguments, weight=max(1, size / parts)))
        self.engine.run("annotate", stage, _ANNOTATE, tasks)
        self.store.keep_only(stage, (task.id for task in tasks))
        files = [stage.file(f"{task.id}.parquet") for task in tasks]
        return files, [file.with_suffix(".names.parquet") for file in files], detectors

    def _spread(
        self,
        key: list[object],
        inventory_stage: Stage,
        partitions: list[str],
        inventories: list[Path],
        collected: list[Path],
        skip: list[list[int]],
        rows_of: list[int],
    ) -> tuple[list[Path], dict[str, str | None], list[object]]:
        key = [*key, self.settings.licenses.tree_rule, sorted(self.reviews.items())]
        shared = {
            "inventory_folder": inventory_stage.folder,
            "collected": collected,
            "nesting": self.settings.licenses.tree_rule,
            "reviews": self.reviews,
        }
        # Repositories stay whole, so that the tasks are uneven: many small ones even it out.
        enough = math.ceil(sum(rows_of) / range_count(sum(rows_of)) / 4)
        groups: list[tuple[list[tuple[int, str, Path, list[int]]], int]] = [([], 0)]
        for partition, task in enumerate(partitions):
            members, rows = groups[-1]
            members.append((partition, task, inventories[partition], skip[partition]))
            groups[-1] = (members, rows + rows_of[partition])
            if groups[-1][1] >= enough and partition < len(partitions) - 1:
                groups.append(([], 0))
        stage = self.store.stage("trees", *key, len(groups))
        tasks = [
            Task(f"{i:05d}", {**shared, "members": members}, _ROW_WEIGHT * max(1, rows))
            for i, (members, rows) in enumerate(groups)
        ]
        roots: dict[str, str | None] = {}
        for summary in self.engine.run("trees", stage, _SPREAD, tasks):
            roots.update(summary["roots"])
        return [stage.file(f"{task.id}.parquet") for task in tasks], roots, key

    def _near_duplicates(self, key: list[object], candidates: list[Path], contents: Contents) -> list[Path]:
        from drystone.building.stages.neighbours import find_near_duplicates  # noqa: PLC0415  loaded while others work

        method = self.settings.near_duplicates.method()
        if method is None:
            return []
        items = [file.with_name(file.name.replace(".candidates.", ".near.")) for file in candidates]
        stage = self.store.stage("near", *key)
        return find_near_duplicates(self.engine, self.store, stage, items, candidates, contents, method)


def _of_collection(stage: Stage, task: str, work: Callable[..., Summary], arguments: dict[str, Any]) -> Summary:
    return work(stage.folder, task, **arguments)


def _funnel(
    repositories: list[Inventoried], distinct_: list[Summary], decided: list[Summary], settled: list[Summary]
) -> tuple[FunnelStep, ...]:
    """Return files and bytes of original content left after each stage; after `distinct` they are distinct files."""
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
    for stage in order[order.index("encoding") : order.index("exact_duplicates")]:
        files, size = files - lost[f"blobs {stage}"], size - lost[f"bytes {stage}"]
        steps.append(FunnelStep(stage=stage, files=files, bytes=size))
    kept, kept_bytes = sum(s["kept"] for s in settled), sum(s["kept_bytes"] for s in settled)
    steps.append(FunnelStep(stage="near_duplicates", files=kept, bytes=kept_bytes))
    return tuple(steps)
