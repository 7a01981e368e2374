"""The plan of a build: which stage follows which, what each depends on, and when work is already done.

    (listing) -> distinct -> annotate -> licenses -> decide -> near duplicates -> settle -> (write)

Every stage runs tasks through the engine and exchanges files in the store. The plan itself touches summaries only.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from drystone.building.context import Build
from drystone.building.listing import VERSION, Listed, list_occurrences
from drystone.building.stages.contents import Contents
from drystone.building.stages.inventory import Inventoried
from drystone.errors import MissingExtraError
from drystone.policy.decision import LedgerStage
from drystone.policy.judge import Policies
from drystone.registry import Applied
from drystone.release.manifest import FunnelStep
from drystone.sources.base import Readable
from drystone.work.ranges import Range, id_range, range_count
from drystone.work.store import Stage, fingerprint
from drystone.work.tasks import Task

if TYPE_CHECKING:
    from drystone.building.stages.decide import DecideCounts, Heads
    from drystone.building.stages.distinct import DistinctCounts
    from drystone.building.stages.licensing import Roots
    from drystone.building.stages.settle import SettleCounts

#: Bytes of distinct content that one annotation task reads.
_TASK_BYTES: Final = 48 << 20
#: Bytes of text whose annotation takes about as long as the licence of one file's tree.
_ROW_WEIGHT: Final = 700.0

#: By name: who plans a build need not load the detectors.
_DISTINCT: Final = "drystone.building.stages.distinct:run"
_ANNOTATE: Final = "drystone.building.stages.annotate:run"
_COLLECT: Final = "drystone.building.stages.licensing:collect"
_SPREAD: Final = "drystone.building.stages.licensing:spread"
_DECIDE: Final = "drystone.building.stages.decide:run"
_PLACE: Final = "drystone.building.stages.settle:place"
_SETTLE: Final = "drystone.building.stages.settle:run"


@dataclass(frozen=True)
class Settled:
    """What the stages before writing have come to; every list is in the order of partitions or ranges."""

    key: object
    inventory: Stage
    partitions: list[str]
    sources: list[Readable]
    repositories: list[Inventoried]
    roots: dict[str, str | None]
    conflicts: dict[str, str]
    heads: Heads
    contents: Contents
    blobs: list[Path]
    license_files: list[Path]
    annotations: list[Path]
    ledger: list[Path]
    rows: list[Path]
    languages: dict[str, tuple[int, int]]
    kept: dict[str, int]
    occurrences: int
    funnel: tuple[FunnelStep, ...]
    opted_out_repositories: int
    applied: list[Applied]


def settle(build: Build) -> Settled:
    """Run all stages up to the point where every row is settled and nothing but writing is left.

    Finished tasks are not done again.
    """
    if build.settings.detection.scancode and find_spec("licensedcode") is None:
        raise MissingExtraError("ScanCode", "scancode")
    return Plan(build, list_occurrences(build)).settle()


class Plan:
    """The stages after the listing."""

    def __init__(self, build: Build, listed: Listed) -> None:
        self._build = build
        self._listed = listed
        self._settings = build.settings
        #: What people decided of licence texts: hash of the text -> SPDX expression.
        self._reviews = dict(build.reviews.decisions)
        self._ranges = range_count(sum(listed.rows))
        self._contents = Contents(
            packs=[listed.inventory.file(f"{task}.pack") for task in listed.partitions],
            sources=listed.sources,
            cache=build.cache,
            limits=build.limits,
        )

    def settle(self) -> Settled:
        """Run the stages, each keyed by what it and those before it depend on."""
        listed = self._listed
        key: list[object] = [VERSION, listed.partitions, listed.marks, self._ranges]
        blobs, counted = self._by_range("distinct", key, _DISTINCT, inventories=listed.listings)
        annotations, names, detectors = self._annotate(blobs, counted)

        key = [*key, detectors]
        found = {"inventories": listed.listings, "annotations": annotations}
        collected, _ = self._by_range("licenses", key, _COLLECT, **found)
        licensed, trees, key = self._spread(key, collected)

        key = [*key, self._settings.configuration()]
        tables = {"licensed": licensed, "blobs": blobs, "annotations": annotations, "names": names}
        verdicts, decided = self._by_range("decide", key, _DECIDE, **tables, **self._rules())
        candidates = [file.with_suffix(".candidates.parquet") for file in verdicts]
        near = self._near_duplicates(key, candidates)
        placed, _ = self._by_range("place", key, _PLACE, near=near, candidates=candidates)
        per_range = [{"verdicts": v, "candidates": c} for v, c in zip(verdicts, candidates, strict=True)]
        settled, summaries = self._by_range("settle", key, _SETTLE, per_range, near=near, placed=placed)
        return Settled(
            key=key,
            inventory=listed.inventory,
            partitions=listed.partitions,
            sources=listed.sources,
            repositories=listed.repositories,
            roots=trees["roots"],
            conflicts=trees["conflicts"],
            heads=_heads(decided),
            contents=self._contents,
            blobs=blobs,
            license_files=collected,
            annotations=annotations,
            ledger=[file.with_suffix(".ledger.parquet") for file in settled],
            rows=[file.with_suffix(".rows.parquet") for file in settled],
            languages=_languages(summaries),
            kept=_kept(summaries),
            occurrences=sum(s["rows"] for s in summaries),
            funnel=_funnel(listed.repositories, counted, decided, summaries),
            opted_out_repositories=len(listed.out),
            applied=listed.applied,
        )

    def _rules(self) -> dict[str, Any]:
        """Return what decisions follow, beside what was found."""
        settings = self._settings
        return {
            "policies": Policies(settings.languages, settings.licenses, settings.quality),
            "reviews": self._reviews,
            "scope": settings.near_duplicates.scope,
            "near_method": settings.near_duplicates.method(),
        }

    def _by_range(
        self,
        name: str,
        key: list[object],
        function: str,
        per_range: list[dict[str, Any]] | None = None,
        /,
        **arguments: Any,
    ) -> tuple[list[Path], list[Any]]:
        """Run a relational stage: one task for each range of ids."""
        stage = self._build.store.stage(name, *key)
        tasks = [
            Task(f"{i:05d}", function, {**arguments, **own, "index": i, "count": self._ranges})
            for i, own in enumerate(per_range or [{}] * self._ranges)
        ]
        summaries = self._build.run(name, stage, tasks)
        return [stage.file(f"{task.id}.parquet") for task in tasks], summaries

    def _annotate(self, blobs: list[Path], counted: list[DistinctCounts]) -> tuple[list[Path], list[Path], object]:
        """Cut each partition's blobs into tasks of about equal bytes: by offset in a pack, by id in a repository."""
        secret_settings = self._settings.secret_settings
        method = self._settings.near_duplicates.method()
        scancode = self._settings.detection.scancode
        detectors: list[object] = [secret_settings.as_dict(), method.describe() if method else None, scancode]
        stage = self._build.store.stage("annotate", VERSION, detectors)
        sizes: Counter[int] = Counter()
        digests: Counter[int] = Counter()
        for summary in counted:
            for partition, _, size, digest in summary["partitions"]:
                sizes[partition] += size
                digests[partition] += int(digest, 16)
        tasks: list[Task] = []
        for partition, size in sorted(sizes.items()):
            parts = max(1, math.ceil(size / _TASK_BYTES))
            packed = not self._listed.sources[partition].random_access
            whole = self._contents.packs[partition].stat().st_size if packed else 0
            for part in range(parts):
                if packed:
                    low, high = whole * part // parts, whole * (part + 1) // parts
                    where = Range("offset", low, high if part < parts - 1 else None)
                else:
                    where = id_range(part, parts)
                arguments = {
                    "blobs": blobs,
                    "contents": self._contents,
                    "partition": partition,
                    "where": where,
                    "secret_settings": secret_settings,
                    "near_method": method,
                    "scancode": scancode,
                }
                # Named by what it looks at, so that an update does again only what has changed.
                content = fingerprint(self._listed.partitions[partition], part, parts, str(digests[partition] % 2**128))
                tasks.append(Task(content, _ANNOTATE, arguments, weight=max(1, size / parts)))
        self._build.run("annotate", stage, tasks)
        self._build.store.keep_only(stage, (task.id for task in tasks))
        files = [stage.file(f"{task.id}.parquet") for task in tasks]
        return files, [file.with_suffix(".names.parquet") for file in files], detectors

    def _spread(self, key: list[object], collected: list[Path]) -> tuple[list[Path], Roots, list[object]]:
        listed = self._listed
        key = [*key, self._settings.licenses.tree_rule, sorted(self._reviews.items())]
        shared = {
            "inventory_folder": listed.inventory.folder,
            "collected": collected,
            "nesting": self._settings.licenses.tree_rule,
            "reviews": self._reviews,
        }
        # Repositories stay whole, so that the tasks are uneven: many small ones even it out.
        enough = math.ceil(sum(listed.rows) / self._ranges / 4)
        groups: list[tuple[list[tuple[int, str, Path, list[int]]], int]] = [([], 0)]
        for partition, task in enumerate(listed.partitions):
            members, rows = groups[-1]
            members.append((partition, task, listed.listings[partition], listed.skip[partition]))
            groups[-1] = (members, rows + listed.rows[partition])
            if groups[-1][1] >= enough and partition < len(listed.partitions) - 1:
                groups.append(([], 0))
        stage = self._build.store.stage("trees", *key, len(groups))
        tasks = [
            Task(f"{i:05d}", _SPREAD, {**shared, "members": members}, _ROW_WEIGHT * max(1, rows))
            for i, (members, rows) in enumerate(groups)
        ]
        trees: Roots = {"roots": {}, "conflicts": {}}
        for summary in self._build.run("trees", stage, tasks):
            trees["roots"].update(summary["roots"])
            for text, conflict in summary["conflicts"].items():
                trees["conflicts"][text] = min(conflict, trees["conflicts"].get(text, conflict))
        return [stage.file(f"{task.id}.parquet") for task in tasks], trees, key

    def _near_duplicates(self, key: list[object], candidates: list[Path]) -> list[Path]:
        from drystone.building.stages.neighbours import find_near_duplicates  # noqa: PLC0415  loaded while others work

        method = self._settings.near_duplicates.method()
        if method is None:
            return []
        items = [file.with_name(file.name.replace(".candidates.", ".near.")) for file in candidates]
        stage = self._build.store.stage("near", *key)
        return find_near_duplicates(
            self._build.run, self._build.store.folder, stage, items, candidates, self._contents, method
        )


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
