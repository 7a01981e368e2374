"""Origins of a graph export and the root directory that stands for each: visits, branches, releases, revisions.

Every step joins ids within one range of keys and hands sorted runs to the next. Lists no directories.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NotRequired, TypeAlias, TypedDict, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone.errors import SourceError
from drystone.sources.base import IsOut
from drystone.sources.software_heritage.branches import choose_branch
from drystone.sources.software_heritage.export import GraphExport, TableFile
from drystone.work.ranges import bounds
from drystone.work.runs import (
    KEY,
    Sorted,
    batched,
    keys,
    keys_of_hex,
    keys_or_null,
    read_range,
    unhex,
    write_run,
    write_sorted,
)
from drystone.work.store import Stage

#: Times are microseconds since 1970, UTC: years that Python has no dates for must not stop a build.
_TIME: Final = pa.int64()
#: Bytes of a SHA-256.
_DIGEST: Final = 32
#: Columns of a table of repositories that somebody recorded (GHArchive has them), by the field they set.
RECORDED: Final = {
    "default_branch": pa.string(), "stars": pa.int64(), "forks": pa.int64(), "github_id": pa.int64(),
    "license": pa.string(), "language": pa.string(), "created_at": _TIME, "event_created_at": _TIME,
}  # fmt: skip
#: One fact about an origin: its visit (a full one has `rank` 2), or what was recorded of it (`rank` -1).
VISITS: Final = pa.schema(
    [("key", KEY), ("url", pa.string()), ("rank", pa.int8()), ("visit", pa.int64()), ("date", _TIME),
     ("snapshot", KEY), ("type", pa.string()), *RECORDED.items()]
)  # fmt: skip
#: The latest full visit of an origin; `snapshot` is null where there is none.
ORIGINS: Final = VISITS.remove(VISITS.get_field_index("rank"))
WANTED: Final = pa.schema([("snapshot", KEY), ("origin", KEY), ("default_branch", pa.string())])
BRANCHES: Final = pa.schema([("snapshot", KEY), ("name", pa.binary()), ("target", pa.binary()), ("type", pa.string())])
#: A branch that may stand for an origin, by what it points at; `release` is the release it went through.
CANDIDATES: Final = pa.schema(
    [("target", KEY), ("origin", KEY), ("branch", pa.binary()), ("reason", pa.string()), ("type", pa.string()),
     ("release", KEY)]
)  # fmt: skip
RELEASES: Final = pa.schema([("key", KEY), ("target", KEY), ("type", pa.string())])
REVISIONS: Final = pa.schema(
    [
        ("key", KEY),
        ("directory", KEY),
        ("date", _TIME),
        ("committer_date", _TIME),
        ("type", pa.string()),
        ("author", pa.binary()),
        ("committer", pa.binary()),
    ]
)
#: What was found for an origin: a root directory, or a problem.
FOUND: Final = pa.schema(
    [("origin", KEY), ("branch", pa.binary()), ("reason", pa.string()), ("release", KEY), ("revision", KEY),
     ("directory", KEY), ("date", _TIME), ("committer_date", _TIME), ("revision_type", pa.string()),
     ("author", pa.binary()), ("committer", pa.binary()), ("problem", pa.string())]
)  # fmt: skip
#: A repository, by its root directory (zeros where it has none).
REPOSITORIES: Final = pa.schema(
    [("key", KEY), *[f for f in ORIGINS if f.name != "key"],
     *[f for f in FOUND if f.name not in ("origin", "directory", "date")], ("revision_date", _TIME),
     ("same_as", pa.string())]
)  # fmt: skip
#: Repositories whose directories are listed, in the order in which they are numbered.
ROOTS: Final = pa.schema([("place", KEY), *REPOSITORIES])
#: Origins that are out, by their root directory.
OUT: Final = pa.schema([("key", KEY), ("url", pa.string())])
NONE: Final = b"\0" * 20


class OutDigest(TypedDict):
    """A hash over what is out in a range of keys, None where nothing is."""

    digest: str | None


class OriginFound(TypedDict):
    """A row of `FOUND`."""

    origin: bytes
    branch: bytes | None
    reason: str | None
    release: bytes | None
    revision: bytes | None
    directory: bytes | None
    date: int | None
    committer_date: int | None
    revision_type: str | None
    author: bytes | None
    committer: bytes | None
    problem: str | None


class ExportedRepository(TypedDict):
    """A row of `REPOSITORIES` or `ROOTS`, which have a `place` more. Times are microseconds since 1970, UTC."""

    place: NotRequired[bytes]
    key: bytes
    url: str
    visit: int | None
    date: int | None
    snapshot: bytes | None
    type: str | None
    default_branch: str | None
    stars: int | None
    forks: int | None
    github_id: int | None
    license: str | None
    language: str | None
    created_at: int | None
    event_created_at: int | None
    branch: bytes | None
    reason: str | None
    release: bytes | None
    revision: bytes | None
    committer_date: int | None
    revision_type: str | None
    author: bytes | None
    committer: bytes | None
    problem: str | None
    revision_date: int | None
    same_as: str | None


#: What a visit tells that does not count: nothing but that the origin is there.
_NEVER: Final = {
    "rank": pa.scalar(0, pa.int8()), "visit": pa.scalar(None, pa.int64()), "date": pa.scalar(None, _TIME),
}  # fmt: skip
#: Why nothing is listed of an origin that was never visited to the end.
NO_VISIT: Final = "it has no full visit"
#: Columns by name, on their way into a table.
_Columns: TypeAlias = dict[str, pa.Array | pa.ChunkedArray]


def visits(
    stage: Stage, task: str, export: GraphExport, table: str, file: TableFile, prefix: str, rows: int
) -> dict[str, int]:
    """Write what a file of one of the three tables of origins and visits says, by origin; URLs begin alike.

    A run has at most `rows` of them, as those of the other tables have.
    """
    columns, optional = {
        "origin": (["url"], []),
        "origin_visit": (["origin", "visit", "date"], ["type"]),
        "origin_visit_status": (["origin", "visit", "date", "status", "snapshot"], ["type"]),
    }[table]
    pieces = export.batches(table, file, columns, optional)
    found = (_visits(piece, table, file, columns[0], prefix) for piece in pieces)
    return _write_runs(stage, task, "visits", found, rows)


def _visits(piece: pa.Table, table: str, file: TableFile, origin: str, prefix: str) -> pa.Table:
    url = piece.column(origin).cast(pa.string())
    kept = pc.fill_null(pc.starts_with(url, prefix), False)
    matching, url = piece.filter(kept), url.filter(kept)
    found: _Columns = {"url": url, "rank": pa.repeat(pa.scalar(0, pa.int8()), len(url))}
    if table != "origin":
        found.update({name: matching.column(name) for name in ("visit", "date", "type")})
    if table == "origin_visit_status":
        full = pc.and_(pc.equal(matching.column("status"), "full"), pc.is_valid(matching.column("snapshot")))
        full = pc.fill_null(full, False)
        found["rank"] = pc.if_else(full, pa.scalar(2, pa.int8()), pa.scalar(1, pa.int8()))
        found["snapshot"] = _some_keys(matching.column("snapshot"), file, "snapshot")
    return _of_origins(found)


def recorded(stage: Stage, task: str, path: str, rows: int) -> dict[str, int]:
    """Write what a Parquet table of repositories records, by origin. Raises `SourceError` where it is none."""
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if "origin" not in names:
                raise SourceError(f"{path}: has no column 'origin' (it has {', '.join(names)})")
            wanted = [name for name in ("origin", *RECORDED) if name in names]
            batches = file.iter_batches(rows, columns=wanted, use_threads=False)
            tables = (_recorded(pa.Table.from_batches([batch]), path) for batch in batches)
            return _write_runs(stage, task, "visits", tables, rows)
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"{path}: cannot be read as Parquet ({error})") from None


def _recorded(table: pa.Table, path: str) -> pa.Table:
    cast: _Columns = {}
    for name, kind in (("origin", pa.string()), *RECORDED.items()):
        if name in table.column_names:
            try:
                cast[name] = _cast(table.column(name), kind)
            except pa.ArrowException as error:
                wanted = "a time" if name.endswith("_at") else "text" if kind == pa.string() else "a whole number"
                raise SourceError(f"{path}: the column {name!r} must be {wanted} ({error})") from None
    urls, rows = [], []
    for row, origin in enumerate(cast["origin"].to_pylist()):
        if origin is not None:
            urls += (spelt := _spellings(origin))
            rows += [row] * len(spelt)
    found: _Columns = {n: column.take(pa.array(rows, pa.int64())) for n, column in cast.items() if n != "origin"}
    found["url"] = pa.chunked_array([pa.array(urls, pa.string())])
    found["rank"] = pa.repeat(pa.scalar(-1, pa.int8()), len(urls))
    return _of_origins(found)


def _spellings(origin: str) -> list[str]:
    """Return the URLs by which an archive may know an origin that somebody recorded, itself first.

    With and without `.git` and a slash at the end, by https and http; OWNER/NAME alone lies on GitHub.
    """
    place = origin.strip()
    scheme, mark, rest = place.partition("://")
    if not mark:
        if not re.fullmatch(r"[^/\s:]+/[^/\s:]+", place):
            return [origin]
        scheme, rest = "https", f"github.com/{place}"
    bare = rest.rstrip("/").removesuffix(".git")
    schemes = ["https", "http"] if scheme in ("https", "http") else [scheme]
    return list(dict.fromkeys([origin, *(f"{s}://{bare}{end}" for s in schemes for end in ("", ".git", "/"))]))


def _of_origins(found: _Columns) -> pa.Table:
    """Return rows of `VISITS`, by the SHA-1 of their URLs."""
    table = _filled(found, VISITS)
    digests = b"".join(map(_digest, table.column("url").to_pylist()))
    return table.set_column(0, VISITS.field(0), keys(digests))


def _write_runs(stage: Stage, task: str, suffix: str, tables: Iterable[pa.Table], rows: int) -> dict[str, int]:
    """Write tables as runs of at most `rows`."""
    count = 0
    for number, table in enumerate(batched(tables, rows)):
        write_sorted(stage.file(f"{task}-{number:05d}.{suffix}"), table)
        count += table.num_rows
    return {"rows": count}


def latest(
    stage: Stage, task: str, given: list[Path], index: int, count: int, until: int | None = None
) -> dict[str, int]:
    """Choose the latest full visit of every origin in a range of keys, and ask for its snapshot.

    `until` (microseconds since 1970, UTC): visits that were not full by then do not count.
    """
    table = read_range(given, VISITS, *bounds(index, count))
    if until is not None:
        late = pc.fill_null(pc.greater(table.column("date"), until), False)
        late = pc.and_(late, pc.greater_equal(table.column("rank"), 0))
        for name, never in _NEVER.items():
            at = table.schema.get_field_index(name)
            told = pc.if_else(late, never, table.column(name))
            table = table.set_column(at, VISITS.field(name), told)
    order = Sorted(table.column("key"))
    numbers = np.empty(table.num_rows, np.int64)
    numbers[order.order] = order.numbers
    rank = table.column("rank").to_numpy()
    visit = pc.fill_null(table.column("visit"), -1).to_numpy()
    date = pc.fill_null(table.column("date"), -(2**62)).to_numpy()
    # The snapshot comes last, so that the choice is total; equal in all of these is equal.
    snapshot = np.array([value or b"" for value in table.column("snapshot").to_pylist()], dtype=object)
    _, snapshots = np.unique(snapshot.astype("S20"), return_inverse=True) if len(snapshot) else (None, numbers)
    by = np.lexsort((snapshots, date, visit, rank, numbers))
    last = by[np.append(numbers[by][1:] != numbers[by][:-1], True)] if len(by) else by
    best = table.take(last)
    full = pc.equal(best.column("rank"), 2)
    out = {name: best.column(name) for name in ORIGINS.names if name not in RECORDED}
    out["snapshot"] = pc.if_else(full, best.column("snapshot"), pa.scalar(None, KEY))
    # When the visit began stands in origin_visit; the status has the moment it was noted.
    begun = table.filter(pc.equal(table.column("rank"), 0))
    dates = {
        (key, number): (when, kind)
        for key, number, when, kind in zip(
            *(begun.column(n).to_pylist() for n in ("key", "visit", "date", "type")), strict=True
        )
        if number is not None
    }
    pairs = list(zip(best.column("key").to_pylist(), best.column("visit").to_pylist(), strict=True))
    noted = zip(best.column("date").to_pylist(), best.column("type").to_pylist(), strict=True)
    known = [dates.get(pair, (None, None)) for pair in pairs]
    both = [(k[0] or n[0], n[1] or k[1]) for k, n in zip(known, noted, strict=True)]
    out["date"] = pa.array([b[0] for b in both], _TIME)
    out["type"] = pa.array([b[1] for b in both], pa.string())
    told = table.filter(pc.equal(table.column("rank"), -1))
    by_key = {row["key"]: row for row in told.to_pylist()}
    for name, kind in RECORDED.items():
        out[name] = pa.array([by_key[key][name] if key in by_key else None for key, _ in pairs], kind)
    # What was recorded of origins that the export does not have is no origin of it.
    origins = _filled(out, ORIGINS).filter(pc.greater_equal(best.column("rank"), 0))
    write_sorted(stage.file(f"{task}.origins"), origins)
    asked = origins.filter(origins.column("snapshot").is_valid())
    wanted = {"snapshot": asked.column("snapshot"), "origin": asked.column("key")}
    write_sorted(
        stage.file(f"{task}.wanted"), _filled({**wanted, "default_branch": asked.column("default_branch")}, WANTED)
    )
    return {"origins": origins.num_rows, "visited": asked.num_rows}


def branches(stage: Stage, task: str, export: GraphExport, file: TableFile, rows: int) -> dict[str, int]:
    """Write the branches of a file of `snapshot_branch` by snapshot."""
    pieces = export.batches("snapshot_branch", file, ["snapshot_id", "name", "target", "target_type"])
    return _write_runs(stage, task, "branches", (_branches(piece, file) for piece in pieces), rows)


def _branches(piece: pa.Table, file: TableFile) -> pa.Table:
    snapshot = _keys(piece.column("snapshot_id"), file, "snapshot_id")
    try:
        target = unhex(piece.column("target"))
    except ValueError as error:
        raise SourceError(f"{file.path}: a branch's target is not in hex ({error})") from None
    found = {"snapshot": snapshot, "name": piece.column("name"), "target": target, "type": piece.column("target_type")}
    return _filled(found, BRANCHES)


def chosen(stage: Stage, task: str, wanted: list[Path], given: list[Path], index: int, count: int) -> dict[str, int]:
    """Choose the branch of every origin whose snapshot lies in a range of keys."""
    asked = read_range(wanted, WANTED, *bounds(index, count))
    order = Sorted(asked.column("snapshot"))
    listed = read_range(given, BRANCHES, *bounds(index, count))
    numbers = order.index.find(listed.column("snapshot"))
    listed = listed.filter(pa.array(numbers >= 0))
    of_snapshot: dict[int, dict[bytes, tuple[str, bytes]]] = {}
    for number, name, target, kind in zip(
        numbers[numbers >= 0].tolist(), *(listed.column(n).to_pylist() for n in ("name", "target", "type")), strict=True
    ):
        if name is not None and target is not None and kind is not None:
            of_snapshot.setdefault(number, {})[name] = (kind, target)
    found: list[dict[str, bytes | str | None]] = []
    problems: list[dict[str, bytes | str]] = []
    sorted_ = asked.take(order.order)
    for number, origin, default in zip(
        order.numbers.tolist(),
        sorted_.column("origin").to_pylist(),
        sorted_.column("default_branch").to_pylist(),
        strict=True,
    ):
        choice = choose_branch(of_snapshot.get(number, {}), default)
        for candidate in choice.candidates:
            found.append(
                {"target": candidate.target, "origin": origin, "branch": candidate.branch, "reason": candidate.reason,
                 "type": candidate.kind}
            )  # fmt: skip
        if choice.problem is not None:
            problems.append({"origin": origin, "problem": choice.problem})
    write_sorted(stage.file(f"{task}.candidates"), pa.Table.from_pylist(found, CANDIDATES))
    write_sorted(stage.file(f"{task}.found"), pa.Table.from_pylist(problems, FOUND))
    return {"candidates": len(found), "releases": sum(row["type"] == "release" for row in found)}


def releases(stage: Stage, task: str, export: GraphExport, file: TableFile, rows: int) -> dict[str, int]:
    """Write what the releases of a file point at."""
    pieces = export.batches("release", file, ["id", "target", "target_type"])
    return _write_runs(stage, task, "releases", (_releases(piece, file) for piece in pieces), rows)


def _releases(piece: pa.Table, file: TableFile) -> pa.Table:
    found = {
        "key": _keys(piece.column("id"), file, "id"),
        "target": _some_keys(piece.column("target"), file, "target"),
        "type": piece.column("target_type"),
    }
    return _filled(found, RELEASES)


def revisions(stage: Stage, task: str, export: GraphExport, file: TableFile, rows: int) -> dict[str, int]:
    """Write directory, dates and people of the revisions of a file."""
    columns = ["id", "directory", "date", "committer_date"]
    pieces = export.batches("revision", file, columns, ["type", "author", "committer"])
    return _write_runs(stage, task, "revisions", (_revisions(piece, file) for piece in pieces), rows)


def _revisions(piece: pa.Table, file: TableFile) -> pa.Table:
    found = {
        "key": _keys(piece.column("id"), file, "id"),
        "directory": _some_keys(piece.column("directory"), file, "directory"),
        **{name: piece.column(name) for name in ("date", "committer_date", "type", "author", "committer")},
    }
    return _filled(found, REVISIONS)


def peel(stage: Stage, task: str, given: list[Path], known: list[Path], index: int, count: int) -> dict[str, int]:
    """Follow candidates that are releases, in a range of keys, to what they point at."""
    table = read_range(given, CANDIDATES, *bounds(index, count))
    tagged = pc.equal(table.column("type"), "release")
    asked = table.filter(tagged)
    there = read_range(known, RELEASES, *bounds(index, count))
    order = Sorted(there.column("key"))
    at = order.index.find(asked.column("target"))
    first = order.order[order.starts]
    rest, lost = [table.filter(pc.invert(tagged))], asked.filter(pa.array(at < 0))
    hit = asked.filter(pa.array(at >= 0))
    targets = there.take(first[at[at >= 0]])
    problems = [_lost(lost, "the release {} is not in the export")]
    nowhere = pc.is_null(targets.column("target"))
    problems.append(_lost(hit.filter(nowhere), "the release {} points at nothing"))
    hit, targets = hit.filter(pc.invert(nowhere)), targets.filter(pc.invert(nowhere))
    release = pc.if_else(hit.column("release").is_null(), hit.column("target"), hit.column("release"))
    moved = {**{n: hit.column(n) for n in CANDIDATES.names}, "target": targets.column("target")}
    rest.append(_filled({**moved, "type": targets.column("type"), "release": release}, CANDIDATES))
    out = pa.concat_tables(rest)
    write_sorted(stage.file(f"{task}.candidates"), out)
    write_sorted(stage.file(f"{task}.found"), pa.concat_tables(problems))
    return {"candidates": out.num_rows, "releases": pc.sum(pc.equal(out.column("type"), "release")).as_py() or 0}


def directories(
    stage: Stage, task: str, given: list[Path], known: list[Path], index: int, count: int
) -> dict[str, int]:
    """Find the root directories of candidates in a range of keys."""
    table = read_range(given, CANDIDATES, *bounds(index, count))
    there = read_range(known, REVISIONS, *bounds(index, count))
    order = Sorted(there.column("key"))
    first = order.order[order.starts]
    revised = table.filter(pc.equal(table.column("type"), "revision"))
    at = order.index.find(revised.column("target"))
    hit, found = revised.filter(pa.array(at >= 0)), there.take(first[at[at >= 0]])
    common = ("origin", "branch", "reason", "release")
    out = {n: hit.column(n) for n in common}
    out.update({n: found.column(n) for n in ("directory", "date", "committer_date", "author", "committer")})
    out.update(revision=hit.column("target"), revision_type=found.column("type"))
    out["problem"] = pc.if_else(
        found.column("directory").is_null(), "its revision names no directory", pa.scalar(None, pa.string())
    )
    direct = table.filter(pc.equal(table.column("type"), "directory"))
    straight = {**{n: direct.column(n) for n in common}, "directory": direct.column("target")}
    other = table.filter(pc.invert(pc.is_in(table.column("type"), pa.array(["revision", "directory"]))))
    tables = [
        _filled(out, FOUND),
        _filled(straight, FOUND),
        _lost(revised.filter(pa.array(at < 0)), "the revision {} is not in the export", "revision"),
        _lost(other, "{} is neither a revision nor a directory"),
    ]
    write_sorted(stage.file(f"{task}.found"), pa.concat_tables(tables))
    return {"found": sum(t.num_rows for t in tables)}


def repositories(
    stage: Stage, task: str, origins: list[Path], found: list[Path], index: int, count: int
) -> dict[str, int]:
    """Resolve every origin in a range of keys: its branch, revision, root directory, or why it has none.

    Writes `.repositories`, and those without a directory by origin, for they may be many, as `.rootless`.
    """
    table = read_range(origins, ORIGINS, *bounds(index, count))
    every = read_range(found, FOUND, *bounds(index, count))
    best: dict[bytes, tuple[Any, ...]] = {}
    chosen_: dict[bytes, OriginFound] = {}
    for row in every.to_pylist():
        # Usable before unusable, then the most recent, then the smallest name.
        recent = [_micros(row[name]) for name in ("committer_date", "date")]
        rank = (row["directory"] is None, -recent[0], -recent[1], row["branch"] or b"", row["revision"] or b"")
        if row["origin"] not in best or rank < best[row["origin"]]:
            best[row["origin"]], chosen_[row["origin"]] = rank, row
    out: list[ExportedRepository] = []
    rootless: list[ExportedRepository] = []
    for origin in table.to_pylist():
        row = chosen_.get(origin["key"])
        told = {n: v for n, v in (row or {}).items() if n in REPOSITORIES.names}
        problem = row["problem"] if row is not None else None
        if origin["snapshot"] is None:
            problem = NO_VISIT
        directory = row["directory"] if row is not None else None
        whole = {**told, **origin, "problem": problem, "revision_date": row["date"] if row is not None else None}
        (rootless if directory is None else out).append(
            cast(ExportedRepository, whole | {"key": directory or origin["key"]})
        )
    write_sorted(stage.file(f"{task}.repositories"), pa.Table.from_pylist(out, REPOSITORIES))
    write_sorted(stage.file(f"{task}.rootless"), pa.Table.from_pylist(rootless, REPOSITORIES))
    return {"repositories": len(out), "rootless": len(rootless)}


def left_out(stage: Stage, task: str, given: list[Path], out: IsOut, index: int, count: int) -> OutDigest:
    """Write which repositories, in a range of keys, are out; the summary has a digest where any is."""
    table = read_range(given, REPOSITORIES, *bounds(index, count), ["url", "author", "committer"])
    told = [{name: person(row[name]) for name in ("author", "committer")} for row in table.to_pylist()]
    gone = [out(url, metadata) for url, metadata in zip(table.column("url").to_pylist(), told, strict=True)]
    found = table.filter(pa.array(gone, pa.bool_())).select(["key", "url"]).cast(OUT)
    write_sorted(stage.file(f"{task}.out"), found)
    urls = sorted(found.column("url").to_pylist())
    return {"digest": hashlib.sha256(repr(urls).encode("utf-8", "surrogateescape")).hexdigest() if urls else None}


def person(name: bytes | None) -> str | None:
    """Return an author as metadata has it: the hash by which public exports name people, else the name itself."""
    if name is None:
        return None
    # Any byte may stand in a hash, "@" too; hardly ever " <" before a last ">", or nothing but valid UTF-8.
    full = (name.endswith(b">") and b" <" in name) or _reads_as_text(name)
    hashed = len(name) == _DIGEST and not full
    return name.hex() if hashed else name.decode("utf-8", "backslashreplace")


def _reads_as_text(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def collapse(
    stage: Stage, task: str, given: list[Path], rootless: list[Path], index: int, count: int, out: Sequence[Path] = ()
) -> dict[str, int]:
    """Let one repository stand for all with the same root directory, in a range of those; none that is out.

    The order is that of representatives: most stars, most forks, newest revision, smallest origin. Writes `.roots` (one
    row for each directory that is to be listed) and `.others`.
    """
    table = read_range(given, REPOSITORIES, *bounds(index, count))
    rows_ = table.to_pylist()
    rows_.sort(key=lambda r: (r["key"], -(r["stars"] or 0), -(r["forks"] or 0), -_micros(r["revision_date"]), r["url"]))
    roots: list[ExportedRepository] = []
    others = [{**row, "key": NONE} for row in read_range(rootless, REPOSITORIES, *bounds(index, count)).to_pylist()]
    gone = set(read_range(out, OUT, *bounds(index, count)).column("url").to_pylist())
    for row in rows_:
        if row["url"] in gone:
            others.append(row)
        elif not roots or roots[-1]["key"] != row["key"]:
            roots.append(row)
        else:
            others.append({**row, "same_as": roots[-1]["url"]})
    # Forks mostly have the same name: next to one another, they share what is read of them.
    for row in roots:
        row["place"] = _digest(row["url"].rstrip("/").rpartition("/")[2].lower())[:12] + row["key"][:8]
    write_sorted(stage.file(f"{task}.roots"), pa.Table.from_pylist(roots, ROOTS))
    write_sorted(stage.file(f"{task}.others"), pa.Table.from_pylist(others, REPOSITORIES))
    return {"roots": len(roots), "others": len(others)}


def number(stage: Stage, task: str, given: list[Path], index: int, count: int) -> dict[str, int]:
    """Bring the roots of a range of places together; roots are numbered in this order."""
    table = read_range(given, ROOTS, *bounds(index, count))
    by = [("place", "ascending"), ("url", "ascending")]
    table = table.take(pc.sort_indices(table.select(["place", "url"]), by))
    write_run(stage.file(f"{task}.numbered"), table)
    return {"rows": table.num_rows}


def _digest(text: str) -> bytes:
    return hashlib.sha1(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).digest()


def _filled(found: _Columns, schema: pa.Schema) -> pa.Table:
    """Return columns as a table of `schema`; those that are missing, or were never in the file, are null."""
    count = len(next(iter(found.values())))
    columns = []
    for field in schema:
        column = found.get(field.name)
        if column is None and field.type == KEY and field.name == "key":
            column = keys(np.zeros((count, 20), np.uint8))
        columns.append(pa.nulls(count, field.type) if column is None else _cast(column, field.type))
    return pa.table(columns, schema=schema)


def _keys(column: Any, file: TableFile, name: str, read: Callable[[Any], pa.Array] = keys_of_hex) -> pa.Array:
    try:
        return read(column.cast(pa.string()))
    except ValueError as error:
        raise SourceError(f"{file.path}: column {name}: {error}; is this a graph export?") from None


def _some_keys(column: Any, file: TableFile, name: str) -> pa.Array:
    """Return hex strings as keys, null where they are."""
    return _keys(column, file, name, keys_or_null)


def _lost(candidates: pa.Table, problem: str, kind: str | None = None) -> pa.Table:
    """Return candidates that lead nowhere as rows of `FOUND`."""
    said = [problem.format(target.hex()) for target in candidates.column("target").to_pylist()]
    found = {n: candidates.column(n) for n in ("origin", "branch", "reason", "release")}
    if kind is not None:
        found[kind] = candidates.column("target")
    return _filled({**found, "problem": pa.array(said, pa.string())}, FOUND)


def _cast(column: Any, kind: pa.DataType) -> Any:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return column.cast(kind)


def _micros(moment: int | None) -> int:
    return moment if moment is not None else -(2**62)
