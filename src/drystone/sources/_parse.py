"""Sources from what a user writes: a word on the command line or a table of a settings file. Reads no repository."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict, cast
from urllib.parse import urlsplit

from drystone.errors import UsageError, did_you_mean
from drystone.sources.base import About, Collection, Source

if TYPE_CHECKING:
    from drystone.sources.archives.archive import ArchiveSource
    from drystone.sources.folder import FolderSource
    from drystone.sources.git.past import Every
    from drystone.sources.git.source import GitSource
    from drystone.sources.packages.package import PackageSource

#: Keys of every kind: what the user says of a repository, with the field of `Repository` that it sets and its type.
_ABOUT: Final[dict[str, tuple[str, type]]] = {
    "origin": ("origin", str),
    "name": ("name", str),
    "stars": ("stars", int),
    "forks": ("forks", int),
    "github_id": ("github_id", int),
    "license": ("gha_license_id", str),
    "language": ("gha_language", str),
    "created_at": ("gha_created_at", datetime),
    "event_created_at": ("gha_event_created_at", datetime),
    "visit_date": ("visit_date", datetime),
    "metadata": ("metadata", dict),
}
#: Keys of each kind and whether they must be there.
_KEYS: Final[dict[str, dict[str, bool]]] = {
    "git": {"path": False, "url": False, "ref": False, "as_of": False, "points": False, "every": False},
    "archive": {"path": True, "sha256": False},
    "pypi": {"package": True, "version": True, "sha256": False},
    "npm": {"package": True, "version": True, "sha256": False},
    "folder": {"path": True},
    "table": {"path": True, "contents": True, "origins": False, "agreement": False},
    "software-heritage": {
        "export": True,
        "contents": True,
        "origins": False,
        "repositories": False,
        "depth": False,
        "agreement": False,
        "verify": False,
        "rows": False,
        "as_of": False,
        "points": False,
    },
}
#: Keys that ask for the past.
_PAST: Final = ("as_of", "points", "every")
#: What other tools read, by what lies where it is named.
_FOREIGN: Final[dict[str, tuple[str, ...]]] = {
    "a Mercurial repository": (".hg",),
    "a Subversion working copy": (".svn",),
    "a Subversion repository": ("format", "db/fs-type"),
    "a Bazaar repository": (".bzr",),
}
_SVN_DUMP: Final = b"SVN-fs-dump-format-version:"
_FOREIGN_KINDS: Final = {"hg": "Mercurial", "mercurial": "Mercurial", "svn": "Subversion", "subversion": "Subversion"}
#: Kinds of many repositories: what a user says of one has no place there.
_COLLECTIONS: Final = frozenset({"software-heritage", "table"})
#: Kinds of packages of a registry.
_PACKAGES: Final = frozenset({"pypi", "npm"})
#: Types of keys that are no strings.
_TYPES: Final[dict[str, type]] = {"depth": int, "verify": bool, "rows": int}
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}\Z")
_FORMS: Final = (
    "the path of a git repository or bundle (or PATH@REF), of an archive or a folder; git+URL or git+URL@REF; "
    "folder:PATH; pypi:NAME==VERSION; npm:NAME@VERSION; swh+EXPORT; table:PATH"
)


def parse_source(
    text: str, base: Path | None = None, contents: str | None = None, agreement: str | None = None
) -> Source:
    """Return the source that `text` writes; relative paths start at `base`, by default the working folder.

    `contents` and `agreement` are for a Software Heritage export (`swh+EXPORT`)
    and a table in The Stack v2's columns (`table:PATH`).

    A path is a git source where a working tree or a bare repository stands there (`@REF` may follow), an archive where
    a file does, else a folder. Raises `UsageError` for what is none of these.
    """
    here = base if base is not None else Path()
    if text.startswith("folder:"):
        return _folder(_local(text.removeprefix("folder:"), here))
    if text.startswith("pypi:"):
        package, equals, version = text.removeprefix("pypi:").partition("==")
        if not equals:
            raise UsageError(f"{text}: a version is missing; write pypi:NAME==VERSION, a build must name what it reads")
        return _package("pypi", package.strip(), version.strip())
    if text.startswith("npm:"):
        package, separator, version = text.removeprefix("npm:").rpartition("@")
        if not separator or not package:
            raise UsageError(f"{text}: a version is missing; write npm:NAME@VERSION, a build must name what it reads")
        return _package("npm", package, version)
    if text.startswith("table:"):
        if contents is None:
            raise UsageError(f"{text}: say where the contents of its files lie, with --contents LOCATION")
        path = _local(text.removeprefix("table:"), here)
        return _table({"contents": contents, "agreement": agreement}, path, here)
    if text.startswith("swh+"):
        if contents is None:
            raise UsageError(f"{text}: say where the contents of its files lie, with --contents LOCATION")
        return _software_heritage(
            {"export": text.removeprefix("swh+"), "contents": contents, "agreement": agreement}, here
        )
    if text.startswith("git+"):
        return _git_url(text.removeprefix("git+"))
    for word, tool in _FOREIGN_KINDS.items():
        if text.startswith((f"{word}+", f"{word}:")):
            raise UsageError(f"{text} is a {tool} repository, {_NOT_READ}")
    if "://" in text:
        hint = f"; write git+{text}" if urlsplit(text).scheme in ("http", "https", "ssh", "git", "file") else ""
        raise UsageError(f"{text} is not a source: a URL of a git repository begins with git+{hint}")
    path = _local(text, here)
    if (foreign := _foreign(path)) is not None:
        raise UsageError(f"{text} is {foreign}, {_NOT_READ}; folder:{text} reads the files that lie there now")
    if path.is_dir():
        return _git(path=path) if is_git(path) else _folder(path)
    if path.is_file():
        return _git(path=path) if is_git(path) else _archive(path)
    # Paths and references may both hold an "@": the longest path at which a repository stands is meant.
    for at in reversed([at for at, letter in enumerate(text) if letter == "@" and at]):
        if is_git(_local(text[:at], here)):
            return _git(path=_local(text[:at], here), ref=text[at + 1 :])
    raise UsageError(f"{text} is not a source: there is no such path; a source is {_FORMS}")


#: What becomes of repositories of other tools.
_NOT_READ: Final = (
    "which Drystone does not read; Software Heritage archives those too: name its origin with a source of kind "
    "'software-heritage' (docs/software-heritage.md), or convert it to git"
)


def _foreign(path: Path) -> str | None:
    """Return what of another tool lies at a path; None where nothing does."""
    if path.is_dir() and not is_git(path):
        return next((what for what, parts in _FOREIGN.items() if all((path / part).exists() for part in parts)), None)
    if path.is_file():
        with path.open("rb") as file:
            return "a Subversion dump" if file.read(len(_SVN_DUMP)) == _SVN_DUMP else None
    return None


def is_git(path: Path) -> bool:
    """Return whether a git working tree, a bare repository or a bundle stands at a path (gitrepository-layout)."""
    if path.is_file():
        from drystone.sources.git.remote import is_bundle  # noqa: PLC0415

        return is_bundle(path)
    if (path / ".git").exists():
        return True
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def table_problems(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what is wrong with a table of a settings file, as (key, problem); empty where nothing is.

    The table has `kind` (git, archive, pypi, npm, folder, table), that kind's keys, and where it is one repository any
    of the keys that describe it.
    """
    kind = table.get("kind")
    if str(kind).lower() in _FOREIGN_KINDS:
        return [("kind", f"is {kind!r}: a {_FOREIGN_KINDS[str(kind).lower()]} repository, {_NOT_READ}")]
    if not isinstance(kind, str) or kind not in _KEYS:
        return [("kind", f"must be one of {', '.join(_KEYS)}, not {kind!r}{did_you_mean(str(kind), _KEYS)}")]
    known = {**dict.fromkeys(_KEYS[kind]), **({} if kind in _COLLECTIONS else dict.fromkeys(_ABOUT))}
    problems = []
    for key, value in table.items():
        if key == "kind":
            continue
        if key in _PAST and key not in known:
            problems.append((key, _no_past(key, kind)))
            continue
        if key not in known:
            hint = did_you_mean(key, known) or f"; known are {', '.join(known)}"
            problems.append((key, f"is unknown for a source of kind {kind!r}{hint}"))
            continue
        problem = _value_problem(key, value)
        if problem is not None:
            problems.append((key, problem))
    problems += [
        (key, f"is missing; a source of kind {kind!r} needs it")
        for key, needed in _KEYS[kind].items()
        if needed and key not in table
    ]
    if kind in _PACKAGES and not problems:
        for key, package, version in (("package", table["package"], "1.0.0"), ("version", "name", table["version"])):
            try:
                _package(kind, package, version)
            except UsageError as error:
                problems.append((key, str(error)))
    if len(asked := [key for key in _PAST if key in table]) > 1:
        problems.append((asked[1], f"stands beside '{asked[0]}': one of {', '.join(_PAST)} says which points in time"))
    if kind == "git" and ("path" in table) == ("url" in table):
        problems.append(("url", "a source of kind 'git' needs either 'path' or 'url'"))
    return problems


def _no_past(key: str, kind: str) -> str:
    if kind == "software-heritage":
        return "is for git sources; an export's points in time are named: points = ['2020-01-01', '2021-01-01']"
    return (
        f"cannot be told by a source of kind {kind!r}, which does not know what it held at other times; "
        "sources of kind 'git' and 'software-heritage' do"
    )


def source_from_table(table: Mapping[str, Any], base: Path | None = None) -> Source:
    """Return the source that a table of a settings file describes; relative paths start at `base`.

    Raises `UsageError` with every problem that `table_problems` finds, one a line.
    """
    problems = table_problems(table)
    if problems:
        raise UsageError("\n".join(f"source: {key} {problem}" for key, problem in problems))
    about = _about(table)
    here = base if base is not None else Path()
    path = _local(table["path"], here) if "path" in table else None
    match table["kind"]:
        case "software-heritage":
            return _software_heritage(table, here)
        case "git":
            return _git(path, table.get("url"), table.get("ref"), about, _past(table))
        case "pypi" | "npm" as kind:
            return _package(kind, table["package"], table["version"], table.get("sha256"), about)
        case "table":
            assert path is not None
            return _table(table, path, here)
        case "archive":
            assert path is not None
            return _archive(path, table.get("sha256"), about)
        case _:
            assert path is not None
            return _folder(path, about)


# A kind is loaded when one of it is named: what reads git, packages or an archive's tables loads much.


def _folder(path: Path, about: About | None = None) -> FolderSource:
    from drystone.sources.folder import FolderSource  # noqa: PLC0415

    return FolderSource(path, about or {})


def _archive(path: Path, sha256: str | None = None, about: About | None = None) -> ArchiveSource:
    from drystone.sources.archives.archive import ArchiveSource  # noqa: PLC0415

    return ArchiveSource(path, sha256, about or {})


def _package(
    kind: str, package: str, version: str, sha256: str | None = None, about: About | None = None
) -> PackageSource:
    if kind == "npm":
        from drystone.sources.packages.npm import NpmSource  # noqa: PLC0415

        return NpmSource(package, version, sha256, about or {})
    from drystone.sources.packages.pypi import PypiSource  # noqa: PLC0415

    return PypiSource(package, version, sha256, about or {})


class _Past(TypedDict, total=False):
    """What a table asks of the past, as sources take it."""

    as_of: datetime
    points: tuple[datetime, ...]
    every: Every


def _past(table: Mapping[str, Any]) -> _Past:
    """Return what a table asks of the past; `table_problems` has looked at it."""
    found: _Past = {}
    if "as_of" in table:
        found["as_of"] = _moment(table["as_of"])
    if "points" in table:
        found["points"] = tuple(sorted({_moment(point) for point in table["points"]}))
    if "every" in table:
        found["every"] = table["every"]
    return found


def _moment(value: str | date) -> datetime:
    """Return a day, which is its beginning, or a moment, as naive UTC. Raises `ValueError` where a text is none."""
    moment = _utc(datetime.fromisoformat(value) if isinstance(value, str) else value)
    assert isinstance(moment, datetime)
    return moment


def _past_problem(key: str, value: object) -> str | None:
    if key == "every":
        words = ("year", "quarter", "month")
        return None if value in words else f"must be one of {', '.join(words)}, not {value!r}"
    if key == "points" and (not isinstance(value, list) or not value):
        return f"must be a list of days such as ['2020-01-01', '2021-01-01'], not {value!r}"
    for each in value if isinstance(value, list) and key == "points" else [value]:
        try:
            _moment(cast(str, each))
        except (TypeError, ValueError, OverflowError):
            return f"must be a day such as '2024-01-31' or a moment such as '2024-01-31T12:00:00Z', not {each!r}"
    return None


def _git(
    path: Path | None = None,
    url: str | None = None,
    ref: str | None = None,
    about: About | None = None,
    past: _Past | None = None,
) -> GitSource:
    from drystone.sources.git.source import GitSource  # noqa: PLC0415

    return GitSource(path, url, ref, about or {}, **(past or {}))


def _software_heritage(table: Mapping[str, Any], here: Path) -> Collection:
    from drystone.sources.software_heritage.contents import WORDS  # noqa: PLC0415
    from drystone.sources.software_heritage.source import SoftwareHeritage  # noqa: PLC0415

    return SoftwareHeritage(
        _place(table["export"], here),
        _place(table["contents"], here, WORDS),
        origins=table.get("origins", ""),
        repositories=_local(table["repositories"], here) if "repositories" in table else None,
        depth=table.get("depth", SoftwareHeritage.depth),
        agreement=table.get("agreement"),
        verify=table.get("verify", True),
        rows=table.get("rows", SoftwareHeritage.rows),
        as_of=_past(table).get("as_of"),
        points=_past(table).get("points", ()),
    )


def _table(table: Mapping[str, Any], path: Path, here: Path) -> Collection:
    from drystone.sources.software_heritage.contents import WORDS  # noqa: PLC0415
    from drystone.sources.table import GITHUB, TableSource  # noqa: PLC0415

    return TableSource(
        path, _place(table["contents"], here, WORDS), table.get("origins", GITHUB), table.get("agreement")
    )


def _git_url(text: str) -> GitSource:
    # An "@" before the host is a login name, and one that begins a part of the path is of it: the next one begins the
    # ref, which may hold more of them.
    scheme, separator, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    if not separator:
        raise UsageError(f"git+{text}: a URL is missing; write git+https://HOST/PATH or git+https://HOST/PATH@REF")
    found = re.search(r"\.git@", path) or re.search(r"[^/]@", path)
    if found is None:
        return _git(url=text)
    place, ref = path[: found.end() - 1], path[found.end() :]
    return _git(url=f"{scheme}://{host}{slash}{place}", ref=ref)


def _local(text: str, base: Path) -> Path:
    if not text or "\0" in text:
        raise UsageError("a path is missing")
    return base / Path(text).expanduser()


def _place(text: str, base: Path, words: tuple[str, ...] = ()) -> str:
    """Return a location: a URL or one of `words` as it is, a path resolved."""
    return text if "://" in text or text in words else str(_local(text, base).absolute())


def _value_problem(key: str, value: object) -> str | None:
    if key in _PAST:
        return _past_problem(key, value)
    wanted = _ABOUT[key][1] if key in _ABOUT else _TYPES.get(key, str)
    if wanted is datetime:
        return None if isinstance(value, date) else "must be a date and time such as 2026-01-31T12:00:00Z"
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        names = {str: "a string", int: "an integer", dict: "a table", bool: "true or false"}
        return f"must be {names[wanted]}, not {value!r}"
    if isinstance(value, str):
        if not value:
            return "must not be empty"
        if key == "sha256" and not _SHA256.match(value):
            return "must be 64 hex digits"
        check = _CHECKS.get(key)
        if check is not None:
            try:
                check(value)
            except UsageError as error:
                return str(error)
    if isinstance(value, int) and value < 0:
        return f"must not be negative, it is {value}"
    return None


def _check_url(value: str) -> None:
    from drystone.sources.git.remote import check_url  # noqa: PLC0415

    check_url(value)


def _check_ref(value: str) -> None:
    from drystone.sources.git.remote import check_ref  # noqa: PLC0415

    check_ref(value)


def _check_origin(value: str) -> None:
    login, at, _ = value.partition("://")[2].partition("/")[0].rpartition("@")
    if at and ":" in login:
        raise UsageError("holds a password, and the origin stands in each row of a release; write it without the login")


_CHECKS: Final[dict[str, Callable[[str], None]]] = {
    "origin": _check_origin,
    "url": _check_url,
    "ref": _check_ref,
}


def _about(table: Mapping[str, Any]) -> About:
    """Return what a table says of a repository; `table_problems` has looked at its keys and types."""
    about: dict[str, Any] = {target: _utc(table[key]) for key, (target, _) in _ABOUT.items() if key in table}
    return cast(About, about)


def _utc(value: Any) -> Any:
    """Return a date or time as naive UTC; anything else as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return value
