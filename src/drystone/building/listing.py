"""The first half of a build's plan: from sources to a listing of every occurrence, without what is opted out.

    fetch -> inventory -> opt-outs

Each source, and each part of a collection, is a partition. Repositories that are out are not even fetched where their
place is known before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import sha256
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict, TypeGuard

import orjson

from drystone.building.context import Build
from drystone.building.repositories.equal import Twin, stand_in, stand_ins, twin, twin_of
from drystone.building.repositories.relating import Related, relate
from drystone.building.stages import inventory
from drystone.building.stages.inventory import Inventoried
from drystone.building.stages.opting_out import common as common_stage
from drystone.building.stages.opting_out import marks as optouts_stage
from drystone.building.stages.snapshots import LeftOut, save
from drystone.errors import SourceError, UsageError
from drystone.identity import origins, swhid
from drystone.policy.optouts import forked_from, out_among, request_for
from drystone.registry import Applied
from drystone.sources import GitSource, told_apart
from drystone.sources.base import SAME_DIRECTORY, Collection, Readable, Repository, RepositorySource, SourceState
from drystone.work.exchange import blocks
from drystone.work.losses import Lost, digests, forget_lost
from drystone.work.ranges import ROWS_PER_RANGE
from drystone.work.store import Stage, fingerprint
from drystone.work.tasks import Task

if TYPE_CHECKING:
    from drystone._json import Json

#: Of this program, and of how its stages hand rows on: what another version has made is made anew.
VERSION: Final = f"{version('drystone')}, rows by exchange, licences of tables, with losses"
#: Kind of sources that may list only some of a directory's files.
_OF_SOME_FILES: Final = "table"


@dataclass(frozen=True)
class Listed:
    """What there is to decide on. Lists are in the order of partitions.

    `inventory` is the stage and `partitions` its tasks, with `packed` bytes each; `listings` are the files of
    occurrences with `rows` each, in which those that are out are marked; `skip` are the repositories that an earlier
    partition has given or that are out. `marks` is a key over what is out, `out` maps the names of repositories that
    are out to their requests. `copies` is a snapshot of the opt-outs where copies are to be looked for, and its hash;
    `common` counts by request the contents that stay because too many have them. `lost` has a hash for each partition
    of which something did not come. `related` is what was found of mirrors, forks and copies; `collapsed` are those
    that go, by their numbers, with what their rows say.
    """

    inventory: Stage
    partitions: list[str]
    sources: list[Readable]
    repositories: list[Inventoried]
    skip: list[list[int]]
    listings: list[Path]
    rows: list[int]
    packed: list[int]
    marks: object
    out: dict[str, str]
    applied: list[Applied]
    copies: tuple[Path, str] | None = None
    common: Mapping[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    related: Related = field(default_factory=Related)
    collapsed: list[dict[int, str]] = field(default_factory=list)

    @property
    def marked(self) -> list[str]:
        """The partitions in which single occurrences are out."""
        own = self.inventory.folder
        return [task for task, file in zip(self.partitions, self.listings, strict=True) if file.parent != own]


def list_occurrences(build: Build) -> Listed:
    """Fetch the sources of a build and list them; finished tasks are not done again."""
    return _Listing(build).run()


def check_origins(read: Iterable[tuple[RepositorySource, Inventoried]]) -> None:
    """Raise `UsageError` where sources at two places say that they have the same origin, naming both.

    Revisions of one repository share their origin, and a copy of a repository at the same revision is the same one.
    """
    known: dict[str, tuple[str, str]] = {}
    for source, repository in read:
        if repository["status"] == inventory.OPTED_OUT:
            continue
        here = (source.address, repository["id"])
        there = known.setdefault(repository["origin"], here)
        if there[0] != here[0] and there[1] != here[1]:
            raise UsageError(
                f"{there[0]} and {here[0]} both have the origin {repository['origin']}; leave one of them out, or give "
                "one another origin in a settings file (the key origin of its table [[source]])"
            )


class _LeftTo(TypedDict):
    """What differs of a repository for which another one stands."""

    status: str
    problem: str
    occurrences: int
    bytes: int
    metadata: dict[str, Json]


def _left_to(best: Twin, repository: Inventoried) -> _LeftTo:
    return {
        "status": inventory.DUPLICATE,
        "problem": f"its root directory is that of {best.origin}, which stands for it",
        "occurrences": 0,
        "bytes": 0,
        "metadata": {**repository["metadata"], SAME_DIRECTORY: best.origin},
    }


class _Listing:
    """Knows, beside the build, which repositories turn out to be out on the way."""

    def __init__(self, build: Build) -> None:
        if not build.sources:
            raise UsageError("no sources: name at least one repository, archive, folder or package")
        self._build = build
        self._limits = build.limits
        # The order in which sources were named must not matter.
        distinct = {source.spec: source for source in sorted(build.sources, key=lambda s: s.spec)}.values()
        alone = told_apart([source for source in distinct if isinstance(source, RepositorySource)])
        # A fork of a fork is known by what sources say of each.
        told = [pair for source in alone for pair in optouts_stage.forks_told(source)]
        self._optouts = build.optouts.with_forks(told)
        #: Repositories that are out, by canonical name, each with its request.
        self._out: dict[str, str] = {}
        #: By partition what did not come of it.
        self._lost: dict[str, Lost | None] = {}
        self._collections = [source for source in distinct if isinstance(source, Collection)]
        self._alone = [source for source in alone if not self._is_out(source)]
        #: Of each partition its entries, and the bytes in its pack.
        self._rows: list[int] = []
        self._packed: list[int] = []

    def run(self) -> Listed:
        sources = self._fetch()
        stage, partitions = self._inventory(sources)
        check_origins(
            (source, inventory.load_repositories(stage, task)[0])
            for source, task in zip(sources, partitions, strict=True)
            if isinstance(source, RepositorySource)
        )
        repositories, skip, related = self._repositories(stage, partitions, sources)
        common = self._common(stage, partitions)
        listings, rows, marks, applied = self._opt_outs(stage, partitions, sources)
        by_text = bool(self._optouts.blobs or self._optouts.samples)
        copies = (self._snapshot(), self._optouts.sha256) if by_text else None
        return Listed(
            stage, partitions, sources, repositories, skip, listings, rows, self._packed, marks, self._out, applied,
            copies, common, digests(self._lost.values()), related, self._gone(stage, partitions, related),
        )  # fmt: skip

    def _gone(self, stage: Stage, partitions: list[str], related: Related) -> list[dict[int, str]]:
        """Return by partition the repositories that are collapsed, each with what its rows say of that."""
        gone = related.collapsed
        if not gone:
            return [{} for _ in partitions]
        listed = (enumerate(inventory.load_repositories(stage, task)) for task in partitions)
        return [
            {at: orjson.dumps(gone[r["id"]]._asdict()).decode() for at, r in each if r["id"] in gone} for each in listed
        ]

    def _common(self, stage: Stage, partitions: list[str]) -> dict[str, int]:
        """Let contents that too many have be no copies; return by request how many."""
        if not self._optouts.blobs:
            return {}
        counting = self._build.store.stage("common", VERSION, self._optouts.sha256)
        rows = self._rows
        tasks = self._by_rows(common_stage.run, stage, partitions, rows)
        found = common_stage.common(each["owners"] for each in self._build.run("common contents", counting, tasks))
        counts = Counter(self._optouts.content(swhid.content(id_)) or "" for id_ in sorted(found))
        self._optouts = self._optouts.without(found)
        return dict(counts)

    def _is_out(self, source: RepositorySource) -> bool:
        for place in source.places:
            if (request := request_for(self._optouts, place)) is not None:
                self._out[origins.canonical(place)] = request
                return True
        return False

    def _fetch(self) -> list[Readable]:
        """Return what is read, each a partition: collections cut into their parts, remote sources brought here.

        Several at a time: this waits for the network, not for the processor.
        """
        self._build.engine.progress.start("fetch", len(self._alone), 0)
        with ThreadPoolExecutor(8) as pool:
            for _ in pool.map(lambda source: source.fetch(self._build.cache), self._alone):
                self._build.engine.progress.advance("fetch", 1)
        self._build.engine.progress.finish("fetch")
        found: list[Readable] = [each for source in self._alone for each in source.at_points(self._build.cache)]
        for collection in self._collections:
            found += collection.parts(self._build.cache, self._limits, self._build.run, self._left_out())
        return sorted(found, key=lambda source: source.spec)

    def _left_out(self) -> LeftOut | None:
        """Return what tells collections which repositories not to list; None where nothing is opted out."""
        if not self._optouts:
            return None
        return LeftOut(self._snapshot(), self._optouts.sha256)

    def _snapshot(self) -> Path:
        return save(self._build.store.stage("optouts", VERSION, self._optouts.sha256), self._optouts)

    def _inventory(self, sources: list[Readable]) -> tuple[Stage, list[str]]:
        stage = self._build.store.stage("inventory", VERSION, self._build.settings.limits.of_sources())
        snapshot = self._snapshot() if self._optouts else None
        tasks = []
        states = self._states(sources)
        best = stand_ins(self._known(state.repository) for state in states if self._is_in(state.repository))
        for source, state in zip(sources, states, strict=True):
            given = {"source": source, "cache": self._build.cache, "limits": self._limits, "snapshot": snapshot}
            arguments: dict[str, object] = {**given}
            id_ = state.key[:32]
            known = state.repository
            if self._is_in(known) and stand_in(best, known.directory, known.origin) is not None:
                arguments["unread"], id_ = True, sha256(f"{state.key} unread".encode()).hexdigest()[:32]
            tasks.append(Task(id_, inventory.run, arguments, weight=max(1, state.size)))
        self._forget_changed(stage, [task.id for task in tasks])
        forget_lost(stage, (task.id for task in tasks), now=self._build.retry_lost)
        counted = self._build.run("inventory", stage, tasks)
        self._rows = [summary["occurrences"] for summary in counted]
        self._packed = [summary["packed"] for summary in counted]
        self._lost = {task.id: summary["lost"] for task, summary in zip(tasks, counted, strict=True)}
        self._build.store.keep_only(stage, (task.id for task in tasks))
        return stage, [task.id for task in tasks]

    def _states(self, sources: list[Readable]) -> list[SourceState]:
        """Return what each source holds now; one that does not tell is lost, unless none does: then that is raised."""
        states: list[SourceState] = []
        problem: SourceError | None = None
        told = 0
        for source in sources:
            try:
                states.append(source.state(self._build.cache))
                told += 1
            except SourceError as error:
                problem = problem or error
                states.append(SourceState.of(0, source.spec, str(error)))
        if problem is not None and not told:
            raise problem
        return states

    def _is_in(self, repository: Repository | None) -> TypeGuard[Repository]:
        """Return whether a repository is known before it is read, has files, and nothing of it is out by its name."""
        if repository is None or repository.empty is not None:
            return False
        asked = request_for(self._optouts, repository.origin, repository.metadata)
        return asked is None and not self._has_paths_out(repository.origin, repository.metadata)

    def _has_paths_out(self, origin: str, metadata: Mapping[str, Json]) -> bool:
        """Return whether paths of a repository are out: it stands for none, as others with the same files keep them.

        Nor does another one stand for it: what is out of it is found where it is read.
        """
        return self._optouts.paths_of(origin, forked_from(metadata)) is not None

    def _known(self, repository: Repository) -> Twin:
        return twin(
            repository.directory, repository.id, repository.origin, self._build.settings.licenses,
            repository.gha_license_id, repository.stars, repository.forks, repository.revision_date,
        )  # fmt: skip

    def _forget_changed(self, stage: Stage, tasks: Sequence[str]) -> None:
        """Let finished tasks be done again where a repository was read that is out now, or the other way round.

        What was packed of one that is out now goes with it.
        """
        for task in (task for task, summary in stage.summaries(tasks).items() if summary is not None):
            repositories = inventory.load_repositories(stage, task)
            was = {at for at, repository in enumerate(repositories) if repository["status"] == inventory.OPTED_OUT}
            if out_among(self._optouts, ((r["origin"], r["metadata"]) for r in repositories)).keys() != was:
                stage.forget(task)

    def _repositories(
        self, stage: Stage, partitions: list[str], sources: list[Readable]
    ) -> tuple[list[Inventoried], list[list[int]], Related]:
        """Return all repositories, for each partition those that an earlier one has given, and which are alike."""
        found: dict[str, Inventoried] = {}
        skip: list[list[int]] = []
        listed = [inventory.load_repositories(stage, task) for task in partitions]
        if self._optouts.forks:
            every = [(r["origin"], forked_from(r["metadata"])) for repositories in listed for r in repositories]
            self._optouts = self._optouts.with_forks((fork, upstream) for fork, upstream in every if upstream)
        for repositories in listed:
            skipped: list[int] = []
            out = out_among(self._optouts, ((r["origin"], r["metadata"]) for r in repositories))
            for index, repository in enumerate(repositories):
                if index in out:
                    self._out[origins.canonical(repository["origin"])] = out[index]
                    skipped.append(index)
                elif repository["id"] in found:
                    skipped.append(index)
                else:
                    found[repository["id"]] = repository
            skip.append(skipped)
        equal = self._collapse(listed, found, skip)
        if self._optouts:
            optouts_stage.forget(self._build.cache, self._optouts, self._out)
        key = [VERSION, partitions, skip, self._build.settings.licenses.model_dump(mode="json")]
        related = relate(self._build, key, stage, partitions, sources, listed, skip)
        return [found[id_] for id_ in sorted(found)], skip, replace(related, equal=equal)

    def _collapse(
        self, listed: list[list[Inventoried]], found: dict[str, Inventoried], skip: list[list[int]]
    ) -> dict[str, str]:
        """Let one repository stand for all with the same root directory: of the others a row is left.

        Tables may list only some of a directory's files, so that theirs are not compared. Returns by id of each that
        goes the id of the one that stands for it.
        """
        policy = self._build.settings.licenses
        whole = [
            r
            for r in found.values()
            if r["kind"] != _OF_SOME_FILES and not self._has_paths_out(r["origin"], r["metadata"])
        ]
        best = stand_ins(twin_of(r, policy) for r in whole if r["status"] == "read")
        gone: dict[str, str] = {}
        for repository in whole:
            other = stand_in(best, repository["directory"], repository["origin"])
            if other is not None and repository["status"] in ("read", inventory.DUPLICATE):
                found[repository["id"]] = {**repository, **_left_to(other, repository)}
                gone[repository["id"]] = other.id
        for repositories, skipped in zip(listed, skip, strict=True):
            known = set(skipped)
            skipped += [at for at, r in enumerate(repositories) if r["id"] in gone and at not in known]
        return gone

    def _opt_outs(
        self, stage: Stage, partitions: list[str], sources: list[Readable]
    ) -> tuple[list[Path], list[int], object, list[Applied]]:
        """Return the listing and the rows of each partition, a key over what is out in them, and what was left out."""
        rows = [*self._rows]
        listings = [stage.file(f"{task}.parquet") for task in partitions]
        marks: dict[str, str] = {}
        counts: dict[str, list[int]] = {}
        if self._optouts:
            marked = self._build.store.stage("optouts", VERSION, self._optouts.sha256)
            histories = {
                task: source
                for source, task in zip(sources, partitions, strict=True)
                if self._optouts.authors and isinstance(source, GitSource)
            }

            def own(members: list[str]) -> dict[str, Any]:
                mine = {task: histories[task] for task in members if task in histories}
                return {"histories": mine, "cache": self._build.cache} if mine else {}

            places = {task: at for at, task in reversed([*enumerate(partitions)])}
            tasks = self._by_rows(optouts_stage.run, stage, partitions, rows, own)
            for summary in self._build.run("opt-outs", marked, tasks):
                for task, found in summary["members"].items():
                    at = places[task]
                    listings[at], rows[at], marks[task] = marked.file(f"{task}.parquet"), found["rows"], found["digest"]
                    for request, (occurrences, size) in found["requests"].items():
                        counted = counts.setdefault(request, [0, 0])
                        counted[0] += occurrences
                        counted[1] += size
        whole = Counter(self._out.values())
        applied = [
            Applied(request, occurrences, size, whole[request])
            for request in sorted({*counts, *whole})
            for occurrences, size in [counts.get(request, [0, 0])]
        ]
        return listings, rows, sorted(marks.items()), applied

    def _by_rows(
        self,
        function: Callable[..., Any],
        stage: Stage,
        partitions: list[str],
        rows: list[int],
        own: Callable[[list[str]], dict[str, Any]] = lambda members: {},
    ) -> list[Task]:
        """Return the tasks of a stage, each for neighbouring partitions of about a range of rows.

        `own` returns what the task of some partitions is told beside these.
        """
        given = {"inventory_folder": stage.folder, "snapshot": self._snapshot()}
        tasks = []
        for first, last in pairwise(blocks(rows, ROWS_PER_RANGE)):
            members = partitions[first:last]
            arguments = {**given, "members": members, **own(members)}
            lost = digests(self._lost[member] for member in members)
            tasks.append(Task(fingerprint(members, *lost), function, arguments, max(1, sum(rows[first:last]))))
        return tasks
