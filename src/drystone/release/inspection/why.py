"""Why a file is in or out of a release: its ledger row, the evidence, and for duplicates the file that was kept.

Answers from the folder alone; the text of a dropped file comes, where it can be had, from a `lookup` given by others.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone.errors import ReleaseError, UsageError, did_you_mean
from drystone.identity.hashes import blob_hash
from drystone.identity.origins import is_public
from drystone.identity.swhid import ARCHIVE, Swhid, from_link, link, parse
from drystone.release.columns import DataRow, LedgerRow, RepositoryRow
from drystone.release.identifiers import occurrence_swhid, rows_named
from drystone.release.inspection.paths import named_by, readings, rows_mask
from drystone.release.layout import shown
from drystone.release.read import Release
from drystone.release.schema import DATA

if TYPE_CHECKING:
    from drystone._json import Json

#: Gives the original bytes that a SWHID names, or None where they cannot be had.
Lookup = Callable[[str], bytes | None]

_SWHID: Final = re.compile(r"swh:1:(?:cnt|rev):[0-9a-f]{40}\Z")
#: Kinds of sources: those that read the archive, and those of packages, which it collects from their indexes.
_FROM_ARCHIVE: Final = frozenset({"software-heritage", "table"})
_PACKAGES: Final = frozenset({"pypi", "npm", "crates"})
#: Larger contents are not archived (Software Heritage, "Archive changelog": 100 MiB).
_ARCHIVED_BYTES: Final = 100 * 1024**2
_COLLAPSED: Final = "repository_duplicates"
_DIFF_LINES: Final = 200
_DIFF_BYTES: Final = 1024**2
_COLUMNS: Final = [name for name in DATA.names if name != "content"]


@dataclass(frozen=True, slots=True)
class Explained:
    """One occurrence and what was decided about it.

    `ledger` is its ledger row, `evidence` what that row's evidence says; `repository` the row of its repository;
    `standing` the ledger row of the occurrence that stands for it; `file` the row in `data/` of the kept file that it
    is or that stands for it, with an empty `content`. `diff` is a unified diff from the kept text to the dropped one,
    or None where one of them cannot be had; `diff_missing` then says why. `swhid` is the qualified SWHID of the
    occurrence, None where its bytes were never read, and `link` what `archive_link` returns. `beside` is a file beside
    the task of a benchmark that it holds, or None; `beside_missing` then says why. `preferred` is the origin for whose
    sake its whole repository was collapsed, if it was and that is still there.
    """

    ledger: LedgerRow
    evidence: Json
    repository: RepositoryRow | None
    standing: LedgerRow | None
    file: DataRow | None
    diff: str | None = None
    diff_missing: str | None = None
    swhid: str | None = None
    link: str | None = None
    beside: str | None = None
    beside_missing: str | None = None
    preferred: str | None = None

    @property
    def contamination(self) -> Mapping[str, Json] | None:
        """The evidence of a benchmark's task that the file holds, whether or not it fell for that."""
        if not isinstance(self.evidence, dict):
            return None
        found = self.evidence.get("generic_code") if "generic_code" in self.evidence else self.evidence
        return found if isinstance(found, dict) and "benchmark" in found and "task" in found else None

    def as_dict(self) -> dict[str, Json]:
        """Return it as JSON-able data, but for bytes; the evidence stands in its ledger row."""
        found = asdict(self)
        found["ledger"]["evidence"] = found.pop("evidence")
        return found


def find(release: Release, query: str | None = None, *, limit: int = 100, reason: str | None = None) -> list[LedgerRow]:
    """Return up to `limit` ledger rows that `query` names, in ledger order; those of one `reason` where it is given.

    `query` is a SWHID (with or without qualifiers); or `REPOSITORY:PATH`, where the repository is a name, an origin or
    the beginning of a repository_id; or a path. A path may be whole, the end of one from a slash on, or a glob with
    `*`, `?` and `[`. None names every row. Raises `ReleaseError` where nothing matches, `UsageError` for a reason that
    the release does not have.
    """
    rows = _matches(release, query) if query is not None else _all_with(release, reason)
    found = list(islice((row for row in rows if reason is None or row["reason"] == reason), limit))
    if found:
        return found
    if reason is not None:
        _check_reason(release, reason)
    if query is not None and (left := _left_to(release, query)) is not None:
        raise ReleaseError(left)
    what = f"'{shown(query)}'" if query is not None else "anything"
    raise ReleaseError(
        f"no occurrence matches {what}{f' with the reason {reason}' if reason else ''}. Give a SWHID, a path as the "
        "ledger has it, the end of a path, or a glob such as '*/setup.py'"
    )


def _all_with(release: Release, reason: str | None) -> Iterator[LedgerRow]:
    for table in release.ledger():
        mask = pc.equal(table.column("reason"), reason) if reason is not None else None
        yield from (table if mask is None else table.filter(pc.fill_null(mask, False))).to_pylist()


def _check_reason(release: Release, reason: str) -> None:
    """Raise `UsageError` where no row of the release was dropped for a reason."""
    known: set[str] = set()
    for table in release.ledger(["reason"]):
        known.update(filter(None, table.column("reason").unique().to_pylist()))
    if reason not in known:
        hint = did_you_mean(reason, known) or f"; its reasons are {', '.join(sorted(known)) or 'none'}"
        raise UsageError(f"{shown(reason)}: no file of this release was dropped for that reason{hint}")


def explain(release: Release, row: LedgerRow, *, lookup: Lookup | None = None) -> Explained:
    """Gather everything that the release says about a ledger row that `find` returned."""
    repository = release.repository(row["repository_id"])
    evidence = _evidence(row["evidence"])
    standing: LedgerRow | None = None
    if row["kept_repository_id"] is not None and row["kept_path"] is not None:
        tables = release.ledger_of(row["kept_repository_id"], row["kept_path"])
        standing = next((table.to_pylist()[0] for table in tables), None)
    kept = row["swhid"] if row["decision"] == "kept" else row["kept_swhid"]
    found = occurrence_swhid(row, repository)
    named: dict[str, str | None] = {}
    if found is not None:
        named = {"swhid": str(found), "link": archive_link(found, row, repository)}
    if row["stage"] == _COLLAPSED and isinstance(evidence, dict):
        preferred = release.repository(str(evidence.get("repository_id")))
        named["preferred"] = preferred["origin"] if preferred is not None else None
    if kept is None:
        return Explained(row, evidence, repository, standing, None, **named)
    shard = row["shard"] or (standing["shard"] if standing is not None else None)
    file, text = _kept_file(release, kept, shard, want_text=row["similarity"] is not None)
    if row["similarity"] is None or file is None:
        return Explained(row, evidence, repository, standing, file, **named)
    diff, missing = _diff(row, file, text or "", lookup)
    return Explained(row, evidence, repository, standing, file, diff, missing, **named)


def archive_link(swhid: Swhid, row: LedgerRow, repository: RepositoryRow | None) -> str | None:
    """Return the address at which the Software Heritage archive shows an occurrence, None where it cannot have it.

    It names no more context than the archive can know. What came from the archive is named as it is there; of a git
    repository on a public host the visit is left out, for whoever cloned it has other references or came at another
    time; of a package, or what else is said to come from a public place, the content alone is named. What lies on this
    machine only, and what is larger than the archive takes, has no link.
    """
    kind = repository["kind"] if repository is not None else None
    if (row["size"] or 0) > _ARCHIVED_BYTES:
        return None
    if kind in _FROM_ARCHIVE:
        return link(swhid)
    if kind in _PACKAGES:
        return link(swhid.core)
    if not is_public(row["origin"]):
        return None
    return link(replace(swhid, visit=None) if kind == "git" else swhid.core)


def folder_lookup(folder: Path, path: str) -> Lookup:
    """Return a lookup that reads `path` below `folder`, or the file of that name that the SWHID names."""

    def lookup(swhid: str) -> bytes | None:
        name = path.rpartition("/")[2]
        tried = [folder / path.lstrip("/"), folder / name]
        for file in (f for f in tried if f.is_file() and f.resolve().is_relative_to(folder.resolve())):
            data = file.read_bytes()
            if f"swh:1:cnt:{blob_hash(data).hex()}" == swhid:
                return data
        return None

    return lookup


def _matches(release: Release, query: str) -> Iterator[LedgerRow]:
    if (named := _named(query)) is not None:
        # Where nobody is in that context, what it names may still be elsewhere.
        exact = rows_named(release, named)
        first = next(exact, None)
        yield from rows_named(release, named.core) if first is None else chain([first], exact)
        return
    asked = readings(query)
    names = _repositories(release, {name for name, _ in asked if name})
    wanted = [(pa.array(names[name], pa.string()) if name is not None else None, path) for name, path in asked]
    for table in release.ledger():
        mask = rows_mask(table.column("path"), table.column("repository_id"), wanted)
        yield from table.filter(mask).to_pylist()


def _left_to(release: Release, query: str) -> str | None:
    """Return where to look for a file of a repository for which another one stands; None where none is named."""
    names = {name for name, _ in readings(query) if name}
    for table in release.repositories(["repository_id", "origin", "repo_name", "status", "problem"]) if names else ():
        for row in table.to_pylist():
            named = any(named_by(name, row["origin"], row["repo_name"], row["repository_id"]) for name in names)
            if row["status"] == "duplicate" and named:
                return f"nothing was read of {shown(row['origin'])}: {shown(row['problem'] or '')}"
    return None


def _named(query: str) -> Swhid | None:
    """Return the SWHID of a content or revision that a query is, or that it links to; None for any other query."""
    if query.startswith(ARCHIVE):
        try:
            return from_link(query)
        except UsageError:
            return None
    return parse(query) if _SWHID.match(query.partition(";")[0]) else None


def _repositories(release: Release, names: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in names}
    if not names:
        return found
    for table in release.repositories(["repository_id", "origin", "repo_name"]):
        for row in table.to_pylist():
            for name in names:
                if named_by(name, row["origin"], row["repo_name"], row["repository_id"]):
                    found[name].append(row["repository_id"])
    return found


def _kept_file(
    release: Release, swhid: str, shard: str | None, *, want_text: bool
) -> tuple[DataRow | None, str | None]:
    """Find a row of data by SWHID: in its shard, or in all of them. Row groups' statistics spare most reading."""
    row = release.kept_file(swhid, shard, DATA.names if want_text else _COLUMNS)
    if row is None:
        return None, None
    text = row.pop("content", None)
    return row, text


def _evidence(text: str | None) -> Json:
    if text is None:
        return None
    try:
        return cast("Json", orjson.loads(text))
    except orjson.JSONDecodeError:
        return text


def _diff(row: LedgerRow, file: DataRow, kept: str, lookup: Lookup | None) -> tuple[str | None, str | None]:
    data = lookup(row["swhid"]) if lookup and row["swhid"] else None
    if data is None:
        return None, "the text of the dropped file is not part of the release; give a folder that holds it with --from"
    if len(data) > _DIFF_BYTES or len(kept) > _DIFF_BYTES:
        return None, f"one of the files is larger than {_DIFF_BYTES:,} bytes"
    dropped = data.decode("utf-8", "replace")
    lines = difflib.unified_diff(
        kept.splitlines(),
        dropped.splitlines(),
        f"kept{file['path']}",
        f"dropped{row['path']}",
        lineterm="",
        n=2,
    )
    some = list(islice(lines, _DIFF_LINES + 1))
    more = ["... (cut)"] if len(some) > _DIFF_LINES else []
    return "\n".join([*some[:_DIFF_LINES], *more]), None
