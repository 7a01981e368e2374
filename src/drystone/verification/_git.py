"""Looks at a git repository without trusting it: references by `ls-remote`, single files, commits without contents.

Runs git as the sources do (no prompts, hooks, or transports that run commands), and never checks anything out.
"""

from __future__ import annotations

import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

import pygit2

from drystone.errors import SourceError, UsageError
from drystone.sources.git import remote
from drystone.verification.base import ANYWHERE, Reach, url_of

#: Commits that are looked through at most, newest first.
MAX_COMMITS: Final = 200_000
#: Larger files are no challenge.
MAX_FILE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class RawCommit:
    """One commit: id, raw object, seconds since 1970 of its committer's clock, parents, signature (None: unsigned)."""

    id: str
    raw: bytes
    time: int
    parents: tuple[str, ...]
    signature: bytes | None
    #: The commit without its signature: what was signed.
    payload: bytes
    message: bytes


def branches(place: str, reach: Reach = ANYWHERE) -> dict[str, str]:
    """Return the branches of a repository: name -> commit id. Pull requests and other references are nobody's word."""
    url = url_of(place)
    found: dict[str, str] = {}
    for line in _output(url, reach, "ls-remote", "--heads", "--", url).splitlines():
        match = re.fullmatch(r"([0-9a-f]{40})\trefs/heads/(\S.*)", line)
        if match:
            found[match[2]] = match[1]
    return found


def file_at_head(place: str, path: str, reach: Reach = ANYWHERE) -> tuple[str, bytes] | None:
    """Return commit id and bytes of a file of the default branch, None where it is not there."""
    with _clone(place, reach, "--depth=1", "--single-branch", f"--filter=blob:limit={MAX_FILE + 1}") as repo:
        if repo.head_is_unborn:
            return None
        commit = repo.head.peel(pygit2.Commit)
        try:
            item = commit.tree[path]
        except KeyError:
            return None
        if not isinstance(item, pygit2.Blob) or item.size > MAX_FILE:
            return None
        return str(commit.id), bytes(item.data)


@contextmanager
def history(place: str, reach: Reach = ANYWHERE) -> Iterator[Iterator[RawCommit]]:
    """Give the commits of all branches, newest first, without the files in them where the server allows that."""
    with _clone(place, reach, "--filter=tree:0") as repo:
        yield _walk(repo)


@contextmanager
def _clone(place: str, reach: Reach, *options: str) -> Iterator[pygit2.Repository]:
    url = url_of(place)
    scratch = Path(tempfile.mkdtemp(prefix="drystone-verify-"))
    repo = None
    try:
        target = scratch / "looked-at.git"
        quiet = ("clone", "--quiet", "--bare", "--template=", "--no-recurse-submodules", "--no-tags")
        _output(url, reach, *quiet, *options, "--", url, str(target))
        try:
            repo = pygit2.Repository(str(target), pygit2.enums.RepositoryOpenFlag.NO_SEARCH)
        except pygit2.GitError as error:
            raise SourceError(f"{remote.public_url(url)}: what git fetched cannot be read ({error})") from None
        yield repo
    finally:
        if repo is not None:
            repo.free()
        shutil.rmtree(scratch, ignore_errors=True)


def _output(url: str, reach: Reach, *arguments: str) -> str:
    remote.check_url(url)
    parts = urlsplit(url)
    if parts.scheme not in reach.schemes:
        raise UsageError(f"{remote.public_url(url)!r}: only {' and '.join(reach.schemes)} are visited from here")
    settings = [] if reach.redirects else ["http.followRedirects=false"]
    settings += [] if reach.private else [_only_public(parts)]
    return remote.output(url, *arguments, settings=settings, bounds=reach.bounds)


def _only_public(parts: SplitResult) -> str:
    """Return the setting that holds git to the public addresses of a host; raise `UsageError` where it has others.

    git would ask for the addresses again, and could be told others then, so they are given to it.
    """
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = sorted({str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})
    except (OSError, UnicodeError):
        raise SourceError(f"{host}: there is no such host") from None
    addresses = [ip_address(each.partition("%")[0]) for each in found]
    if not all(each.is_global and not each.is_multicast for each in addresses):
        raise UsageError(f"{host}: is not a public host, and is not visited from here; a moderator can look at it")
    held = ",".join(f"[{each}]" if ":" in each else each for each in found)
    return f"http.curloptResolve={host}:{port}:{held}"


def _walk(repo: pygit2.Repository) -> Iterator[RawCommit]:
    walker = None
    for name in repo.branches.local:
        target = repo.branches.local[name].target
        if walker is None:
            walker = repo.walk(target, pygit2.enums.SortMode.TOPOLOGICAL | pygit2.enums.SortMode.TIME)
        else:
            walker.push(target)
    for count, found in enumerate(walker or ()):
        if count >= MAX_COMMITS:
            return
        yield _commit(str(found.id), bytes(found.read_raw()), found)


def _commit(id_: str, raw: bytes, found: pygit2.Commit) -> RawCommit:
    signature, payload = found.gpg_signature
    message = raw.partition(b"\n\n")[2]
    parents = tuple(str(parent) for parent in found.parent_ids)
    return RawCommit(id_, raw, int(found.commit_time), parents, signature, payload or raw, message)
