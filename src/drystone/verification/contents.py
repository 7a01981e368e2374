"""The contents of what a request takes out, listed once, so that copies of them elsewhere are known.

Knows nothing of builds: what is listed stands in the registry.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from drystone.errors import UsageError
from drystone.identity.origins import canonical
from drystone.registry import Registry, Request
from drystone.sources import GitSource, parse_source
from drystone.sources.base import FILE, Limits, RepositorySource
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
    contents = contents_of(source, cache, Limits(), _prefixes(request, names))
    new = registry.optouts.block(request.id, contents, "the repository")
    in_force = registry.optouts.snapshot()
    forget(cache, lambda place: canonical(place) in names or in_force.repository(place) is not None)
    return source.spec, new


def contents_of(source: RepositorySource, cache: Path, limits: Limits, prefixes: Sequence[bytes] = ()) -> set[bytes]:
    """Return the ids of all contents of a repository, read once so that its copies can be told.

    Of a git repository these are the files of all its history, by the hashes that git has of them: none is read. With
    `prefixes` they are those of the revision that is there, at or below one of these paths.
    """
    source.fetch(cache)
    if prefixes:
        with source.open(cache, limits) as opened:
            return {
                entry.blob
                for entry in opened.entries()
                if entry.kind == FILE and entry.blob is not None
                if any(entry.path == prefix or entry.path.startswith(prefix + b"/") for prefix in prefixes)
            }
    if isinstance(source, GitSource):
        return source.contents(cache)
    with source.open(cache, limits) as opened:
        return {entry.blob for entry in opened.entries() if entry.kind == FILE and entry.blob is not None}


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
