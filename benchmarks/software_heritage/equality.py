"""A build over a Software Heritage export beside one over the same repositories through the git source.

    python -m benchmarks.software_heritage.equality

Real repositories are made of real source distributions (`repositories`), loaded and exported by Software Heritage's
own loader and exporter (`tests/oracles/make_swh_export.py`) in an environment of their own; nothing is taken as given:
every row of both ledgers, data and repositories is compared.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.builds import workplace
from benchmarks.harness import Figure, main, peer
from benchmarks.software_heritage.repositories import ALL, make
from drystone import building
from drystone.building.settings import Settings
from drystone.release.read import Release, open_release
from drystone.sources import GitSource, SoftwareHeritage, Source
from drystone.sources.base import Collection
from drystone.work.engine import Engine

_REQUIREMENTS: Final = Path(__file__).parents[2] / "tests/oracles/swh-export-requirements.txt"
_RECIPE: Final = _REQUIREMENTS.with_name("make_swh_export.py")
#: What only one of the two knows: the kind of source, when the archive visited, authors (hashed in an export) and
#: messages, and how a branch was chosen.
_OWN: Final = frozenset({"kind", "visit_date", "metadata"})


def build(sources: list[Source | Collection], folder: Path) -> Release:
    """Build `sources` into `folder/release`, everything kept out of it in `folder` too."""
    building.build(Settings(), sources, folder / "release", Engine(threads=2))
    return open_release(folder / "release")


def occurrences(release: Release) -> Counter[str]:
    """Return every row of the ledger, in full."""
    return Counter(repr(sorted(row.items())) for row in _rows(release.ledger()))


def kept(release: Release) -> Counter[str]:
    """Return every row of the data with its content, without what only one of two sources can know."""
    return Counter(repr(sorted((k, v) for k, v in row.items() if k not in _OWN)) for row in _rows(release.data()))


def repositories(release: Release) -> dict[str, dict[str, Any]]:
    """Return what is said of each repository, without what only one of two sources can know."""
    return {row["origin"]: {k: v for k, v in row.items() if k not in _OWN} for row in _rows(release.repositories())}


def _rows(tables: Iterator[Any]) -> Iterator[dict[str, Any]]:
    for table in tables:
        yield from table.to_pylist()


def figures(quick: bool) -> list[Figure]:
    """Export real repositories, build both ways, and compare every occurrence."""
    recipes = ALL[:6] if quick else ALL
    python = peer("swh-export", _REQUIREMENTS.read_text().split())
    with workplace() as folder:
        (folder / "git").mkdir()
        paths = [make(recipe, folder / "git", number) for number, recipe in enumerate(recipes)]
        named = [f"{recipe.origin}={path}" for recipe, path in zip(recipes, paths, strict=True)]
        subprocess.run([python, _RECIPE, folder / "export", *named], check=True)
        (folder / "by-git").mkdir()
        (folder / "by-export").mkdir()
        by_git = build([GitSource(path=path) for path in paths], folder / "by-git")
        export = SoftwareHeritage(str(folder / "export/orc"), "export")
        by_export = build([export], folder / "by-export")
        here, there = occurrences(by_git), occurrences(by_export)
        equal = sum((here & there).values())
        rows, data = here.total(), kept(by_git)
        same_data = (data & kept(by_export)).total() / max(1, data.total())
        same_repositories = sum(
            repositories(by_export).get(origin) == row for origin, row in repositories(by_git).items()
        )
    return [
        Figure("repositories compared", len(recipes), "repositories", None if quick else 20),
        Figure(
            "occurrences equal to the git source",
            equal / max(rows, there.total()),
            "share",
            1,
            note=f"{equal:,} of {rows:,} rows of the ledger, {there.total():,} from the export",
        ),
        Figure("kept files equal, with content", same_data, "share", 1, note=f"{data.total():,} files"),
        Figure("repositories equal", same_repositories / len(recipes), "share", 1),
    ]


if __name__ == "__main__":
    main(figures)
