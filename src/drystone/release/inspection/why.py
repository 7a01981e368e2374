"""Why a file is in or out of a release: its ledger row, the evidence, and for duplicates the file that was kept.

Answers from the folder alone; the text of a dropped file comes, where it can be had, from a `lookup` given by others.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from fnmatch import translate
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone.errors import ReleaseError, UsageError
from drystone.identity.hashes import blob_hash
from drystone.identity.swhid import ARCHIVE, Swhid, from_link, link, parse
from drystone.release.columns import DataRow, LedgerRow, RepositoryRow
from drystone.release.identifiers import occurrence_swhid, rows_named
from drystone.release.layout import shown
from drystone.release.read import Release
from drystone.release.schema import DATA

if TYPE_CHECKING:
    from drystone._json import Json

#: Gives the original bytes that a SWHID names, or None where they cannot be had.
Lookup = Callable[[str], bytes | None]

_SWHID: Final = re.compile(r"swh:1:(?:cnt|rev):[0-9a-f]{40}\Z")
_DIFF_LINES: Final = 200
#: Colons and wildcards of what names files: each is one more way to read it, for every row.
_SIGNS: Final = 64
_DIFF_BYTES: Final = 1024**2
_COLUMNS: Final = [name for name in DATA.names if name != "content"]


@dataclass(frozen=True, slots=True)
class Explained:
    """One occurrence and what was decided about it.

    `ledger` is its ledger row, `evidence` what that row's evidence says; `repository` the row of its repository;
    `standing` the ledger row of the occurrence that stands for it; `file` the row in `data/` of the kept file that it
    is or that stands for it, with an empty `content`. `diff` is a unified diff from the kept text to the dropped one,
    or None where one of them cannot be had; `diff_missing` then says why. `swhid` is the qualified SWHID of the
    occurrence and `link` the address at which the archive shows it, None where its bytes were never read.
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

    def as_dict(self) -> dict[str, Json]:
        """Return it as JSON-able data, but for bytes; the evidence stands in its ledger row."""
        found = asdict(self)
        found["ledger"]["evidence"] = found.pop("evidence")
        return found


def find(release: Release, query: str, *, limit: int = 100) -> list[LedgerRow]:
    """Return up to `limit` ledger rows that `query` names, in ledger order.

    `query` is a SWHID (with or without qualifiers); or `REPOSITORY:PATH`, where the repository is a name, an origin or
    the beginning of a repository_id; or a path. A path may be whole, the end of one from a slash on, or a glob with
    `*`, `?` and `[`. Raises `ReleaseError` where nothing matches.
    """
    found = list(islice(_matches(release, query), limit))
    if not found:
        raise ReleaseError(
            f"no occurrence matches '{shown(query)}'. Give a SWHID, a path as the ledger has it, "
            "the end of a path, or a glob such as '*/setup.py'"
        )
    return found


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
    named = {"swhid": str(found), "link": link(found)} if found is not None else {}
    if kept is None:
        return Explained(row, evidence, repository, standing, None, **named)
    shard = row["shard"] or (standing["shard"] if standing is not None else None)
    file, text = _kept_file(release, kept, shard, want_text=row["similarity"] is not None)
    if row["similarity"] is None or file is None:
        return Explained(row, evidence, repository, standing, file, **named)
    diff, missing = _diff(row, file, text or "", lookup)
    return Explained(row, evidence, repository, standing, file, diff, missing, **named)


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
    if sum(map(query.count, ":*?[")) > _SIGNS:
        raise ReleaseError(
            f"'{shown(query[:80])}...' has more than {_SIGNS} colons and wildcards; name the file by less"
        )
    # A colon may be part of a path, of an origin (https://...) or stand between the two: each reading is tried.
    readings: list[tuple[str | None, str]] = [(None, query)]
    readings += [(query[:i], query[i + 1 :]) for i, c in enumerate(query) if c == ":" and query[i + 1 :]]
    names = _repositories(release, {name for name, _ in readings if name})
    for table in release.ledger():
        mask = pa.array([False] * table.num_rows)
        for name, path in readings:
            hit = _path_mask(table.column("path"), path)
            if name is not None:
                hit = pc.and_(
                    hit, pc.is_in(table.column("repository_id"), value_set=pa.array(names[name], pa.string()))
                )
            mask = pc.or_(mask, hit)
        yield from table.filter(pc.fill_null(mask, False)).to_pylist()


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
                starts = len(name) >= 6 and str(row["repository_id"]).startswith(name)
                if starts or name in {row["origin"], row["repo_name"], str(row["origin"]).removesuffix(".git")}:
                    found[name].append(row["repository_id"])
    return found


def _path_mask(paths: pa.ChunkedArray, query: str) -> Any:
    if any(c in query for c in "*?["):
        pattern = translate(query if query.startswith(("/", "*")) else "*/" + query)
        try:
            return pc.match_substring_regex(paths, _re2(pattern))
        except pa.ArrowInvalid:
            raise ReleaseError(f"'{shown(query)}' is not a glob that can be used") from None
    whole = "/" + query.lstrip("/")
    return pc.or_(pc.equal(paths, whole), pc.ends_with(paths, whole))


def _re2(pattern: str) -> str:
    r"""Turn what `fnmatch.translate` gives into RE2's dialect: no atomic groups, `\z` for `\Z`."""
    return "^" + pattern.replace("(?>", "(?:").replace("\\Z", "\\z")


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
