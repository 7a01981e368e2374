"""Commits and references of a git repository as plain data. Knows nothing of trees and files."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, NamedTuple

import pygit2
from pygit2.enums import ReferenceType

from drystone._json import Json
from drystone.errors import SourceError
from drystone.identity.hashes import snapshot_hash
from drystone.sources.git.store import ObjectStore

_DATE: Final = re.compile(rb"(-?[0-9]{1,18}) ([+-][0-9]{2,8})\Z")
_HEX: Final = re.compile(r"[0-9a-f]{7,40}\Z")
_TARGETS: Final = {"commit": "revision", "tree": "directory", "blob": "content", "tag": "release"}
#: Larger commits and tags are not read; those of real repositories have kilobytes.
_MAX_OBJECT: Final = 16 << 20
_MAX_TAGS: Final = 32
#: Symbolic references that git follows one after another (refs.h, SYMREF_MAXDEPTH).
_MAX_ALIASES: Final = 5


class Commit(NamedTuple):
    """A commit: 20-byte tree id, times (naive UTC, None where git's record makes no date), JSON-able metadata."""

    tree: bytes
    author_date: datetime | None
    committer_date: datetime | None
    metadata: dict[str, Json]


class ChosenCommit(NamedTuple):
    """What a name stands for: the full reference name, None for a bare commit id; the annotated tag; the commit."""

    reference: str | None
    release: str | None
    commit: pygit2.Oid


def choose(repo: pygit2.Repository, store: ObjectStore, ref: str | None) -> ChosenCommit | None:
    """Find the commit that `ref` (a branch, a tag, a commit id, a full name) or HEAD stands for.

    Returns None where HEAD names a branch without commits. Raises `SourceError` where there is no such name, or it
    stands for no commit.
    """
    if ref is None or ref == "HEAD":
        head = _lookup(repo, "HEAD")
        if head is None:
            raise SourceError("it has no HEAD; name a branch, a tag or a commit")
        if head.type == ReferenceType.SYMBOLIC:
            name = str(head.target)
            branch = _lookup(repo, name)
            if branch is None:
                return None
            return _peel(store, name, _direct(branch))
        return _peel(store, None, _direct(head))
    # As git looks names up (gitrevisions), with the branches of `origin` before those of other remotes.
    for before in ("", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/origin/", "refs/remotes/"):
        name = before + ref
        if name.startswith("refs/") and (found := _lookup(repo, name)) is not None:
            return _peel(store, name, _direct(found))
    if _HEX.match(ref):
        try:
            oid = repo.expand_id(ref)
        except (KeyError, ValueError, pygit2.GitError):
            oid = None
        if oid is not None:
            return _peel(store, None, oid)
    raise SourceError(f"it has no branch, tag or commit {ref!r}")


def read_commit(store: ObjectStore, oid: pygit2.Oid) -> Commit:
    """Return a commit's tree, times and everything else it records (git: Documentation/gitformat-commit)."""
    kind, raw = store.read(oid.raw, _MAX_OBJECT)
    headers, _, message = raw.partition(b"\n\n")
    parts: list[tuple[bytes, list[bytes]]] = []
    for line in headers.split(b"\n"):
        if line.startswith(b" ") and parts:
            parts[-1][1].append(line[1:])
        else:
            key, _, value = line.partition(b" ")
            parts.append((key, [value]))
    fields = [(key, b"\n".join(lines)) for key, lines in parts]
    first = dict(reversed(fields))
    tree = first.get(b"tree", b"")
    if kind != "commit" or not re.fullmatch(rb"[0-9a-f]{40}", tree):
        raise SourceError(f"the object {oid} is not a well-formed commit")
    encoding = first.get(b"encoding", b"utf-8").decode("ascii", "replace")
    author, author_date = _person(first.get(b"author", b""), encoding)
    committer, committer_date = _person(first.get(b"committer", b""), encoding)
    known = {b"tree", b"parent", b"author", b"committer"}
    extra: list[Json] = [[_text(key, "ascii"), _text(value, encoding)] for key, value in fields if key not in known]
    metadata: dict[str, Json] = {
        "author": {**author},
        "committer": {**committer},
        "message": _text(message, encoding),
        "parents": [value.decode("ascii", "replace") for key, value in fields if key == b"parent"],
    }
    if extra:
        metadata["extra_headers"] = extra
    return Commit(bytes.fromhex(tree.decode()), author_date, committer_date, metadata)


def snapshot(repo: pygit2.Repository, store: ObjectStore) -> bytes:
    """Return the 20-byte hash of the snapshot that the Software Heritage archive would make of a repository.

    It is over what a server tells of the references (git: gitprotocol-v2, ls-refs), less those that the archive's
    loader leaves out (`_is_left_out`). HEAD and other symbolic references are aliases of where they lead in the end.
    HEAD alone may lead nowhere: then it is an alias all the same, of a dangling branch.
    """
    branches: dict[bytes, tuple[str, bytes] | None] = {}
    aliases: dict[bytes, bytes] = {}
    head = _lookup(repo, "HEAD")
    for reference in [*repo.listall_reference_objects(), *([head] if head is not None else [])]:
        name = reference.raw_name
        if _is_left_out(name):
            continue
        if reference.type == ReferenceType.SYMBOLIC:
            end = _end(repo, reference)
            if end is not None and (name == b"HEAD" or _lookup(repo, end) is not None):
                aliases[name] = os.fsencode(end)
            continue
        try:
            target = _direct(reference)
            branches[name] = (_TARGETS[store.header(target.raw)[0]], target.raw)
        except SourceError:  # no server tells a reference to what it does not have
            continue
    told: dict[bytes, tuple[str, bytes] | None] = {name: ("alias", target) for name, target in aliases.items()}
    return snapshot_hash({**dict.fromkeys(aliases.values()), **branches, **told})


def _is_left_out(name: bytes) -> bool:
    """Return whether the archive leaves a reference out: what a forge makes itself of others' proposals and runs.

    Peeled tags; the trial merges of pull requests (GitHub) and merge requests (GitLab), though not their heads;
    pipelines (GitLab); changes (Gerrit). Seen with swh.loader.git 3.4.
    """
    if name.startswith((b"refs/pull/", b"refs/merge-requests/")):
        return name.endswith((b"/merge", b"^{}"))
    return name.startswith((b"refs/pipelines/", b"refs/changes/")) or name.endswith(b"^{}")


def _end(repo: pygit2.Repository, reference: pygit2.Reference) -> str | None:
    """Return the name to which a symbolic reference leads over others; None where it leads in a circle."""
    for _ in range(_MAX_ALIASES):
        name = str(reference.target)
        following = _lookup(repo, name)
        if following is None or following.type != ReferenceType.SYMBOLIC:
            return name
        reference = following
    return None


def _lookup(repo: pygit2.Repository, name: str) -> pygit2.Reference | None:
    try:
        return repo.lookup_reference(name)
    except (KeyError, ValueError, pygit2.GitError):
        return None


def _direct(reference: pygit2.Reference) -> pygit2.Oid:
    try:
        target = reference.resolve().target
    except (KeyError, ValueError, pygit2.GitError):
        target = None
    if not isinstance(target, pygit2.Oid):
        raise SourceError(f"the reference {reference.name} leads nowhere")
    return target


def _peel(store: ObjectStore, name: str | None, oid: pygit2.Oid) -> ChosenCommit:
    release = None
    for _ in range(_MAX_TAGS):
        kind, raw = store.read(oid.raw, _MAX_OBJECT)
        if kind == "commit":
            return ChosenCommit(name, release, oid)
        match = re.match(rb"object ([0-9a-f]{40})\n", raw) if kind == "tag" else None
        if match is None:
            break
        release = release or str(oid)
        oid = pygit2.Oid(hex=match[1].decode())
    raise SourceError(f"{name or oid} stands for no commit")


def _person(line: bytes, encoding: str) -> tuple[dict[str, str], datetime | None]:
    """Return a person's name, e-mail and date with offset, and the date as naive UTC."""
    who, found, when = line.rpartition(b"> ")
    name, less, email = who.partition(b"<")
    match = _DATE.match(when)
    if not found or not less or match is None:
        return {"raw": _text(line, encoding)}, None
    seconds, offset = match.groups()
    person = {"name": _text(name.removesuffix(b" "), encoding), "email": _text(email, encoding)}
    digits = offset[1:].zfill(4)
    minutes = int(digits[:-2]) * 60 + int(digits[-2:])
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
        zone = timezone(timedelta(minutes=-minutes if offset.startswith(b"-") else minutes))
        person["date"] = moment.astimezone(zone).isoformat()
    except (ValueError, OverflowError):
        person["raw_date"] = f"{int(seconds)} {offset.decode()}"
        try:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
        except OverflowError:
            return person, None
    return person, moment.replace(tzinfo=None)


def _text(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError, ValueError):
        return data.decode("utf-8", "backslashreplace")
