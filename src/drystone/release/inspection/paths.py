"""How a person names files of a release: a whole path, the end of one, a glob, or one of these after REPOSITORY:."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import translate
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from drystone.errors import UsageError
from drystone.release.layout import shown

#: Colons and wildcards of what names files: each is one more way to read it, for every row.
_SIGNS: Final = 64


def readings(query: str) -> list[tuple[str | None, str]]:
    """Return the ways to read a query, as repository (None for any) and path; raise `UsageError` for too many.

    A colon may be part of a path, of an origin (https://...) or stand between the two: each reading is tried.
    """
    if sum(map(query.count, ":*?[")) > _SIGNS:
        raise UsageError(f"'{shown(query[:80])}...' has more than {_SIGNS} colons and wildcards; name the file by less")
    return [(None, query), *((query[:i], query[i + 1 :]) for i, c in enumerate(query) if c == ":" and query[i + 1 :])]


def has_wildcards(query: str) -> bool:
    """Return whether a path is a glob."""
    return any(sign in query for sign in "*?[")


def path_mask(paths: pa.ChunkedArray, query: str) -> Any:
    """Return which paths are the one asked for, end in it after a slash, or match it where it is a glob.

    A path such as `app/[slug]/page.tsx` is taken as it stands, too.
    """
    whole = "/" + query.lstrip("/")
    named = pc.or_(pc.equal(paths, whole), pc.ends_with(paths, whole))
    if not has_wildcards(query):
        return named
    pattern = translate(query if query.startswith(("/", "*")) else "*/" + query)
    try:
        return pc.or_(named, pc.match_substring_regex(paths, _re2(pattern)))
    except pa.ArrowInvalid:
        raise UsageError(f"'{shown(query)}' is not a glob that can be used") from None


def named_by(name: str, origin: object, repo_name: object, repository_id: object) -> bool:
    """Return whether a repository bears a name: as origin, name, or beginning of its id (six digits or more)."""
    starts = len(name) >= 6 and str(repository_id).startswith(name)
    return starts or name in {origin, repo_name, str(origin).removesuffix(".git")}


def rows_mask(paths: pa.ChunkedArray, ids: pa.ChunkedArray, asked: Iterable[tuple[pa.Array | None, str]]) -> Any:
    """Return which rows one of the readings names; each is the ids of its repositories (None for any) and a path."""
    mask = pa.array([False] * len(paths))
    for wanted, path in asked:
        hit = path_mask(paths, path)
        if wanted is not None:
            hit = pc.and_(hit, pc.is_in(ids, value_set=wanted))
        mask = pc.or_(mask, hit)
    return pc.fill_null(mask, False)


def _re2(pattern: str) -> str:
    r"""Turn what `fnmatch.translate` gives into RE2's dialect: no atomic groups, `\z` for `\Z`."""
    return "^" + pattern.replace("(?>", "(?:").replace("\\Z", "\\z")
