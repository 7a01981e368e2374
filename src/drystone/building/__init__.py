"""The plan of a build: stages, partitions, checkpoints, engine.

`build` makes a release out of sources; `estimate` says from a sample what a build would give.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from drystone.building import workers
from drystone.building.engine import Engine
from drystone.building.plan import Plan
from drystone.building.publish import check_output, publish, texts_to_review
from drystone.building.settings import Settings
from drystone.building.store import Store
from drystone.building.update import publish_update, remember
from drystone.errors import UsageError
from drystone.registry import OptOuts, Registry, ReviewSnapshot
from drystone.release.manifest import FunnelStep, Manifest
from drystone.release.read import open_release
from drystone.sources import Source
from drystone.sources.base import Collection


@dataclass(frozen=True)
class Estimate:
    """What a build would give, from `sampled` of `sources`; `funnel` is scaled up to all of them."""

    sources: int
    sampled: int
    funnel: tuple[FunnelStep, ...]
    languages: dict[str, tuple[int, int]]


def build(
    settings: Settings,
    sources: Sequence[Source | Collection],
    output: Path,
    engine: Engine | None = None,
    *,
    replace: bool = False,
    update: Path | None = None,
    version: str | None = None,
) -> Manifest:
    """Build a release into `output` and return its manifest; what an earlier run has finished is not done again.

    Decisions of the registry that `settings.registry` names (a path or URL; None: no registry) are applied, and licence
    texts that a person should look at join its queue. Intermediate work lies in `settings.engine.work` (default:
    `output` with `.work` appended), downloads and clones in `settings.engine.cache` (default: `cache` below it).
    With `update`, the folder of a release, the next version of that release is made, from all `sources` of the new
    one; shards that stay the same are taken over, and the work folder of the old one is used. `output` may be the same
    folder. `version` is its number, by default that of the rule in `release.versions`.
    Raises `BuildError`, `SourceError`, `UsageError`.
    """
    engine = engine or Engine()
    old = open_release(update) if update is not None else None
    work, cache = _folders(settings, output, update)
    check_output(output)
    store = Store(work)
    with store.lock(), ExitStack() as stack:
        stack.callback(workers.stop)
        registry = stack.enter_context(Registry(settings.registry)) if settings.registry else None
        reviews, optouts = decisions_of(registry)
        settled = Plan(settings, sources, engine, store, cache, reviews.decisions, optouts).settle()
        if old is None:
            manifest = publish(settings, settled, engine, store, output, optouts.head, replace)
        else:
            manifest = publish_update(settings, settled, engine, store, output, optouts, old, version)
        remember(store, settings, sources)
        if registry is not None:
            registry.reviews.enqueue(texts_to_review(settled, reviews.decisions))
            registry.optouts.applied_all(manifest.root, manifest.facts.version, settled.applied)
    return manifest


def decisions_of(registry: Registry | None) -> tuple[ReviewSnapshot, OptOuts]:
    """Return what people decided, all at one state of the registry."""
    if registry is None:
        return ReviewSnapshot(), OptOuts()
    while True:
        optouts = registry.optouts.snapshot()
        reviews = registry.reviews.snapshot()
        if registry.events.head() == optouts.head:
            return reviews, optouts


def estimate(
    settings: Settings,
    sources: Sequence[Source | Collection],
    output: Path,
    engine: Engine | None = None,
    *,
    sample: int = 10,
) -> Estimate:
    """Estimate the funnel of a build from at most `sample` sources; downloads are kept, nothing else is."""
    engine = engine or Engine()
    if not sources:
        raise UsageError("no sources: name at least one repository, archive, folder or package")
    _, cache = _folders(settings, output, None)
    chosen = sorted(sources, key=lambda source: source.spec)
    if len(chosen) > sample:
        chosen = random.Random(0).sample(chosen, sample)
    work = Path(tempfile.mkdtemp(prefix="drystone-"))
    try:
        reviews, optouts = _decisions_there(settings.registry)
        settled = Plan(settings, chosen, engine, Store(work), cache, reviews.decisions, optouts).settle()
    finally:
        workers.stop()
        shutil.rmtree(work)
    scale = len(sources) / len(chosen)
    return Estimate(
        sources=len(sources),
        sampled=len(chosen),
        funnel=tuple(
            FunnelStep(stage=s.stage, files=round(s.files * scale), bytes=round(s.bytes * scale))
            for s in settled.funnel
        ),
        languages={name: (round(f * scale), round(b * scale)) for name, (f, b) in settled.languages.items()},
    )


def _decisions_there(place: str | None) -> tuple[ReviewSnapshot, OptOuts]:
    """Return what a registry holds, without making one where there is none."""
    if place is None or ("://" not in place and not Path(place).exists()):
        return decisions_of(None)
    with Registry(place) as registry:
        return decisions_of(registry)


def work_folder(settings: Settings, output: Path) -> Path:
    """Return where a build into `output` keeps its intermediate work."""
    output = output.absolute()
    return settings.engine.work or output.with_name(output.name + ".work")


def _folders(settings: Settings, output: Path, update: Path | None) -> tuple[Path, Path]:
    work = work_folder(settings, output)
    if update is not None and not work.exists() and (before := work_folder(settings, update)).exists():
        # One work folder for all versions: what did not change is found there.
        work.parent.mkdir(parents=True, exist_ok=True)
        work.symlink_to(os.path.relpath(before.resolve(), work.parent.resolve()), target_is_directory=True)
    return work, settings.engine.cache or work / "cache"
