"""`build` makes a release out of sources; `estimate` says from a sample what a build would give."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from dataclasses import replace as replace_in
from pathlib import Path
from typing import TYPE_CHECKING

from drystone.building.context import Build, Receipts
from drystone.building.output import INCOMPLETE, LOCK, check_known, check_output
from drystone.building.plan import settle
from drystone.building.settings import Settings, work_folder
from drystone.building.stages import PRELOAD
from drystone.errors import UsageError
from drystone.registry import OptOuts, ReviewSnapshot
from drystone.registry.place import check_holds, is_there
from drystone.release import layout
from drystone.release.inspection.losses import Losses
from drystone.release.layout import shown
from drystone.release.location import locked
from drystone.release.manifest import FunnelStep, Manifest, read_manifest
from drystone.release.read import Release, open_release
from drystone.sources.base import Source
from drystone.work.engine import Engine
from drystone.work.remote.lease import held as held_place
from drystone.work.remote.mirror import Mirror, clear_here, here, is_mirrored, mirror_of, mount, objects_of
from drystone.work.remote.objects import url_of
from drystone.work.store import Store

if TYPE_CHECKING:
    from drystone.registry import Registry


@dataclass(frozen=True)
class Estimate:
    """What a build would give, from `sampled` of `sources`; `funnel` is scaled up to all of them, `losses` are not."""

    sources: int
    sampled: int
    funnel: tuple[FunnelStep, ...]
    languages: dict[str, tuple[int, int]]
    losses: Losses


def build(
    settings: Settings,
    sources: Sequence[Source],
    output: Path,
    engine: Engine | None = None,
    *,
    replace: bool = False,
    retry_lost: bool = False,
    update: Path | None = None,
    version: str | None = None,
    receipts: Receipts | None = None,
    tell: Callable[[str], object] = lambda text: None,
) -> Manifest:
    """Build a release into `output` and return its manifest; what an earlier run has finished is not done again.

    Decisions of the registry that `settings.registry` names (a path or URL; None: no registry) are applied, and licence
    texts that a person should look at join its queue. Intermediate work lies in `settings.engine.work` (default:
    `output` with `.work` appended), downloads and clones in `settings.engine.cache` (default: `cache` below it).
    With `update`, the folder of a release, the next version of that release is made, from all `sources` of the new
    one, in its work folder; shards that stay the same are taken over, and `output` may be the same folder. `version` is
    its number, by default that of the rule in `release.versions`. `receipts` is told what was searched and what fell
    for each request, and the registry's head; `tell` what a person should know of the opt-outs. What did not come is
    asked for again after a day, with `retry_lost` now.
    Raises `BuildError`, `SourceError`, `UsageError`; `ReleaseError` while another writes the release in `output` anew.
    """
    engine = engine or Engine()
    engine.workers.preload = PRELOAD
    old = open_release(update) if update is not None else None
    work, cache, output, engine = _placed(settings, output, update, engine)
    check_output(output)
    store = Store(work)
    engine.check(work, cache, output if is_mirrored(output) else output.absolute().parent, reads=_read_here(sources))
    with store.lock() as held, ExitStack() as stack:
        held_output = _hold_output(output, stack)

        def check_held() -> None:
            held()
            held_output()

        engine = replace_in(engine, check_held=check_held)
        if (output / layout.MANIFEST).exists():  # as it is when nobody else indexes or retracts it
            stack.enter_context(locked(output))
            old = open_release(update) if update is not None else None
        stack.callback(engine.workers.stop)
        there = _open(settings.registry, stack) if _is_there(settings.registry) else None
        check_holds(there, settings.registry, _carried(old, output))
        reviews, optouts = decisions_of(there)
        if old is None:
            check_known(output, settings, optouts.head, replace=replace, registry=there)
        opened = _beside(lambda: _loaded(settings.registry, there, stack), stack, at_once=engine.threads == 1)
        made = Build(
            settings, sources, output, engine, store, cache, reviews, optouts, registry=opened, replace=replace,
            retry_lost=retry_lost, old=old, version=version, receipts=receipts, tell=tell,
        )  # fmt: skip
        settled = settle(made)
        from drystone.building.ending import end  # noqa: PLC0415  little of what it needs is needed before

        return end(made, settled, opened.result())


def _carried(old: Release | None, output: Path) -> dict[str, str | None]:
    """Return the states of the registry that a build must go on from: of what it updates, and of what it replaces."""
    carried = {shown(str(old.path)): old.manifest.facts.registry_head} if old is not None else {}
    if (output / layout.MANIFEST).exists():
        carried[shown(str(output))] = read_manifest(output).facts.registry_head
    return carried


def _beside(load: Callable[[], Registry | None], stack: ExitStack, *, at_once: bool) -> Future[Registry | None]:
    """Return what `load` will return: it runs in a thread while other processes work, where there are others."""
    if not at_once:
        return stack.enter_context(ThreadPoolExecutor(1)).submit(load)
    loaded: Future[Registry | None] = Future()
    loaded.set_result(load())
    return loaded


def _loaded(place: str | None, there: Registry | None, stack: ExitStack) -> Registry | None:
    """Load what follows the plan in this process. One who names a registry that is not there has it made by then."""
    from drystone.building import ending  # noqa: F401, PLC0415
    from drystone.building.stages import neighbours  # noqa: F401, PLC0415
    from drystone.dedup import decide  # noqa: F401, PLC0415

    return there if there is not None else _open(place, stack)


def _is_there(place: str | None) -> bool:
    return place is not None and is_there(place)


def _open(place: str | None, stack: ExitStack) -> Registry | None:
    from drystone.registry import Registry  # noqa: PLC0415  not every build has one, and it takes a while to load

    return stack.enter_context(Registry(place)) if place is not None else None


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
    sources: Sequence[Source],
    output: Path,
    engine: Engine | None = None,
    *,
    sample: int = 10,
) -> Estimate:
    """Estimate the funnel of a build from at most `sample` sources; downloads are kept, nothing else is."""
    engine = engine or Engine()
    engine.workers.preload = PRELOAD
    if not sources:
        raise UsageError("no sources: name at least one repository, archive, folder or package")
    _, cache, output, engine = _placed(settings, output, None, engine)
    chosen = sorted(sources, key=lambda source: source.spec)
    if len(chosen) > sample:
        chosen = random.Random(0).sample(chosen, sample)
    work = Path(tempfile.mkdtemp(prefix="drystone-"))
    try:
        reviews, optouts = _decisions_there(settings.registry)
        settled = settle(Build(settings, chosen, output, engine, Store(work), cache, reviews, optouts))
    finally:
        engine.workers.stop()
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
        losses=settled.losses,
    )


def _decisions_there(place: str | None) -> tuple[ReviewSnapshot, OptOuts]:
    """Return what a registry holds, without making one where there is none."""
    with ExitStack() as stack:
        return decisions_of(_open(place, stack) if _is_there(place) else None)


def _placed(settings: Settings, output: Path, update: Path | None, engine: Engine) -> tuple[Path, Path, Path, Engine]:
    """Return work folder, cache and output as folders of this host, and the engine that knows which stand for URLs."""
    work, cache = _folders(settings, output, update)
    mirrors: dict[str, Mirror] = {}

    def folder(place: Path) -> Path:
        url = url_of(place)
        if url is None:
            return place
        for mirror in mirrors.values():  # the cache in the work folder
            if url.startswith(f"{mirror.url}/"):
                return mirror.folder / url.removeprefix(f"{mirror.url}/")
        return mirrors.setdefault(url, mirror_of(url, settings.engine.local, settings.engine.local_bytes)).folder

    found = folder(output), folder(work), folder(cache)
    mount(mirrors.values())
    return found[1], found[2], found[0], replace_in(engine, mirrors=tuple(mirrors.values()))


def _hold_output(output: Path, stack: ExitStack) -> Callable[[], None]:
    """Hold an output in an object store against others, and learn what lies there; return what `Store.lock` gives."""
    objects = objects_of(output)
    if objects is None:
        return lambda: None
    lease = stack.enter_context(held_place(objects, LOCK))
    clear_here(output)
    for name in (layout.MANIFEST, INCOMPLETE):
        here(output / name)
    return lease.check


def _read_here(sources: Sequence[Source]) -> list[Path]:
    """Return the files and folders of this machine that sources are read from."""
    paths = (getattr(source, "path", None) for source in sources)
    return [path.absolute() for path in paths if isinstance(path, Path)]


def _folders(settings: Settings, output: Path, update: Path | None) -> tuple[Path, Path]:
    work = work_folder(settings, output)
    if (
        update is not None
        and url_of(work) is None
        and not work.exists()
        and (before := work_folder(settings, update)).exists()
    ):
        # One work folder for all versions: what did not change is found there.
        work.parent.mkdir(parents=True, exist_ok=True)
        work.symlink_to(os.path.relpath(before.resolve(), work.parent.resolve()), target_is_directory=True)
    return work, settings.engine.cache or work / "cache"
