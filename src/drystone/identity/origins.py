"""Names for places of repositories: every way to write one place has one canonical form, without credentials.

Pure functions over text; `canonical` takes anything a source may say and never fails, `check` is for what a person
asks for. Knows nothing of registries or networks.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from drystone.errors import UsageError

#: Where a bare `owner/name` lies: the tables of the field (GHArchive, The Stack) write GitHub's names so.
DEFAULT_HOST: Final = "github.com"
#: Longest text that is taken for a place, in characters.
MAX_LENGTH: Final = 2048

#: Hosts on which a repository is exactly `owner/name`; further parts of a URL are pages about it.
_TWO_LEVELS: Final = frozenset({"github.com", "bitbucket.org", "codeberg.org", "gitee.com"})
#: Hosts whose names are ASCII by their own rules, so that any other letter only looks like one.
_ASCII_NAMES: Final = _TWO_LEVELS | {"gitlab.com", "git.sr.ht", "salsa.debian.org", "framagit.org"}
_SAME_HOST: Final = {
    "ssh.github.com": "github.com",
    "api.github.com": "github.com",
    "raw.githubusercontent.com": "github.com",
    "codeload.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
#: Hosts where `owner/name.wiki` is the wiki of `owner/name`, and no repository may be called so.
_WIKIS: Final = frozenset({"github.com", "gitlab.com"})
#: How letters are folded that two hosts may differ by: IDNA 2008 keeps what 2003 mapped to others.
_DEVIATING: Final = {"ß": "ß", "ẞ": "ß", "ς": "ς"}
#: The index of packages, whose pages are of what a source calls `pypi:NAME`.
_PACKAGES: Final = "pypi.org"
#: Pages about a repository, by the parts of their path behind it: Gitea and Forgejo.
_PAGES: Final = frozenset(("src", of) for of in ("branch", "commit", "tag"))
#: Hosts that run GitLab, where these words are no names of projects.
_GITLABS: Final = frozenset({"gitlab.com", "salsa.debian.org", "framagit.org"})
_GITLAB_PAGES: Final = frozenset({"tree", "blob", "raw", "commits", "commit", "issues", "merge_requests", "tags"})
#: What a host lets an owner and a repository be called; others can match nothing.
_NAMES: Final = {
    "github.com": (re.compile(r"[a-z0-9][a-z0-9_-]{0,38}"), re.compile(r"[a-z0-9._-]{1,100}")),
    "gitlab.com": (re.compile(r"[a-z0-9_][a-z0-9_.-]{0,254}"), re.compile(r"[a-z0-9_.][a-z0-9_.-]{0,254}")),
    "bitbucket.org": (re.compile(r"[a-z0-9_-]{1,62}"), re.compile(r"[a-z0-9_.-]{1,62}")),
    "codeberg.org": (re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}"), re.compile(r"[a-z0-9_.-]{1,100}")),
}
#: First parts of GitHub's own pages, which are no owners.
_NO_OWNERS: Final = frozenset(
    {"about", "apps", "collections", "explore", "features", "login", "marketplace", "orgs", "search", "settings",
     "sponsors", "topics", "trending", "users"}
)  # fmt: skip
#: Where an owner's short texts lie, each a repository, and under which host the owner is known.
_GISTS: Final = {"gist.github.com": "github.com"}
#: The host whose pages tell by `origin_url` which repository they are about.
_ARCHIVE: Final = "archive.softwareheritage.org"
#: Ports that schemes mean.
_PORTS: Final = {"https": 443, "http": 80, "ssh": 22, "git+ssh": 22, "git": 9418}
_URL: Final = re.compile(r"(git\+)?([a-z][a-z0-9+.-]*):/{2}(.*)", re.S)
#: git's short form of ssh: a login or a host with a dot, a colon, a path.
_SCP: Final = re.compile(r"(?:([^/:@?#\s]+)@)?([^/:@?#\s]+):(?!//)(.*)", re.S)
#: Top-level domains that the internet does not have (RFC 2606, RFC 6762, and ICANN's for private use).
_LOCAL_DOMAINS: Final = frozenset({"test", "example", "invalid", "localhost", "local", "internal", "lan", "home"})
#: An IPv6 address as host.
_ADDRESS: Final = re.compile(r"\[[0-9a-f]*:[0-9a-f:.]*\]")
_BRACKETS: Final = str.maketrans("[]", "  ")
_KIND: Final = re.compile(r"([a-z][a-z0-9_-]*):(.*)", re.S)


@lru_cache(maxsize=65536)
def canonical(place: str) -> str:
    """Return the one form of a repository's place: `host/path`, or `kind:name` for what lies on no host.

    What lies on no host keeps its folders: `git:a/repo` is not `git:b/repo`, and either may be `git:repo` (`ends_of`).
    Case, scheme, login, password, port, `www.`, `.git`, trailing and doubled slashes, `git@host:path`, percent
    encoding, compatibility forms (NFKC) and invisible characters make no difference; a query, a fragment, a version
    of a package and the ref after `git+URL` are left out. `owner/name` alone lies on `DEFAULT_HOST`. A wiki, an API's
    and a raw file's URL are of their repository, a page of the Software Heritage archive of the one it shows; what
    gitweb names by `?p=` is part of the path.
    """
    text = _plain(place)
    if match := _URL.match(text):
        rest, _, query = match[3].partition("#")[0].partition("?")
        netloc, _, path = rest.partition("/")
        asked = parse_qs(query.replace(";", "&")) if len(query) <= MAX_LENGTH else {}
        if netloc.removeprefix("www.") == _ARCHIVE and "origin_url" in asked:
            shown = asked["origin_url"][0]
            return canonical(shown) if _ARCHIVE not in shown else _on_host(netloc, path)
        # A query of another host may use the letter for anything: gitweb's projects are folders that end so.
        path = "/".join([path, *(name for name in asked.get("p", [])[:1] if name.endswith(".git"))])
        if match[1]:
            path = path.partition("@")[0]
        if match[2] == "file" or not netloc:
            return f"git:{'/'.join(_parts(path)) or 'root'}"
        return _on_host(netloc, path)
    if (match := _SCP.match(text)) and (match[1] is not None or "." in match[2]):
        path = match[3].partition("#")[0].partition("?")[0]
        port, slash, below = path.partition("/")
        return _on_host(match[2], below if match[1] is None and port.isdigit() and slash else path)
    if match := _KIND.match(text):
        if match[1] == "pypi":
            name = re.split(r"[=@<>!~;\[ ]", match[2], maxsplit=1)[0]
            return "pypi:" + re.sub(r"[-_.]+", "-", name)
        if match[1] == "npm":  # a scope is no folder, and begins with what a version does
            name, at, _ = match[2].rpartition("@")
            return f"npm:{name if at and name else match[2]}"
        return f"{match[1]}:{'/'.join(_parts(match[2])) or match[2]}"
    text = text.partition("#")[0].partition("?")[0]
    host, _, path = text.partition("/")
    if ("." in host and host.strip(".[] ")) or _ADDRESS.match(host) or not text:
        return _on_host(host, path)
    return _on_host(DEFAULT_HOST, text)


def owners_of(name: str) -> list[str]:
    """Return the owners above a canonical name, from the host's top level down: `h/a/b/c` lies below `h/a`, `h/a/b`."""
    parts = name.split("/")
    found = ["/".join(parts[:count]) for count in range(2, len(parts))] if ":" not in name else []
    return [f"{_GISTS[parts[0]]}/{parts[1]}", *found] if parts[0] in _GISTS and len(parts) > 1 else found


def is_local(name: str) -> bool:
    """Return whether a canonical name is of what lies on no host: `git:walls`, `pypi:flask`."""
    return _KIND.fullmatch(name) is not None


def ends_of(name: str) -> list[str]:
    """Return the shorter names that one on no host may have had where nothing else was called so, the longest first.

    The folder `b/repo` is `git:repo` in a build that reads no other `repo`, and `git:b/repo` in one that does: of
    `git:a/b/repo` these are `git:b/repo` and `git:repo`. Names on hosts have none.
    """
    kind = _KIND.fullmatch(name)
    parts = kind[2].split("/") if kind and kind[1] != "npm" else []
    return [f"{kind[1]}:{'/'.join(parts[at:])}" for at in range(1, len(parts))] if kind else []


def public(place: str) -> str:
    """Return a place as it may be stored and shown: without login, password, query and fragment; case and port stay."""
    text = "".join(c for c in place.strip() if c >= " ")
    text = text.partition("#")[0].partition("?")[0]
    scheme, mark, rest = text.partition("://")
    if mark:
        netloc, slash, path = rest.partition("/")
        user, at, host = netloc.rpartition("@")
        login = "git@" if at and scheme.endswith("ssh") and user.partition(":")[0] == "git" else ""
        return f"{scheme}://{login}{host}{slash}{path}"
    user, at, rest = text.rpartition("@") if "@" in text.partition(":")[0] else ("", "", text)
    return f"git@{rest}" if at and user == "git" else rest


def repository(place: str) -> str:
    """Return the canonical name of a repository that a person names.

    Raises `UsageError` where it is none, or holds letters that look like others.
    """
    name = _checked(place)
    if ":" not in name and len(name.split("/")) < 3:
        raise UsageError(
            f"{_shown(place)}: names an owner or a host, not a repository; write it as owner/name or a URL"
        )
    return name


def owner(place: str) -> str:
    """Return the canonical name of an owner that a person names: `name` on `DEFAULT_HOST`, or `host/name`.

    Raises `UsageError` where it is none, or holds letters that look like others.
    """
    name = _checked(place)
    host, _, path = name.partition("/")
    if ":" in name or not path:
        raise UsageError(f"{_shown(place)}: names no owner; write it as NAME (on {DEFAULT_HOST}) or HOST/NAME")
    if host in _TWO_LEVELS and "/" in path:
        raise UsageError(f"{_shown(place)}: is a repository, not an owner; ask for it as a repository")
    return name


class Service(NamedTuple):
    """What answers at a place: scheme, host and port."""

    scheme: str
    host: str
    port: int


def service(place: str) -> Service | None:
    """Return what answers at a place as a person names it; None where it lies on no host, or that cannot be told.

    A bare name, or `host/path`, is asked for by https; `login@host:path` by ssh.
    """
    text = _plain(place)
    if match := _URL.match(text):
        scheme, netloc = match[2], match[3].partition("/")[0].rpartition("@")[2]
        try:
            port = urlsplit(f"//{netloc}").port
        except ValueError:
            return None
        if scheme not in _PORTS or not netloc:
            return None
        return Service(scheme, _on_host(netloc, ""), port or _PORTS[scheme])
    if (match := _SCP.match(text)) and (match[1] is not None or "." in match[2]):
        port_text, slash, _ = match[3].partition("/")
        number = int(port_text) if match[1] is None and slash and port_text.isdigit() else None
        if number is not None and number > 65535:
            return None
        return Service("ssh" if number is None else "https", _on_host(match[2], ""), number or 22)
    name = canonical(place)
    return None if ":" in name.partition("/")[0] else Service("https", name.partition("/")[0], 443)


def same_service(asked: str, other: str) -> bool:
    """Return whether two places are answered by the same: a host's https and ssh on their own ports count as one.

    Another port is somebody else's to open, and what comes by http can be anybody's.
    """
    one, two = service(asked), service(other)
    if one is None or two is None:
        return one is two
    own = {("https", 443), ("ssh", 22), ("git+ssh", 22)}
    return one == two or (one.host == two.host and {(one.scheme, one.port), (two.scheme, two.port)} <= own)


def is_public(place: str) -> bool:
    """Return whether a place may be one that everybody can reach: on a host with a name or address of the internet."""
    found = service(place)
    if found is None:
        return False
    try:
        return ip_address(found.host.strip("[]")).is_global
    except ValueError:
        *above, last = found.host.rstrip(".").split(".")
        return bool(above) and last not in _LOCAL_DOMAINS


def web_url(place: str) -> str:
    """Return where a place is looked at: `owner/name`, `host/path`, `git@host:path` by https, a URL as it is."""
    if "://" in place:
        return place
    name = canonical(place)
    return place if ":" in name.partition("/")[0] else f"https://{_as_written(place)}"


def _as_written(place: str) -> str:
    """Return `host/path` of a place without scheme, in the case in which it is written, which some servers heed."""
    text = public(place)
    match = _SCP.match(text)
    if match and (match[1] is not None or not match[3].partition("/")[0].isdigit()):
        return f"{match[2]}/{match[3].lstrip('/')}"
    host = text.partition("/")[0]
    return text if "." in host else f"{DEFAULT_HOST}/{text}"


def profiles_of(owner: str) -> list[str]:
    """Return the repositories, by canonical name, in which an owner tells of itself on the forges.

    GitHub shows `NAME/NAME` and `NAME/.github`, GitLab `NAME/NAME` and `NAME/gitlab-profile`, Gitea and Forgejo
    `NAME/.profile`; `NAME/NAME.github.io` is an owner's own site.
    """
    host, _, path = owner.partition("/")
    name = path.rpartition("/")[2]
    known = [name, ".github", "gitlab-profile", ".profile", *([f"{name}.github.io"] if host == DEFAULT_HOST else [])]
    return [f"{owner}/{each}" for each in known]


def check_url(place: str) -> None:
    """Raise `UsageError` for a URL that is none: with a port that no host has, or a damaged address."""
    if "://" in place:
        try:
            _ = urlsplit(place.strip()).port
        except ValueError as error:
            raise UsageError(f"{_shown(place)}: is no URL ({error}); copy it from the repository's own page") from None


def same_kind(one: str, other: str) -> bool:
    """Return whether two canonical names have equally many parts, as the two names of a renamed thing do."""
    return one.count("/") == other.count("/") and (":" in one) == (":" in other)


def _checked(place: str) -> str:
    if not place.strip() or len(place) > MAX_LENGTH:
        raise UsageError(f"{_shown(place)}: a place has 1 to {MAX_LENGTH} characters")
    if (
        bad := next((c for c in place.strip() if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn")), None)
    ) is not None:
        raise UsageError(f"{_shown(place)}: holds the invisible character U+{ord(bad):04X}; write the name anew")
    check_url(place)
    if "*" in place:
        raise UsageError(
            f"{_shown(place)}: a * stands for nothing here; an owner's repositories are asked for by the owner"
        )
    if place.strip().startswith("swh:"):
        raise UsageError(f"{_shown(place)}: is the id of an object, not a place; ask for it by its SWHID")
    name = canonical(place)
    if ("/" not in name and ":" not in name) or name.endswith((":", "/")):
        raise UsageError(f"{_shown(place)}: is no place of a repository; write it as owner/name or a URL")
    shown = public(place)
    if unicodedata.normalize("NFKC", shown) != shown:
        odd = next(c for c in shown if unicodedata.normalize("NFKC", c) != c)
        raise UsageError(_looks_like(place, odd))
    for part in unquote(shown).split("/"):
        if (letter := _mixed(part)) is not None:
            raise UsageError(_looks_like(place, letter))
    host, _, path = name.partition("/")
    if host == DEFAULT_HOST and path.partition("/")[0] in _NO_OWNERS:
        raise UsageError(f"{_shown(place)}: is a page of {host} itself, of no owner or repository")
    if host in _ASCII_NAMES and not path.isascii():
        raise UsageError(_looks_like(place, next(c for c in path if c > "\x7f")))
    rules = _NAMES.get(host)
    if rules is not None and path:
        owner, *others = path.split("/")
        wrong = [owner] if not rules[0].fullmatch(owner) else [each for each in others if not rules[1].fullmatch(each)]
        if wrong:
            raise UsageError(
                f"{_shown(place)}: nothing on {host} can be called {wrong[0][:100]!r}; copy the address from its page"
            )
    return name


def _looks_like(place: str, odd: str) -> str:
    said = unicodedata.name(odd, "a letter without a name").lower()
    return (
        f"{_shown(place)}: holds U+{ord(odd):04X} ({said}), which only looks like a letter of this name; type it anew"
    )


def _mixed(part: str) -> str | None:
    """Return a letter of another script than Latin in a part that has Latin letters, too."""
    letters = [c for c in part if c.isalpha()]
    if not any(c.isascii() for c in letters):
        return None
    # Unicode names begin with the script: "CYRILLIC SMALL LETTER A".
    return next((c for c in letters if not unicodedata.name(c, "").startswith("LATIN ")), None)


def _shown(place: str) -> str:
    """Return a place for a message: without credentials, short, without anything that a terminal acts on."""
    text = public(place)
    return repr(text if len(text) <= 100 else text[:97] + "...")


def _plain(place: str) -> str:
    """Return a text without differences that make no other place, but with those that make another host."""
    text = unicodedata.normalize("NFKC", place)
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp"))
    text = " ".join(text.split()).replace("\\", "/")
    # Case may come apart again under NFKC, and the other way round: twice is where it ends (Unicode, D146).
    folded = "".join(_DEVIATING.get(c) or c.casefold() for c in text)
    return unicodedata.normalize("NFKC", folded)


def _folded(place: str) -> str:
    return unicodedata.normalize("NFKC", _plain(place).casefold())


def _on_host(netloc: str, path: str) -> str:
    host = netloc.rpartition("@")[2]
    if match := _ADDRESS.match(host):
        host = match[0]
    else:
        host = " ".join(host.partition(":")[0].translate(_BRACKETS).split()).strip(". ")
        while host.startswith("www."):
            host = host.removeprefix("www.").strip(". ")
    if not host.isascii():
        # IDNA 2008, by which straße.de and strasse.de are two hosts. What no resolver knows stays as it is.
        import idna  # noqa: PLC0415  few names need it

        with suppress(UnicodeError):
            host = idna.encode(host, uts46=True).decode("ascii")
    parts = _parts(path)
    if host == "api.github.com" and parts[:1] == ["repos"]:
        del parts[0]
    host = _SAME_HOST.get(host, host)
    if not host:
        return f"git:{parts[-1]}" if parts else ""
    if "." not in host and not host.startswith("["):
        # As DNS writes an absolute name: a bare word would read as an owner on `DEFAULT_HOST`.
        host += "."
    if host == _PACKAGES and parts[:1] in (["project"], ["simple"]) and len(parts) > 1:
        return canonical(f"pypi:{parts[1]}")
    if host == DEFAULT_HOST and parts[:1] == ["orgs"]:  # an owner's own pages
        parts = parts[1:2]
    if host in _TWO_LEVELS or host in _GISTS:
        parts = parts[:2]
    elif (cut := _below(host, parts)) is not None:
        parts = parts[:cut]
    elif parts[:1] == ["-"]:
        parts = []
    if parts:
        parts[-1] = _without_git(parts[-1])
        if host in _WIKIS and len(parts) > 1:
            parts[-1] = parts[-1].removesuffix(".wiki") or parts[-1]
    return "/".join([host, *parts])


def _below(host: str, parts: list[str]) -> int | None:
    """Return how many parts of a path name the repository where the rest is a page about it, as forges write those."""
    for at, part in enumerate(parts[:-1], 1):
        if parts[at] == "-":  # GitLab's pages about a repository: /-/tree/...
            return at
        # cgit and gitweb; the name of a repository alone may end so more than once.
        if part.endswith(".git"):
            return at
        if at >= 2 and (parts[at], *parts[at + 1 : at + 2]) in _PAGES:
            return at
        if at >= 2 and host in _GITLABS and parts[at] in _GITLAB_PAGES:
            return at
    return None


def _parts(path: str) -> list[str]:
    parts: list[str] = []
    for part in map(str.strip, _folded(unquote(path)).split("/")):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    while parts and not _without_git(parts[-1]):
        parts.pop()
    if parts:
        parts[-1] = _without_git(parts[-1])
    return parts


def _without_git(part: str) -> str:
    while part.endswith(".git"):
        part = part.removesuffix(".git")
    return part
