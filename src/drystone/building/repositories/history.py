"""The stage that writes how the repositories of a release came to be: a table for each origin, and all of them as one.

What is out by opt-outs is out of histories too; texts are redacted as those of repositories.parquet are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypedDict

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone.building.stages.paths import path_text
from drystone.building.stages.snapshots import load
from drystone.detect import secrets
from drystone.detect.secrets.beside import messages_without, person_hashes
from drystone.detect.secrets.settings import People
from drystone.registry import OptOuts
from drystone.registry.snapshot import author_hashes
from drystone.release.columns import CHANGES
from drystone.release.schema import SCHEMAS
from drystone.release.writing.writer import write_single
from drystone.sources import GitSource
from drystone.sources.git.history import FileChange, Revision
from drystone.work.remote.mirror import opened
from drystone.work.store import Stage, write_table

HISTORY: Final = SCHEMAS["history"]
#: Revisions that are Python objects at a time.
_REVISIONS: Final = 4096
#: Seconds of the first and the last moments of Python's dates.
_FIRST: Final = -62_135_596_800
_LAST: Final = 253_402_300_799


class HistoryCounts(TypedDict):
    """Revisions that were written."""

    revisions: int


class WrittenHistory(TypedDict):
    """The entry of the manifest, as the other tasks that write have it."""

    files: list[dict[str, Any]]


def run(
    stage: Stage,
    task: str,
    source: GitSource,
    origin: str,
    heads: Sequence[str],
    cache: Path,
    secret_settings: secrets.ScanSettings,
    people: People,
    snapshot: Path | None,
) -> HistoryCounts:
    """Write the revisions that lead to the heads of one origin, sorted by generation and id.

    Memory holds the history of one origin, as Arrow has it.
    """
    optouts = load(snapshot) if snapshot is not None else OptOuts()
    generations: dict[str, int] = {}
    tables = [HISTORY.empty_table()]
    found = source.history(cache, heads)
    while some := list(islice(found, _REVISIONS)):
        tables.append(_rows(some, origin, generations, secret_settings, people, optouts))
    table = pa.concat_tables(tables).sort_by([("generation", "ascending"), ("revision_id", "ascending")])
    write_table(stage.file(f"{task}.parquet"), table)
    return {"revisions": table.num_rows}


def write(stage: Stage, task: str, given: Sequence[Path], release: Path, level: int) -> WrittenHistory:
    """Write history.parquet of the tables of all origins, which are in the order of these."""
    entry = write_single(release, "history", _batches(given), zstd_level=level)
    return {"files": [entry.model_dump()]}


def _batches(files: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    for path in files:
        with opened(path, pq.ParquetFile) as file:
            yield from file.iter_batches(_REVISIONS, use_threads=False)


def _rows(
    some: list[Revision],
    origin: str,
    generations: dict[str, int],
    settings: secrets.ScanSettings,
    people: People,
    optouts: OptOuts,
) -> pa.Table:
    for each in some:
        generations[each.id] = 1 + max((generations.get(parent, 0) for parent in each.parents), default=0)
    authors = [f"{each.name} <{each.email}>" for each in some]
    silent = [_is_out(author, optouts) for author in authors] if optouts.authors else [False] * len(some)
    below = optouts.paths_of(origin)
    changes = [[] if out else each.changes for out, each in zip(silent, some, strict=True)]
    if optouts.blobs or below is not None:
        changes = [[c for c in mine if not _change_is_out(c, optouts, below)] for mine in changes]
    messages = messages_without([each.message for each in some], settings, people)
    columns = {
        "origin": [origin] * len(some),
        "generation": [generations[each.id] for each in some],
        "revision_id": [each.id for each in some],
        "parents": [each.parents for each in some],
        "author": [None if out else _author(who, people) for out, who in zip(silent, authors, strict=True)],
        "message": [None if out else text for out, text in zip(silent, messages, strict=True)],
    }
    arrays = {name: pa.array(values, HISTORY.field(name).type) for name, values in columns.items()}
    arrays["committer_date"] = _moments([each.committed for each in some])
    arrays["revision_date"] = _moments([each.written for each in some])
    arrays["changes"] = _changes(changes)
    return pa.table([arrays[name] for name in HISTORY.names], schema=HISTORY)


def _changes(changes: list[list[FileChange]]) -> pa.ListArray:
    """Return what each revision changed as one array, column by column."""
    offsets = [0]
    for mine in changes:
        offsets.append(offsets[-1] + len(mine))
    flat = [change for mine in changes for change in mine]
    columns: list[list[str | None]] = [
        [each.change for each in flat],
        [_shown(each.path) for each in flat],
        [each.blob for each in flat],
        [None if each.before_path is None else _shown(each.before_path) for each in flat],
        [each.before for each in flat],
    ]
    fields = list(CHANGES.value_type)
    structs = pa.StructArray.from_arrays(
        [pa.array(c, f.type) for c, f in zip(columns, fields, strict=True)], fields=fields
    )
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs).cast(CHANGES)


@lru_cache(65_536)
def _author(who: str, people: People) -> list[str] | None:
    if people == "hash":
        return person_hashes(who)
    return [who] if people == "keep" else None


def _is_out(author: str, optouts: OptOuts) -> bool:
    return any(hashed in optouts.authors for hashed in author_hashes(author))


def _change_is_out(change: FileChange, optouts: OptOuts, below: Any) -> bool:
    blobs = (blob for blob in (change.blob, change.before) if blob is not None)
    paths = {change.path, change.before_path} - {None}
    return any(optouts.content(f"swh:1:cnt:{blob}") is not None for blob in blobs) or (
        below is not None and any(below(path) is not None for path in paths)
    )


def _moments(seconds: list[int]) -> pa.Array:
    """Return seconds since 1970 as times; null for years that Python has no dates for."""
    known = [each if _FIRST <= each <= _LAST else None for each in seconds]
    return pc.multiply(pa.array(known, pa.int64()), 1_000_000).cast(HISTORY.field("committer_date").type)


@lru_cache(65_536)
def _shown(path: bytes) -> str:
    return path_text(path)
