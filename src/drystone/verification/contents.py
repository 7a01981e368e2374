"""The contents of what a request takes out, listed once, so that copies of them elsewhere are known.

Knows nothing of builds: what is listed stands in the registry.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from drystone.dedup.containment import sample
from drystone.detect.encoding import decode
from drystone.detect.plain import plain_ids
from drystone.errors import SourceError, UsageError
from drystone.identity.origins import canonical
from drystone.registry import Registry, Request
from drystone.registry.optouts import NEVER_BLOCKED
from drystone.sources import GitSource, parse_source
from drystone.sources.base import FILE, Limits, OpenRepository, RepositorySource
from drystone.sources.fetched import forget
from drystone.verification.base import covers


def list_of(registry: Registry, request: Request, text: str, cache: Path) -> tuple[str, int]:
    """List the contents of one source for a request; return the source's name and how many contents are new.

    What was fetched into `cache` for this alone does not stay. Raises `UsageError` where the source is none, or where
    there is nothing to list.
    """
    source = parse_source(text)
    if not isinstance(source, RepositorySource):
        raise UsageError(f"{text}: is a collection of repositories; name the repository itself")
    names = {canonical(place) for place in source.places}
    listed = contents_of(source, cache, Limits(), _prefixes(request, names), near=request.near)
    new = len(listed.blobs - registry.optouts.copies_of(request.id) - NEVER_BLOCKED)
    registry.optouts.block(request.id, listed.blobs | listed.forms, "the repository", listed.samples)
    in_force = registry.optouts.snapshot()
    forget(cache, lambda place: canonical(place) in names or in_force.repository(place) is not None)
    return source.spec, new


class ListedContents(NamedTuple):
    """Contents by their ids (20 bytes), the ids of their texts in plain form, and by id a sample of what tells those
    that contain them.
    """

    blobs: set[bytes]
    forms: set[bytes]
    samples: dict[bytes, bytes]


def contents_of(
    source: RepositorySource, cache: Path, limits: Limits, prefixes: Sequence[bytes] = (), *, near: bool = False
) -> ListedContents:
    """Return by what copies of a repository's contents are told; it is read once for this.

    Of a git repository these are the files of all its history. With `prefixes` they are those of the revision that is
    there, at or below one of these paths. Of each file both its bytes count and its text in any form. Files that are
    too large, damaged or no text are known by their bytes alone. `near` also asks for samples of the texts of the
    revision that is there, by which files that contain them are known.
    """
    source.fetch(cache)
    found = ListedContents(set(), set(), {})
    with source.open(cache, limits) as opened:
        here: set[bytes] = set()
        for entry in opened.entries():
            inside = any(entry.path == prefix or entry.path.startswith(prefix + b"/") for prefix in prefixes)
            if entry.kind == FILE and entry.blob is not None and (inside or not prefixes):
                here.add(entry.blob)
                if entry.data is not None:
                    _take(found, entry.blob, entry.data, near=near)
        every = here if prefixes or not isinstance(source, GitSource) else here | source.contents(cache)
        found.blobs.update(every)
        if source.random_access:
            for blob in sorted(every):
                data = _read(opened, blob, limits)
                if data is not None:
                    _take(found, blob, data, near=near and blob in here)
    return found


def _take(found: ListedContents, blob: bytes, data: bytes, *, near: bool) -> None:
    found.forms.update(plain_ids(data))
    text = decode(data).text if near else None
    taken = sample(text) if text is not None else b""
    if taken:
        found.samples[blob] = taken


def _read(opened: OpenRepository, blob: bytes, limits: Limits) -> bytes | None:
    """Return the bytes of a blob; None of one that is damaged or over the limit, whose id is known anyway."""
    try:
        (data,) = opened.read([blob])
    except SourceError:
        return None
    return data if len(data) <= limits.max_file_bytes else None


def _prefixes(request: Request, names: set[str]) -> list[bytes]:
    """Return the paths of a source that a request is about; none where it is about the whole of it.

    What lies at a place that no subject names is taken for what all of them name: a copy of it from elsewhere.
    """
    named = [s for s in request.subjects if any(covers(name, [(s.kind, s.value)]) for name in names)]
    chosen = named or request.subjects
    if any(subject.kind in ("owner", "repository", "author") for subject in chosen):
        return []
    prefixes = [subject.prefix.encode() for subject in chosen if subject.prefix is not None]
    if not prefixes:
        raise UsageError(f"{request.id}: names contents by SWHID, which fall wherever they lie; nothing is to list")
    return prefixes
