"""The end of a build, once every row is settled: the release is written, and the registry is told.

Loaded late, since little of what it needs is needed before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from drystone.building.plan import Settled
from drystone.building.publish import publish, texts_to_review
from drystone.building.receipts import of_build
from drystone.building.retract import about
from drystone.building.settings import Settings
from drystone.building.update import publish_update, remember
from drystone.registry import OptOuts, Registry, ReviewSnapshot
from drystone.release.manifest import Manifest
from drystone.release.read import Release
from drystone.release.versions.falls import take_inventory
from drystone.release.versions.receipts import Searched
from drystone.sources.base import Source
from drystone.work.engine import Engine
from drystone.work.store import Store


def end(
    settings: Settings,
    sources: Sequence[Source],
    settled: Settled,
    engine: Engine,
    store: Store,
    output: Path,
    optouts: OptOuts,
    reviews: ReviewSnapshot,
    registry: Registry | None,
    *,
    replace: bool,
    old: Release | None,
    version: str | None,
    receipts: Callable[[Mapping[str, Sequence[Searched]], str], object] | None,
) -> Manifest:
    """Write the release, and tell the registry what fell and what a person should look at.

    `old` is the release that this one updates; the other arguments are those of `build`.
    """
    # Before the old version may be replaced in its place.
    fallen = take_inventory(old, optouts, about).requests if old is not None and receipts is not None else {}

    def enqueue() -> None:
        if registry is not None:
            registry.reviews.enqueue(texts_to_review(settled, reviews.decisions))

    # With several processes this one has time while they write.
    with ThreadPoolExecutor(1) as beside:
        queued = beside.submit(enqueue) if engine.threads > 1 else None
        if old is None:
            manifest = publish(settings, settled, engine, store, output, optouts.head, replace)
        else:
            manifest = publish_update(settings, settled, engine, store, output, optouts, old, version)
    queued.result() if queued is not None else enqueue()
    remember(store, settings, sources)
    if registry is not None:
        registry.optouts.applied_all(manifest.root, manifest.facts.version, settled.applied)
        if old is not None:
            new = manifest.facts.version
            registry.versions.superseded(old.root, old.manifest.facts.version, manifest.root, new, retracted=False)
    if receipts is not None:
        before = old.manifest if old is not None else None
        receipts(of_build(manifest, settled.applied, before, fallen), optouts.head)
    return manifest
