"""Looks at a git repository without trusting it: references by `ls-remote`, single files, commits without contents.

Runs git as the sources do (no prompts, hooks, or transports that run commands), and never checks anything out.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pygit2

from drystone.errors import SourceError
from drystone.sources import _git_remote as remote
from drystone.verification.base import url_of

#: Commits that are looked through at most, newest first.
MAX_COMMITS: Final = 200_000
#: Larger files are no challenge.
MAX_FILE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: id, raw object, seconds since 1970 of its committer's clock, parents, signature (None: unsigned)."""

    id: str
    raw: bytes
    time: int
    parents: tuple[str, ...]
    signature: bytes | None
    #: The commit without its signature: what was signed.
    payload: bytes
    message: bytes


def branches(place: str) -> dict[str, str]:
    """Return the branches of a repository: name -> commit id. Pull requests and other references are nobody's word."""
    url = url_of(place)
    remote.check_url(url)
    found: dict[str, str] = {}
    for line in remote.output(url, "ls-remote", "--heads", "--", url).splitlines():
        match = re.fullmatch(r"([0-9a-f]{40})\trefs/heads/(\S.*)", line)
        if match:
            found[match[2]] = match[1]
    return found


def file_at_head(place: str, path: str) -> tuple[str, bytes] | None:
    """Return commit id and bytes of a file of the default branch, None where it is not there."""
    with _clone(place, "--depth=1", "--single-branch", f"--filter=blob:limit={MAX_FILE + 1}") as repo:
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
def history(place: str) -> Iterator[Iterator[Commit]]:
    """Give the commits of all branches, newest first, without the files in them where the server allows that."""
    with _clone(place, "--filter=tree:0") as repo:
        yield _walk(repo)


@contextmanager
def _clone(place: str, *options: str) -> Iterator[pygit2.Repository]:
    url = url_of(place)
    remote.check_url(url)
    scratch = Path(tempfile.mkdtemp(prefix="drystone-verify-"))
    repo = None
    try:
        target = scratch / "looked-at.git"
        quiet = ("clone", "--quiet", "--bare", "--template=", "--no-recurse-submodules", "--no-tags")
        remote.output(url, *quiet, *options, "--", url, str(target))
        try:
            repo = pygit2.Repository(str(target), pygit2.enums.RepositoryOpenFlag.NO_SEARCH)
        except pygit2.GitError as error:
            raise SourceError(f"{remote.public_url(url)}: what git fetched cannot be read ({error})") from None
        yield repo
    finally:
        if repo is not None:
            repo.free()
        shutil.rmtree(scratch, ignore_errors=True)


def _walk(repo: pygit2.Repository) -> Iterator[Commit]:
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


def _commit(id_: str, raw: bytes, found: pygit2.Commit) -> Commit:
    signature, payload = found.gpg_signature
    message = raw.partition(b"\n\n")[2]
    parents = tuple(str(parent) for parent in found.parent_ids)
    return Commit(id_, raw, int(found.commit_time), parents, signature, payload or raw, message)
