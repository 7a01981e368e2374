"""After the plan: has the release written, tells the registry what was applied, and writes receipts.

Loaded late, since little of what it needs is needed before.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from drystone._words import many
from drystone.building.context import Build
from drystone.building.output import asked_facts, check_registered, register, sources_of
from drystone.building.plan import Settled
from drystone.building.publish import publish, repository_rows, texts_to_review
from drystone.building.receipts import of_build
from drystone.building.stages.opting_out.marks import forget_packed
from drystone.building.update import publish_update, remember
from drystone.errors import BuildError
from drystone.policy.optouts import MOST_ORIGINS, about
from drystone.registry import Registry
from drystone.release.manifest import Manifest
from drystone.release.versions.falls import take_inventory
from drystone.release.versions.receipts import LogEnd
from drystone.work.remote.mirror import address, is_mirrored


def end(build: Build, settled: Settled, registry: Registry | None) -> Manifest:
    """Write the release, and tell the registry what was left out and what a person should look at."""
    check_losses(build, settled)
    old, receipts = build.old, build.receipts
    sources = sources_of(repository_rows(build.settings, settled))
    if old is None:
        check_registered(registry, asked_facts(build.settings, build.optouts.head), sources)
    # Before the old version may be replaced in its place.
    fallen = take_inventory(old, build.optouts, about).requests if old is not None and receipts is not None else {}
    # With several processes this one has time while they write.
    with ThreadPoolExecutor(1) as beside:
        queued = beside.submit(_enqueue, build, settled, registry) if build.engine.threads > 1 else None
        manifest = publish(build, settled) if old is None else publish_update(build, settled, old)
    if queued is not None:
        queued.result()
    else:
        _enqueue(build, settled, registry)
    remember(build)
    register(registry, manifest, sources)
    for request, count in sorted(settled.common.items()):
        build.tell(
            f"{request}: of what it names {many(count, 'file')} stay where others have them, since more than "
            f"{MOST_ORIGINS} unrelated owners have each: see drystone optout reach {request} RELEASE"
        )
    if registry is not None:
        registry.optouts.applied_all(manifest.root, manifest.facts.version, settled.applied)
        facts = manifest.facts
        made = build.output if build.output.exists() or old is None else old.path
        place = address(made) if is_mirrored(made) else str(made.resolve())
        registry.versions.lies(place, "release", facts.name, facts.version, manifest.root, build.optouts.head)
        if old is not None:
            new = manifest.facts.version
            registry.versions.superseded(old.root, old.manifest.facts.version, manifest.root, new, retracted=False)
    forget_packed(settled.inventory, settled.marked)
    if receipts is not None:
        before = old.manifest if old is not None else None
        receipts(of_build(manifest, settled.applied, before, fallen), build.optouts.head, _end_of(registry))
    return manifest


def check_losses(build: Build, settled: Settled) -> None:
    """Raise `BuildError` where more was lost than the settings allow: nothing was published yet."""
    most, losses = build.settings.limits.losses_share, settled.losses
    if most is not None and losses.share > most:
        lines = "\n".join(f"  {line}" for line in losses.told())
        raise BuildError(
            f"{losses.share:.2%} of what was promised did not come, and limits.losses allows "
            f"{build.settings.limits.losses}:\n{lines}\nNothing was published. Mend the source, or ask again with "
            "--retry-lost; or raise limits.losses"
        )


def _end_of(registry: Registry | None) -> LogEnd | None:
    last = registry.events.last() if registry is not None else None
    return {"event": last.seq, "hash": last.hash} if last is not None else None


def _enqueue(build: Build, settled: Settled, registry: Registry | None) -> None:
    if registry is not None:
        registry.reviews.enqueue(texts_to_review(settled, build.reviews.decisions))
