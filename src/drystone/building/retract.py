"""Retraction: the registry's present state applied to releases that exist, in the places where they lie.

Brings together what the rooms below know: what must go (a table from the registry), how a copy is chosen and described
(policy), and how a release is written anew (release).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.index import follow
from drystone.building.settings import ReleaseSettings, Settings, work_folder
from drystone.building.stages.rows import derived, told
from drystone.catalog.importing.releases import passport_document
from drystone.detect.plain import other_forms, plain_ids
from drystone.errors import BuildError, ReleaseError
from drystone.identity.swhid import content
from drystone.policy.judge import AskedOut, Orphan, judge
from drystone.policy.optouts import about
from drystone.policy.reach import without_common
from drystone.policy.representative import rank
from drystone.registry import Applied, OptOuts, Registry
from drystone.registry.place import check_holds
from drystone.release import layout
from drystone.release.columns import DataRow, LedgerRow, RepositoryRow
from drystone.release.inspection.lookup import cached_index
from drystone.release.location import Folder, Location, locked, open_location
from drystone.release.manifest import Manifest
from drystone.release.read import Release, open_release
from drystone.release.schema import OF_REPOSITORY, SHARED
from drystone.release.versions.falls import (
    Blocked,
    Fallen,
    Inventory,
    contents_of,
    fallen_repositories,
    take_inventory,
)
from drystone.release.versions.numbers import RETRACTION, Tombstone, read_tombstone
from drystone.release.versions.receipts import Searched, Version
from drystone.release.versions.retract import Fell, Retraction
from drystone.release.versions.retract import retract as retract_release
from drystone.release.versions.switch import settle
from drystone.sources import fetched
from drystone.work.files import why
from drystone.work.store import Store

#: Told, by place, the heads that the manifests of releases carry; raises where the registry does not hold one.
Check = Callable[[Mapping[str, str | None]], None]
#: Told, by request, the SWHIDs of the files of repositories that fall; returns the table that holds from then on, and
#: the state of the registry that it is of.
Block = Callable[[Mapping[str, set[str]]], tuple[Blocked, str]]

#: Told all releases and what must go; returns what goes of that.
Spare = Callable[[Sequence[Release], Blocked], Blocked]


@dataclass(frozen=True, slots=True)
class SearchedRelease:
    """One release that was searched: where it lies, its manifest then, what falls, and what was done (None: nothing).

    `cleared` counts files that an earlier retraction, cut short, had left behind. `stones` are the tombstones of the
    versions that were retracted in this place, the oldest first.
    """

    place: str
    before: Manifest
    inventory: Inventory
    done: Retraction | None
    cleared: int = 0
    stones: tuple[Tombstone, ...] = ()

    @property
    def after(self) -> Manifest:
        """The manifest now."""
        return self.done.after if self.done is not None else self.before


def retract(
    places: Sequence[str],
    blocked: Blocked,
    registry_head: str,
    *,
    check: Check = lambda heads: None,
    block: Block | None = None,
    spare: Spare = lambda releases, blocked: blocked,
    date: str | None = None,
    dry_run: bool = False,
    progress: Callable[[str, str], None] = lambda place, step: None,
) -> list[SearchedRelease]:
    """Apply what must go to every release; take the inventory of all of them before anything is written.

    `places` are folders or URLs. `check` is told first under which states of a registry they were made. `block` is
    told then which files belong to repositories that fall in any of the releases, so that their copies fall in all of
    them and cannot come back; `spare` takes from what must go what too many have. `progress` is told place and step.
    With `dry_run` nothing is written and `block` is not called. Raises `ReleaseError`, also where a build is at work on
    one of them or what a build has left cannot be removed; what was switched by then stays so.
    """
    with ExitStack() as stack:
        opened: list[tuple[str, Location, Release, int]] = []
        held: set[Path] = set()
        for place in places:
            location = stack.enter_context(open_location(place))
            if not dry_run:
                _hold(stack, location, held)
            progress(place, "inventory")
            manifest = _listed(location)
            cleared = 0 if dry_run else settle(location, manifest)
            opened.append((place, location, Release(location.mirror, manifest), cleared))
        check({place: release.manifest.facts.registry_head for place, _, release, _ in opened})
        if block is not None and not dry_run:
            blocked, registry_head = block(_contents([(at, release) for _, at, release, _ in opened], blocked))
        blocked = spare([release for _, _, release, _ in opened], blocked)
        inventories = [take_inventory(release, blocked, about, prefer) for _, _, release, _ in opened]
        outcomes = []
        left: list[tuple[str, Location, Path]] = []
        for (place, location, release, cleared), inventory in zip(opened, inventories, strict=True):
            done = None
            if not inventory.empty and not dry_run:
                progress(place, "retract")
                left.append((place, location, cached_index(release.path)))
                done = retract_release(
                    location, release, inventory, registry_head=registry_head, in_force=blocked.in_force(),
                    fall=fall, attribute=attribute, date=date, index=partial(follow, location, release.manifest),
                    more=passport_document,
                )  # fmt: skip
            outcomes.append(
                SearchedRelease(place, release.manifest, inventory, done, cleared, tuple(_stones(location)))
            )
        for place, location, looked_up in left:
            progress(place, "clear work")
            _clear(location, looked_up, blocked)
        return outcomes


def apply(
    places: Sequence[str],
    registry: Registry,
    *,
    date: str | None = None,
    dry_run: bool = False,
    progress: Callable[[str, str], None] = lambda place, step: None,
) -> list[SearchedRelease]:
    """Apply the opt-outs of a registry as `retract` does, and record there what fell and what was superseded."""

    def block(contents: Mapping[str, set[str]]) -> tuple[Blocked, str]:
        for request, swhids in contents.items():
            registry.optouts.block(request, swhids, "the ledgers of releases at their retraction")
        snapshot = registry.optouts.snapshot()
        return snapshot, snapshot.head

    def spare(releases: Sequence[Release], blocked: Blocked) -> Blocked:
        return without_common(releases, blocked) if isinstance(blocked, OptOuts) else blocked

    snapshot = registry.optouts.snapshot()
    outcomes = retract(
        places, snapshot, snapshot.head, check=partial(check_holds, registry, registry.place), block=block,
        spare=spare, date=date, dry_run=dry_run, progress=progress,
    )  # fmt: skip
    head = registry.optouts.snapshot().head  # retracting has written down which contents fell
    for outcome in outcomes if not dry_run else ():
        facts = outcome.after.facts
        place = placed_at(outcome.place)
        registry.versions.lies(place, "release", facts.name, facts.version, outcome.after.root, head)
    for stone in (stone for outcome in outcomes for stone in outcome.stones if not dry_run):
        now = stone["superseded_by"]
        fallen = [
            Applied(request, each["occurrences"], each["bytes"], each["repositories"])
            for request, each in stone["requests"].items()
        ]
        registry.optouts.applied_all(now["root"], now["version"], fallen)
        if (name := stone["release"]) != ReleaseSettings().name:
            registry.versions.released(name, now["version"], now["root"])
        registry.versions.superseded(stone["root"], stone["version"], now["root"], now["version"], retracted=True)
    return outcomes


def placed_at(place: str) -> str:
    """Return how the registry names a place: a folder by its whole path, a URL as it stands."""
    return place if "://" in place else str(Path(place).resolve())


def _clear(location: Location, looked_up: Path, blocked: Blocked) -> None:
    """Remove what lies beside a release: packed texts, what was found in them, clones that are out, and its index.

    What the next version needs is made again; how the release was built stays known. Raises `ReleaseError`.
    """
    folders = [looked_up]
    try:
        if looked_up.is_dir():
            shutil.rmtree(looked_up)
        if isinstance(location, Folder) and (work := _work_of(location)).is_dir():
            folders.append(work)
            Store(work).clear()
            fetched.forget(work / "cache", lambda place: blocked.repository(place) is not None)
    except OSError as error:
        raise ReleaseError(
            f"{location.name} is retracted, but {folders[-1]} still holds what fell ({why(error)}); remove that folder"
        ) from None


def _work_of(location: Folder) -> Path:
    return work_folder(Settings(), location.mirror).resolve()


def _listed(location: Location) -> Manifest:
    """Read the manifest of a place and bring what an inventory reads into the mirror."""
    location.fetch(layout.MANIFEST)
    manifest = open_release(location.mirror).manifest
    for entry in manifest.files:
        if entry.kind != "data":
            location.fetch(entry.place)
    return manifest


def _stones(location: Location) -> list[Tombstone]:
    found = []
    for name in location.names():
        if name.startswith("tombstones/") and name.endswith(".json"):
            stone = read_tombstone(location.fetch(name))
            if stone["reason"] == RETRACTION:
                found.append(stone)
    return sorted(found, key=lambda stone: [int(n) for n in stone["version"].split(".")])


def searched(outcomes: Sequence[SearchedRelease]) -> dict[str, list[Searched]]:
    """Return for each request that made something fall in these places: every version searched, then and now.

    It follows from what lies there, so that an interrupted command that is given again says the same.
    """
    requests = {request for outcome in outcomes for stone in outcome.stones for request in stone["requests"]}
    found: dict[str, list[Searched]] = {}
    for request in sorted(requests):
        lines = found.setdefault(request, [])
        for outcome in outcomes:
            fell = [stone for stone in outcome.stones if request in stone["requests"]]
            for stone in fell:
                before = Version(stone["release"], stone["version"], stone["root"], **stone["counts"])
                now = Version(stone["release"], **stone["superseded_by"], **stone["counts_now"])
                lines.append(Searched(before, now, Fallen(**stone["requests"][request])))
            if not fell:
                now = Version.of(outcome.after)
                lines.append(Searched(now, now, Fallen()))
    return found


def _contents(opened: Sequence[tuple[Location, Release]], blocked: Blocked) -> dict[str, set[str]]:
    """Return by request the files of repositories that fall: by their bytes, and by their texts in other forms.

    A form counts that one of the releases holds, and the plain one, by which a build knows all of them.
    """
    found: dict[str, set[str]] = {}
    of: dict[str, set[str]] = {}
    for _, release in opened:
        fallen = fallen_repositories(release, blocked, about)
        for id_, swhids in contents_of(release, fallen).items():
            found.setdefault(fallen[id_], set()).update(swhids)
            for swhid in swhids:
                of.setdefault(swhid, set()).add(fallen[id_])
    if not of:
        return found
    others: dict[str, set[str]] = {}
    for location, release in opened:
        for name, text in _texts(location, release, of.keys()):
            for request in of[name]:
                found[request] |= {content(id_) for id_ in plain_ids(text)}
            for form in other_forms(text):
                others.setdefault(content(form), set()).update(of[name])
    wanted = pa.array(sorted(others), pa.string())
    for _, release in opened:
        for table in release.ledger(["swhid"]):
            for swhid in table.filter(pc.is_in(table["swhid"], value_set=wanted))["swhid"].to_pylist():
                for request in others[swhid]:
                    found[request].add(swhid)
    return found


def _texts(location: Location, release: Release, swhids: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Yield SWHID and text of the files among these that are kept, and of which nothing was redacted."""
    wanted = pa.array(sorted(swhids), pa.string())
    shards = {
        shard
        for table in release.ledger(["swhid", "shard"])
        for shard in table.filter(pc.is_in(table["swhid"], value_set=wanted))["shard"].to_pylist()
    }
    for entry in release.manifest.of_kind("data"):
        if entry.path in shards:
            location.fetch(entry.place)
            for table in release.rows(entry, ("swhid", "redactions", "content")):
                mine = table.filter(pc.is_in(table["swhid"], value_set=wanted))
                for swhid, redactions, text in zip(*(column.to_pylist() for column in mine.columns), strict=True):
                    if not redactions:
                        yield swhid, text.encode("utf-8", "surrogatepass")


def prefer(row: LedgerRow, repository: RepositoryRow) -> bytes:
    """Return the key of a copy by which a build would choose among copies: the smallest stands for the others."""
    stars, forks = repository["star_events_count"], repository["fork_events_count"]
    date = repository["revision_date"]
    return rank(row["license_type"] or "non_permissive", stars, forks, date, row["origin"], _path(row), row["entry"])


def fall(row: LedgerRow, request: str | None) -> Fell:
    """Return the decision's columns of a row that a request takes out, or (None) whose kept file is taken out."""
    drop = judge(AskedOut(request) if request is not None else Orphan(row["reason"] or "", row["similarity"]))
    return {
        "decision": drop.decision,
        "stage": drop.stage.word,
        "reason": drop.reason.word,
        "evidence": orjson.dumps(drop.evidence).decode(),
    }


def attribute(row: DataRow, copy: LedgerRow, repository: RepositoryRow) -> DataRow:
    """Return a row of data as that of a copy: same bytes, another path, repository and licence.

    What showed the copy's licence is not in the release; the evidence names the ledger, which has the decision.
    """
    expression = copy["license_expression"]
    evidence = [{"expression": expression, "path": copy["path"], "rule": "ledger"}] if expression else []
    of_repository: Mapping[str, object] = repository
    of_copy: Mapping[str, object] = copy
    changed = {
        **{name: of_repository[name] for name in OF_REPOSITORY},
        **{name: of_copy[name] for name in SHARED},
        **{name: values[0] for name, values in derived([_path(copy)], [expression]).items()},
        **{name: values[0] for name, values in told([_path(copy)], [None]).items()},
        "license_evidence": evidence,
        **dict.fromkeys(("license_basis", "license_confidence", "license_conflict")),
    }
    return cast(DataRow, {**row, **changed})


def _path(row: LedgerRow) -> bytes:
    """Return the path of a ledger row as a source gives it."""
    raw = row["path_raw"]
    return raw if raw is not None else row["path"][1:].encode()


def _hold(stack: ExitStack, location: Location, held: set[Path]) -> None:
    """Hold a folder, and its work folder, against another retraction or build until `stack` ends.

    `held` are work folders that are held already: versions of one release share theirs. Raises `ReleaseError`.
    """
    if not isinstance(location, Folder):
        return
    stack.enter_context(locked(location.mirror))
    work = _work_of(location)
    if work.is_dir() and work not in held:
        try:
            stack.enter_context(Store(work).lock())
        except BuildError as error:
            raise ReleaseError(str(error)) from None
        held.add(work)
