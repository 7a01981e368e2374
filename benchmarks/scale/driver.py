"""What the process that plans a build holds of each repository, once it is listed."""

from __future__ import annotations

import tracemalloc

from benchmarks import builds
from benchmarks.harness import Figure
from benchmarks.scale.growth import write_sources
from drystone.building.stages import inventory
from drystone.sources import parse_source
from drystone.sources.base import Limits, RepositorySource
from drystone.work.store import Stage


def figures(quick: bool) -> list[Figure]:
    """Inventory folders, read what their inventories say as a build does, and weigh it."""
    count = 100 if quick else 1000
    with builds.workplace() as folder:
        stage = Stage(folder / "inventory")
        stage.folder.mkdir()
        for number, home in enumerate(write_sources(folder / "sources", count, 2)):
            source = parse_source(str(home))
            assert isinstance(source, RepositorySource)
            inventory.run(stage, f"{number:05d}", source, folder, Limits())
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        held = [repository for n in range(count) for repository in inventory.load_repositories(stage, f"{n:05d}")]
        weight = (tracemalloc.get_traced_memory()[0] - before) / len(held)
        tracemalloc.stop()
    near = "not built: one process holds the components of all documents"
    return [
        Figure("driver memory a repository", weight, "B", 60, 30, lower_is_better=True, note="a dict for each"),
        Figure("near-duplicate components in shards", None, "", 1, 1, note=near),
    ]
