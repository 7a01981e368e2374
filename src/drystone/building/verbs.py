"""What can be done with sources, releases and a registry together: the verbs of this room, and those that join rooms.

Light to load, each with its defaults. Faces parse, call these and print; they add nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from drystone.errors import RegistryError, ReleaseError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from drystone.building._order import Order
    from drystone.building.builds import Estimate
    from drystone.building.configuration.explained import ExplainedSetting
    from drystone.building.mixing.mix import Mixed
    from drystone.building.retract import SearchedRelease
    from drystone.building.settings import Settings
    from drystone.dedup.contamination.formats import BenchmarkFile
    from drystone.registry import Audit
    from drystone.registry.verbs import AnyRegistry
    from drystone.registry.versions import Placed
    from drystone.release.checking.verify import Report
    from drystone.release.columns import LedgerRow
    from drystone.release.inspection.why import Explained
    from drystone.release.read import Release
    from drystone.release.verbs import AnyPath, AnyRelease
    from drystone.release.versions.numbers import Superseded
    from drystone.release.versions.receipts import LogEnd, Searched
    from drystone.work.engine import Engine, Progress
    from drystone.work.workers import Workers

    #: A source as it is written on the command line, or as a table of a settings file.
    AnySource = AnyPath | Mapping[str, Any]

EngineKind = Literal["native", "ray"]


def build(
    sources: Sequence[AnySource] | AnySource,
    output: AnyPath | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    name: str | None = None,
    version: str | None = None,
    registry: str | None = None,
    contents: str | None = None,
    agreement: str | None = None,
    update: AnyPath | None = None,
    engine: EngineKind | None = None,
    threads: int | None = None,
    ray_address: str | None = None,
    key: AnyPath | None = None,
    receipts: AnyPath | None = None,
    each_receipt: Callable[[str, Path], object] = lambda request, file: None,
    replace: bool = False,
    retry_lost: bool = False,
    progress: Progress | None = None,
    tell: Callable[[str], object] = lambda text: None,
    own_process: bool = False,
) -> Release:
    """Build a release and return it opened; a build that was stopped goes on where it was.

    `sources`: a settings file (`*.toml`), or sources: paths, `git+URL@REF`, `pypi:NAME==VERSION`, `folder:PATH`,
    `swh+EXPORT`, `table:PATH`, or what a table `[[source]]` of a settings file would have, as a mapping: `{"kind":
    "git", "url": URL, "ref": "v1", "stars": 5}`. `output`: folder of the release (default: the settings'). `settings`:
    the tables of a settings file as a mapping, for sources given here. `name`, `version` (MAJOR.MINOR.PATCH; of an
    update by default the next one), `engine` ("native" or "ray"), `threads` (processes here; default: all processors)
    and `ray_address` weigh more than the settings. `registry`: path or URL of the registry whose decisions apply
    (default: DRYSTONE_REGISTRY, the settings', or `drystone-registry.sqlite` here, which is made where there is none).
    `contents`: where the contents of a Software Heritage export lie, `agreement`: the agreement under which it is read.
    `update`: the release whose next version is made, or which is returned where nothing would differ; `sources` then
    join its own. `key` and `receipts`: the publisher's private key, and the folder for a signed receipt for each
    request that was applied; `each_receipt` is called with request and file. `replace`: put the release in the place of
    another complete one. `retry_lost`: ask again now, not after a day, for what did not come (see `losses`). `progress`
    follows stages; `tell` is called with terms that a user must be shown, with the registry, its state and the requests
    in force, and with languages of `include` that no kept file is in. `own_process`: this process does nothing else, so
    it may be set up for the work. Raises `UsageError`, `SourceError`, `BuildError`, `RegistryError`.
    """
    workers = _workers(engine, threads) if own_process else None
    from drystone.building._order import Asked, order
    from drystone.building.builds import build as run

    ordered = order(
        Asked(_given(sources), contents, agreement, settings),
        _path(output),
        release={"name": name, "version": version},
        engine={"kind": engine, "threads": threads, "ray_address": ray_address},
        registry=registry,
        update=_path(update),
    )
    ordered.tell_terms(tell)
    signed = _signer(key, receipts, each_receipt)
    what = (ordered.settings, ordered.sources, ordered.output, _engine(ordered, progress, workers, own_process))
    run(
        *what, replace=replace, retry_lost=retry_lost, update=_path(update), version=version, receipts=signed, tell=tell
    )
    return _made(ordered, _path(update), tell)


def _engine(ordered: Order, progress: Progress | None, workers: Workers | None, own_process: bool) -> Engine:
    if own_process:
        from drystone.work.process import prepare_process

        prepare_process()
    return ordered.engine(progress, workers)


class ReleasePlace(NamedTuple):
    """Where a release lies: what a person calls the place, and whether it is a folder here and no URL."""

    name: str
    is_folder: bool


def place_of(release: Release) -> ReleasePlace:
    """Return where a release that `build` made lies."""
    from drystone.work.remote.mirror import address, is_mirrored

    return ReleasePlace(address(release.path), not is_mirrored(release.path))


def _made(ordered: Order, old: Path | None, tell: Callable[[str], object]) -> Release:
    """Open what a build made, and tell which registry it applied; an update may have made nothing new."""
    from drystone.registry.place import told
    from drystone.release.read import open_release
    from drystone.work.remote.mirror import folder_of

    output = folder_of(ordered.output)
    new = old is None or output.exists()
    release = open_release(output if old is None or new else old)
    facts = release.manifest.facts
    tell(told(ordered.settings.registry or "none", facts.registry_head, facts.optouts_in_force))
    if not new:
        tell(f"nothing differs from {old}: no new version was made")
    return _told_unmet(ordered.settings, release, tell)


def estimate(
    sources: Sequence[AnySource] | AnySource,
    output: AnyPath | None = None,
    *,
    sample: int = 10,
    settings: Mapping[str, Any] | None = None,
    name: str | None = None,
    version: str | None = None,
    registry: str | None = None,
    contents: str | None = None,
    agreement: str | None = None,
    update: AnyPath | None = None,
    engine: EngineKind | None = None,
    threads: int | None = None,
    ray_address: str | None = None,
    progress: Progress | None = None,
    tell: Callable[[str], object] = lambda text: None,
) -> Estimate:
    """Estimate what a build would keep, from a sample of at most `sample` sources; nothing but downloads is written.

    The other arguments are those of `build`; `output` is where the build would go, for downloads lie beside it. Raises
    `UsageError`, `SourceError`.
    """
    from drystone.building._order import Asked, order
    from drystone.building.builds import estimate as run

    ordered = order(
        Asked(_given(sources), contents, agreement, settings),
        _path(output),
        release={"name": name, "version": version},
        engine={"kind": engine, "threads": threads, "ray_address": ray_address},
        registry=registry,
        update=_path(update),
    )
    ordered.tell_terms(tell)
    return run(ordered.settings, ordered.sources, ordered.output, ordered.engine(progress), sample=sample)


def explain_settings(
    sources: Sequence[AnySource] | AnySource,
    output: AnyPath | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    name: str | None = None,
    version: str | None = None,
    registry: str | None = None,
    contents: str | None = None,
    agreement: str | None = None,
    update: AnyPath | None = None,
    engine: EngineKind | None = None,
    threads: int | None = None,
    ray_address: str | None = None,
) -> tuple[list[ExplainedSetting], list[str]]:
    """Say what each setting of a build comes to, and what says so; return them and the sources as text.

    The arguments are those of `build`. Nothing is read of the sources, and nothing is written. Raises `UsageError`.
    """
    from drystone.building._order import Asked, order

    ordered = order(
        Asked(_given(sources), contents, agreement, settings),
        _path(output),
        release={"name": name, "version": version},
        engine={"kind": engine, "threads": threads, "ray_address": ray_address},
        registry=registry,
        update=_path(update),
        builds=False,
    )
    return ordered.explained(), [source.spec for source in ordered.sources]


def write_first_settings(
    file: AnyPath = "drystone.toml", sources: Sequence[AnyPath] = (), *, replace: bool = False
) -> Path:
    """Write a settings file with remarks for `sources`, by default those that lie in the working folder; return it.

    What must be said is said, what is often changed stands there with its default. `replace`: an earlier file may go.
    Raises `UsageError` where the file is there already, or there is no source.
    """
    from drystone.building.configuration.first import first_file

    path = Path(file)
    if path.exists() and not replace:
        raise UsageError(f"{path}: is there already; give another name with -o, or replace it with --replace")
    text = first_file(tuple(os.fspath(source) for source in sources), path)
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from None
    return path


def why_nothing(release: AnyRelease) -> list[str]:
    """Say why a release keeps no file: a line for each reason, with what to look at; none where it keeps one.

    Raises `ReleaseError` where the ledger is damaged.
    """
    from drystone.building.configuration.emptiness import why_nothing as say
    from drystone.release.verbs import opened

    return say(opened(release))


def verify(
    release: AnyPath,
    *,
    quick: bool = False,
    deep: bool = False,
    root: str | None = None,
    key: AnyPath | None = None,
    against: Iterable[AnyPath] = (),
    registry: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    index_progress: Callable[[int, int], object] = lambda done, total: None,
) -> Report:
    """Check a release from its folder alone, and ask whether a later version took its place; problems are returned.

    `quick`: files, sizes, columns and counts only, no rows. Of an index it is checked that it is of this release, and
    with a sample of its files that it agrees with their texts; `deep`: with all of them, by making it anew. `root`: the
    root hash that it must have, as a citation names it (default: any). `key`: the publisher's public key, a file, by
    which it must be signed (default: signatures that are there must hold, whoever made them). `against`: later
    releases, or tombstones, that may say that this version is superseded. `registry`: a registry that may say so
    (default: DRYSTONE_REGISTRY, or `drystone-registry.sqlite` here or beside the release, where there is one).
    `progress` is called with bytes done and all bytes, `index_progress` with bytes of indexed text. Raises
    `ReleaseError` where the folder is no release, `UsageError` or `RegistryError` where the registry that was named
    cannot be asked.
    """
    from drystone.policy.decision import Reason
    from drystone.registry.place import successor_of
    from drystone.release.checking.verify import INDEX
    from drystone.release.checking.verify import verify as check
    from drystone.release.manifest import read_manifest
    from drystone.release.read import open_release
    from drystone.release.versions.numbers import Superseded

    folder = Path(release)
    later, note = successor_of(read_manifest(folder).root, registry, folder.resolve().parent)
    known = [Superseded(later.version, later.root, later.retracted)] if later is not None else []
    if quick and deep:
        raise UsageError("a check is quick or deep, not both")
    public = None
    if key is not None:
        from drystone.release.versions.receipts import load_public

        public = load_public(Path(key))
    reasons = {reason.word: reason.stage.word for reason in Reason}
    report = check(
        folder, quick=quick, progress=progress, against=against, known=known, root=root, key=public, reasons=reasons
    )
    found = open_release(folder)
    if found.manifest.index:
        from functools import partial

        from drystone.search.indexes.checking import check as check_index

        report.checks = (*report.checks, INDEX)
        check_index(found, partial(report.add, INDEX), quick=quick, deep=deep, done=index_progress)
    report.notes += [note] if note else []
    return report


def successor(release: AnyPath, *, registry: str | None = None) -> Superseded | None:
    """Return the version that took the place of a release, or None; `retracted` in it: do not use the old one.

    It is sought as `verify` does: in tombstones in the folder, in releases beside it, and in the registry. Raises
    `ReleaseError`, `RegistryError`.
    """
    from drystone.registry.place import successor_of
    from drystone.release.manifest import read_manifest
    from drystone.release.versions.numbers import Superseded, neighbours, superseded

    folder = Path(release)
    manifest = read_manifest(folder)
    later, _ = successor_of(manifest.root, registry, folder.resolve().parent)
    known = [Superseded(later.version, later.root, later.retracted)] if later is not None else []
    return superseded(manifest, neighbours(folder, manifest), *known)


def why(
    release: AnyRelease,
    what: str | LedgerRow,
    *,
    limit: int = 100,
    folder: AnyPath | None = None,
    work: AnyPath | None = None,
    against: Iterable[AnyPath] = (),
) -> list[Explained]:
    """Say why files are in or out of a release, with the evidence.

    `what`: a SWHID or a link to one, a path (whole, its end, or a glob), REPOSITORY:PATH, or one row that `occurrences`
    returned. `limit`: occurrences to explain. The diff of a near duplicate to the file that was kept takes the dropped
    text from `folder`, a folder with the repository's files, else from `work`, the work folder that the build left
    (default: beside the release). A file that holds a task of a benchmark is shown beside it: the file's text comes
    from the same places, the task from `against` (each PATH or NAME=PATH), else from the work folder. Raises
    `ReleaseError` where nothing matches.
    """
    from functools import partial

    from drystone.building.settings import Settings, work_folder
    from drystone.building.stages.contents import packed_blob
    from drystone.release.inspection.why import explain, find, folder_lookup
    from drystone.release.verbs import opened

    found = opened(release)
    left = Path(work) if work is not None else work_folder(Settings(), found.path)
    packed = partial(packed_blob, left) if left.is_dir() else None
    rows = find(found, what, limit=limit) if isinstance(what, str) else [what]
    benchmarks = _benchmarks(found, left, against)
    explained = []
    for row in rows:
        lookup = folder_lookup(Path(folder), row["path"]) if folder is not None else packed
        each = explain(found, row, lookup=lookup)
        explained.append(each if each.contamination is None else _beside_task(each, lookup, benchmarks))
    return explained


def _benchmarks(release: Release, work: Path, against: Iterable[AnyPath]) -> dict[str, BenchmarkFile]:
    """Return the benchmarks that are given, and those that the build left in its work folder."""
    from drystone.building.stages.screening import copy_of
    from drystone.dedup.contamination.formats import BenchmarkFile, named

    chosen: Any = release.manifest.facts.configuration.get("decontamination", {})
    said: dict[str, str] = chosen.get("benchmarks", {})
    kept = {name: BenchmarkFile(name, copy_of(work, sha256), sha256) for name, sha256 in said.items()}
    there = {name: file for name, file in kept.items() if file.path.is_file()}
    return {**there, **{file.name: file for file in named([os.fspath(each) for each in against])}}


def _beside_task(
    found: Explained, lookup: Callable[[str], bytes | None] | None, benchmarks: Mapping[str, BenchmarkFile]
) -> Explained:
    """Show a file beside the task that it holds, where both texts can be had."""
    from dataclasses import replace

    from drystone.building.stages.text import to_text
    from drystone.dedup.contamination.beside import side_by_side

    evidence, row = found.contamination, found.ledger
    assert evidence is not None
    name = str(evidence["benchmark"])
    if name not in benchmarks:
        return replace(found, beside_missing=f"the benchmark {name} is not here; give it with --against {name}=FILE")
    data = lookup(row["swhid"]) if lookup is not None and row["swhid"] else None
    text = to_text(data, row["path"].endswith(".ipynb"))[0].text if data is not None else None
    if text is None:
        return replace(
            found, beside_missing="the text of the file is not here; give a folder that holds it with --from"
        )
    shown = side_by_side(evidence, row["path"], text, benchmarks[name])
    missing = None if shown is not None else f"the file given for {name} has no task {evidence['task']}"
    return replace(found, beside=shown, beside_missing=missing)


def known_places(registry: AnyRegistry = None, *, forget: Iterable[str] = ()) -> list[Placed]:
    """Return where releases and exports lie, as the registry knows it by the commands that put them there.

    `forget`: places that are taken off the list first. `registry`: default DRYSTONE_REGISTRY, or
    `drystone-registry.sqlite` here. Raises `UsageError` for a place that is not on the list, `RegistryError`.
    """
    from drystone.building.retract import placed_at
    from drystone.registry.verbs import using

    with using(registry) as opened:
        for place in forget:
            if not opened.versions.forget(placed_at(place)):
                raise UsageError(f"{place}: is not known; drystone registry releases lists what is")
        return opened.versions.placed()


def mix(
    settings: AnyPath,
    *,
    output: AnyPath | None = None,
    seed: int | None = None,
    registry: AnyRegistry = None,
    step: Callable[[str], object] | None = None,
) -> Mixed:
    """Make a mixture of a release, which is a release itself: some of its kept files, by the shares of groups.

    `settings`: a mixture file (docs/training-output.md). `output`, `seed`: in the place of those in it. `registry`:
    told where the mixture lies, so that a retraction finds it; default DRYSTONE_REGISTRY, or
    `drystone-registry.sqlite` here. `step` is told what is done ("choose", "write"). Raises `SettingsError` for what is
    wrong in the file, `UsageError` where it asks for more than there is or the output is not free, `ReleaseError` where
    the release was retracted or is damaged.
    """
    from drystone.building.mixing.mix import mix as make
    from drystone.building.mixing.recipe import load_mixture
    from drystone.registry.place import is_there, place_of
    from drystone.registry.verbs import using
    from drystone.release.read import open_release

    mixture = load_mixture(Path(settings))
    told = mixture.release if output is None else mixture.release.model_copy(update={"output": Path(output)})
    wanted = mixture.mixture if seed is None else mixture.mixture.model_copy(update={"seed": seed})
    mixture = mixture.model_copy(update={"release": told, "mixture": wanted})
    release = open_release(wanted.release)
    later = successor(wanted.release, registry=registry if isinstance(registry, str) else None)
    if later is not None and later.retracted:
        raise ReleaseError(f"{wanted.release}: is retracted; mix its successor, {later.version} {later.root}")
    made = make(release, mixture, step=step or (lambda name: None))
    if not isinstance(registry, str | None) or is_there(place_of(registry)):
        facts, root = made.manifest.facts, made.manifest.root
        place, head = str(told.output.resolve()), facts.registry_head or ""
        with using(registry) as opened:
            opened.versions.lies(place, "release", facts.name, facts.version, root, head)
    return made


def note_export(release: AnyPath, output: AnyPath, *, registry: AnyRegistry = None) -> None:
    """Tell the registry that an export of a release lies in the folder `output`, so that a retraction can name it.

    Nothing happens where there is no registry. `registry`: default DRYSTONE_REGISTRY, or `drystone-registry.sqlite`
    here. Raises `RegistryError`.
    """
    from drystone.registry.place import is_there, place_of
    from drystone.registry.verbs import using
    from drystone.release.manifest import read_manifest

    if isinstance(registry, str | None) and not is_there(place_of(registry)):
        return
    manifest, place = read_manifest(Path(release)), str(Path(output).resolve())
    facts, head = manifest.facts, manifest.facts.registry_head or ""
    with using(registry) as opened:
        opened.versions.lies(place, "export", facts.name, facts.version, manifest.root, head)


def exports_held(registry: AnyRegistry = None) -> list[Placed]:
    """Return the known exports of versions that were retracted since: they still hold what fell.

    One that was removed is taken off the list; one that only cannot be seen now, as on a disk that is not mounted, is
    not. `registry`: default DRYSTONE_REGISTRY, or `drystone-registry.sqlite` here. Raises `RegistryError`.
    """
    from drystone.registry.verbs import using

    with using(registry) as opened:
        found = []
        for each in opened.versions.placed():
            if each.kind != "export":
                continue
            place = Path(each.place)
            if not place.exists() and place.parent.is_dir():
                opened.versions.forget(each.place)
            elif (later := opened.versions.successor(each.root)) is not None and later.retracted:
                found.append(each)
        return found


def _all_releases(registry: AnyRegistry) -> list[str]:
    """Return the places of all releases that a registry knows. Raises `UsageError` where one is not there."""
    found = [each.place for each in known_places(registry) if each.kind == "release"]
    if not found:
        raise UsageError("the registry knows no release yet; name the ones that you publish")
    for place in found:
        if "://" not in place and not (Path(place) / "manifest.json").is_file():
            raise UsageError(
                f"{place}: the registry knows a release there, and there is none. Bring it back to that place, or take "
                f"it off the list: drystone registry releases --forget {place}"
            )
    return found


def retract(
    releases: Sequence[str] = (),
    *,
    all_known: bool = False,
    registry: AnyRegistry = None,
    date: str | None = None,
    key: AnyPath | None = None,
    receipts: AnyPath | None = None,
    each_receipt: Callable[[str, Path], object] = lambda request, file: None,
    dry_run: bool = False,
    progress: Callable[[str, str], None] = lambda place, step: None,
) -> list[SearchedRelease]:
    """Take what was opted out since out of releases that exist, each in its place; return what fell in each.

    `releases`: folders or URLs such as s3://bucket/prefix, all versions that are published; `all_known`: those that the
    registry knows, too. `registry`: whose opt-outs
    apply (default: DRYSTONE_REGISTRY, or `drystone-registry.sqlite` here); it must hold the states that the releases
    were made with. `date`: day of the new versions, YYYY-MM-DD (default: today). `key` and `receipts`: the publisher's
    private key, and the folder for one signed receipt for each request; `each_receipt` is called with request and file.
    `dry_run`: say what would fall; write nothing. `progress` is called with place and step. Raises `UsageError`,
    `ReleaseError`, `RegistryError`.
    """
    from drystone.building.receipts import write_receipts
    from drystone.building.retract import apply, placed_at, searched
    from drystone.registry.verbs import using

    private = _signing(key, receipts)
    _check_date(date)
    if all_known:
        named = {placed_at(place) for place in releases}
        releases = [*releases, *(place for place in _all_releases(registry) if place not in named)]
    if not releases:
        raise UsageError("name the releases, or give --all for those that the registry knows")
    with using(registry) as opened:
        outcomes = apply(releases, opened, date=date, dry_run=dry_run, progress=progress)
        head, last = opened.optouts.snapshot().head, opened.events.last()
    log: LogEnd | None = {"event": last.seq, "hash": last.hash} if last is not None else None
    if private is not None and receipts is not None and not dry_run:
        for request, file in write_receipts(
            searched(outcomes), head, folder=Path(receipts), key=private, log=log
        ).items():
            each_receipt(request, file)
    return outcomes


def audit(
    releases: Iterable[AnyPath] = (),
    *,
    registry: AnyRegistry = None,
    heads: Iterable[str] = (),
    checkpoints: Iterable[AnyPath] = (),
    key: AnyPath | None = None,
    log: AnyPath | None = None,
) -> Audit:
    """Prove that nothing was altered in a registry or removed from it; problems are returned.

    `releases`: folders whose manifests carry a head that the log must hold, which shows removed last events. `heads`:
    hashes from elsewhere that it must hold. `checkpoints`: files that `sign_log` wrote and somebody kept; the log
    must have gone through each. `key`: the operator's public key, which must have signed them. `log`: a log as
    `registry log --json` prints it, in place of a registry: whoever is given one can check it. `registry`: default
    DRYSTONE_REGISTRY, or `drystone-registry.sqlite` here.
    Raises `UsageError` where there is no registry, `RegistryError`, `ReleaseError`.
    """
    from drystone.registry.log.audit import audit_events
    from drystone.registry.log.checkpoints import load_checkpoint
    from drystone.registry.log.events import read_log
    from drystone.registry.verbs import using
    from drystone.release.manifest import read_manifest

    carried = [read_manifest(Path(folder)).facts.registry_head for folder in releases]
    public = None
    if key is not None:
        from drystone.release.versions.receipts import load_public

        public = load_public(Path(key))
    wanted = [*(head for head in carried if head is not None), *heads]
    states = [load_checkpoint(Path(file), public) for file in checkpoints]
    if log is not None:
        if registry is not None:
            raise UsageError("a log is checked, or a registry, not both")
        return audit_events(read_log(Path(log)), wanted, states)
    with using(registry) as opened:
        return opened.audit(wanted, states)


def sign_log(key: AnyPath, *, registry: AnyRegistry = None, name: str = "drystone-registry") -> str:
    """Return a signed note of the state of a registry's log: number of events, and hash of the last one.

    Whoever keeps it can show later that the log went on from there (`audit`). `key`: the operator's private key.
    `name`: what the log is called in it, without spaces. `registry`: default DRYSTONE_REGISTRY, or
    `drystone-registry.sqlite` here. Raises `UsageError`, also where `key` is no private Ed25519 key; `RegistryError`
    where the log is not whole.
    """
    from drystone.registry.log.checkpoints import LogState, checked_name, sign_checkpoint
    from drystone.registry.verbs import using
    from drystone.release.versions.receipts import load_private

    private = load_private(Path(key))
    checked_name(name)
    with using(registry) as opened:
        found = opened.audit()
    if found.problems:
        raise RegistryError(f"the registry is not whole, so its state is not signed: {found.problems[0]}")
    return sign_checkpoint(LogState(name, found.events, found.head), private)


def _workers(engine: EngineKind | None, threads: int | None) -> Workers:
    """Return worker processes that load what they need while this one does, where there will be any."""
    from drystone import processor
    from drystone.building.stages import PRELOAD
    from drystone.work.workers import Workers

    workers = Workers(PRELOAD)
    if threads != 1 and engine != "ray" and processor.count() > 1:
        workers.prepare()
    return workers


def _signing(key: AnyPath | None, receipts: AnyPath | None) -> Ed25519PrivateKey | None:
    """Return the key that signs receipts, None where none are wanted. Raises `UsageError` where one is missing."""
    if (receipts is None) != (key is None):
        raise UsageError("--receipts and --key belong together: a folder for receipts and the key that signs them")
    if key is None:
        return None
    from drystone.release.versions.receipts import load_private

    return load_private(Path(key))


def _signer(
    key: AnyPath | None, receipts: AnyPath | None, each: Callable[[str, Path], object]
) -> Callable[[Mapping[str, Sequence[Searched]], str, LogEnd | None], None] | None:
    """Return what signs and writes receipts for a build; None where none are wanted."""
    private = _signing(key, receipts)
    if private is None or receipts is None:
        return None
    from drystone.building.receipts import signer

    return signer(private, Path(receipts), each)


def _check_date(date: str | None) -> None:
    from datetime import UTC, datetime

    from drystone.release.layout import shown

    if date is not None:
        try:
            datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            raise UsageError(f"--date {shown(date)}: write it as YYYY-MM-DD") from None


def _told_unmet(settings: Settings, made: Release, tell: Callable[[str], object]) -> Release:
    """Tell which languages were asked for in vain, and pass the release on."""
    if settings.languages.include:
        from drystone.building.configuration.emptiness import unmet_languages

        for language in unmet_languages(settings, made):
            tell(f"note: languages.include names {language}, and no file of the release is in it")
    return made


def _given(sources: Sequence[AnySource] | AnySource) -> tuple[str | Mapping[str, Any], ...]:
    given = [sources] if isinstance(sources, str | os.PathLike | Mapping) else sources
    return tuple(source if isinstance(source, Mapping) else os.fspath(source) for source in given)


def _path(path: AnyPath | None) -> Path | None:
    return Path(path) if path is not None else None
