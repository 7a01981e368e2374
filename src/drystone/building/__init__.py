"""The plan of a build: stages, partitions, checkpoints, engine.

`build` makes a release out of sources; `estimate` says from a sample what a build would give.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from drystone.building.engine import Engine
from drystone.building.plan import Plan
from drystone.building.publish import check_output, publish, texts_to_review
from drystone.building.settings import Settings
from drystone.building.store import Store
from drystone.errors import UsageError
from drystone.registry import Registry, ReviewSnapshot
from drystone.release.manifest import FunnelStep, Manifest
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
) -> Manifest:
    """Build a release into `output` and return its manifest; what an earlier run has finished is not done again.

    Decisions of the registry that `settings.registry` names (a path or URL; None: no registry) are applied, and licence
    texts that a person should look at join its queue. Intermediate work lies in `settings.engine.work` (default:
    `output` with `.work` appended), downloads and clones in `settings.engine.cache` (default: `cache` below it).
    Raises `BuildError`, `SourceError`, `UsageError`.
    """
    engine = engine or Engine()
    work, cache = _folders(settings, output)
    check_output(output)
    store = Store(work)
    with store.lock(), ExitStack() as stack:
        registry = stack.enter_context(Registry(settings.registry)) if settings.registry else None
        reviews = registry.reviews.snapshot() if registry is not None else ReviewSnapshot()
        settled = Plan(settings, sources, engine, store, cache, reviews.decisions).settle()
        manifest = publish(settings, settled, engine, store, output, reviews.sha256, replace)
        if registry is not None:
            registry.reviews.enqueue(texts_to_review(settled, reviews.decisions))
    return manifest


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
    _, cache = _folders(settings, output)
    chosen = sorted(sources, key=lambda source: source.spec)
    if len(chosen) > sample:
        chosen = random.Random(0).sample(chosen, sample)
    work = Path(tempfile.mkdtemp(prefix="drystone-"))
    try:
        settled = Plan(settings, chosen, engine, Store(work), cache, {}).settle()
    finally:
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


def _folders(settings: Settings, output: Path) -> tuple[Path, Path]:
    output = output.absolute()
    work = settings.engine.work or output.with_name(output.name + ".work")
    return work, settings.engine.cache or work / "cache"
