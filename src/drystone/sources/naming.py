"""Origins that say which: names of local repositories that would otherwise be one.

Two folders called `repo` are `git:a/repo` and `git:b/repo` where both are sources. Reads no content.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from drystone.sources.base import RepositorySource


def told_apart(sources: Sequence[RepositorySource]) -> list[RepositorySource]:
    """Return the sources with an origin and a name for each local one that shares its folder's or file's with another.

    The name is as much of the end of the path as tells them apart. A source whose origin is given or known (a URL, a
    remote) stays as it is, and so do two references of one repository.
    """
    alike: dict[str, dict[Path, list[int]]] = defaultdict(lambda: defaultdict(list))
    for at, source in enumerate(sources):
        if (path := source.local) is not None:
            alike[f"{source.kind}:{_name(path)}"][path].append(at)
    named = list(sources)
    for group in alike.values():
        if len(group) > 1:
            for path, name in _names(list(group)).items():
                for at in group[path]:
                    named[at] = _named(sources[at], name)
    return named


def _name(path: Path) -> str:
    return path.name.removesuffix(".bundle").removesuffix(".git")


def _names(paths: list[Path]) -> dict[Path, str]:
    """Return the shortest ends of paths, with slashes, by which all are told apart."""
    for count in range(2, max(len(path.parts) for path in paths)):
        found = {path: "/".join([*path.parts[-count:-1], _name(path)]) for path in paths}
        if len(set(found.values())) == len(paths):
            return found
    return {path: str(path).lstrip("/") for path in paths}


def _named(source: RepositorySource, name: str) -> RepositorySource:
    about = {"name": name, **source.about, "origin": f"{source.kind}:{name}"}
    return cast("RepositorySource", replace(cast("Any", source), about=about))
