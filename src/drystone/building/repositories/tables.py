"""The tables of a release about its repositories as wholes, where they are asked for: plans what writes them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Final

import pyarrow as pa

from drystone.building.context import Build
from drystone.building.repositories.alike import IDS
from drystone.building.repositories.relating import Related
from drystone.building.stages.inventory import Inventoried
from drystone.building.stages.snapshots import save
from drystone.policy.optouts import forked_from
from drystone.release.schema import SCHEMAS
from drystone.sources import GitSource
from drystone.sources.base import Readable
from drystone.work.exchange import Numbered
from drystone.work.store import Stage, write_table
from drystone.work.tasks import Task, share

_HISTORY: Final = "drystone.building.repositories.history:run"
_WRITE_HISTORY: Final = "drystone.building.repositories.history:write"
_WRITE_PAIRS: Final = "drystone.building.repositories.alike:write"
_PAIRS: Final = SCHEMAS["repository_duplicates"]


def table_tasks(
    build: Build,
    stage: Stage,
    output: Path,
    related: Related,
    repositories: list[Inventoried],
    sources: list[Readable],
) -> list[Task]:
    """Return the tasks that write them into `output`, after what these need was done."""
    tasks = []
    if build.settings.repository_duplicates.action != "keep":
        tasks.append(_pairs(build, stage, output, related, repositories))
    if build.settings.release.history:
        tasks.append(_history(build, output, repositories, sources))
    return tasks


def _pairs(build: Build, stage: Stage, output: Path, related: Related, repositories: list[Inventoried]) -> Task:
    named = {r["id"]: r["origin"] for r in repositories}
    same = {"relation": "same_directory", "share": 1.0, "similarity": 1.0, "decision": "collapsed"}
    rows = [
        {"repository_id": id_, "origin": named[id_], "other_repository_id": other, "other_origin": named[other], **same}
        for id_, other in sorted(related.equal.items())
    ]
    equal, collapsed = stage.folder / "equal.parquet", stage.folder / "collapsed.parquet"
    write_table(equal, pa.Table.from_pylist(rows, _PAIRS))
    write_table(collapsed, pa.table([pa.array(sorted(related.collapsed), pa.string())], IDS))
    given = {"given": related.pairs, "equal": equal, "collapsed": collapsed, "release": output}
    return Task("repository-duplicates", _WRITE_PAIRS, {**given, "level": build.settings.release.zstd_level})


def _history(build: Build, output: Path, repositories: list[Inventoried], sources: list[Readable]) -> Task:
    """Do the histories of all git repositories that were read, one task for each origin, and return what joins them."""
    heads: dict[str, list[str]] = defaultdict(list)
    spec: dict[str, str] = {}
    for r in repositories:
        if r["status"] == "read" and r["revision"] is not None:
            heads[r["origin"]].append(r["revision"])
            spec[r["origin"]] = r["spec"]
    by_spec = {source.spec: source for source in sources if isinstance(source, GitSource)}
    known = [origin for origin in sorted(heads) if spec[origin] in by_spec]
    every = ((r["origin"], forked_from(r["metadata"])) for r in repositories)
    optouts = build.optouts.with_forks((fork, upstream) for fork, upstream in every if upstream)
    settings = build.settings
    told = [settings.secret_settings.as_dict(), settings.secrets.people, optouts.sha256]
    stage = build.store.stage("history", [[origin, sorted(heads[origin])] for origin in known], told)
    shared = share(
        stage, cache=build.cache, secret_settings=settings.secret_settings, people=settings.secrets.people,
        snapshot=save(build.store.stage("history-optouts", optouts.sha256), optouts) if optouts else None,
    )  # fmt: skip
    tasks = [
        Task(
            f"{at:05d}", _HISTORY,
            {"source": by_spec[spec[origin]], "origin": origin, "heads": sorted(heads[origin])}, shared=shared,
        )
        for at, origin in enumerate(known)
    ]  # fmt: skip
    build.run("history", stage, tasks)
    files = Numbered(stage.folder, len(tasks))
    return Task("history", _WRITE_HISTORY, {"given": files, "release": output, "level": settings.release.zstd_level})
