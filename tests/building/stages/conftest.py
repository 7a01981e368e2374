"""The stages of a build one after another, each called by itself: tests look at what each hands to the next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.building.settings import Settings, sources_from_arguments
from drystone.building.stages import annotate, decide, distinct, inventory, licensing, settle
from drystone.building.stages.contents import Contents
from drystone.building.stages.neighbours import find_near_duplicates
from drystone.building.stages.screening import Screens
from drystone.building.stages.tables import Member
from drystone.dedup import near
from drystone.detect.malware import Scanners
from drystone.policy.judge import Policies
from drystone.policy.licenses import BLUE_OAK
from drystone.sources.base import Limits, Readable
from drystone.work.ranges import id_range
from drystone.work.store import Stage
from drystone.work.tasks import run_here

#: Nothing without a licence, so that there is a file to drop for that.
POLICIES = Policies(licenses=BLUE_OAK)
METHOD = near.Method(0.7)
SECRETS = Settings().secret_settings
SCREENS = Screens(Scanners(), (), 1.0)


@dataclass
class Line:
    """What each stage wrote; `listed` and the like are one file for each partition, in the order of the sources."""

    folder: Path
    sources: list[Readable]
    inventory: Stage
    listed: list[Path]
    occurrences: Path
    blobs: list[Path]
    contents: Contents
    annotations: list[Path]
    names: list[Path]
    license_files: Path
    attribute_files: Path
    licensed: Path
    roots: dict[str, str | None]
    verdicts: Path
    candidates: Path
    near: list[Path]
    placed: Path
    ledger: Path
    rows: Path
    summaries: dict[str, Any]

    def repositories(self) -> list[inventory.Inventoried]:
        """Return what the inventory says of each repository."""
        return [inventory.load_repositories(self.inventory, f"p{at}")[0] for at in range(len(self.sources))]


def rows_of(*files: Path) -> list[dict[str, Any]]:
    """Return the rows of some tables."""
    return pa.concat_tables([pq.read_table(file) for file in files]).to_pylist()


@pytest.fixture(scope="session")
def line(sources: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Line:
    """Run every stage up to settling over the small real repositories of the room."""
    folder = tmp_path_factory.mktemp("stages")

    def stage(name: str) -> Stage:
        (folder / name).mkdir()
        return Stage(folder / name)

    read = [source for source in sources_from_arguments(tuple(map(str, sources))) if isinstance(source, Readable)]
    done: dict[str, Any] = {}
    lists, cache = stage("inventory"), folder / "cache"
    cache.mkdir()
    done["inventory"] = [inventory.run(lists, f"p{at}", each, cache, Limits()) for at, each in enumerate(read)]
    listed = [lists.file(f"p{at}.parquet") for at in range(len(read))]
    contents = Contents([lists.file(f"p{at}.pack") for at in range(len(read))], read, cache, Limits())

    found = stage("distinct")
    done["gather"] = distinct.gather(found, "g", listed, 0, len(listed))
    occurrences = found.file("g.parquet")
    done["distinct"] = distinct.run(found, "d", [occurrences], 0, 1)
    blobs = [found.file("d.parquet")]
    seen = stage("annotate")
    done["annotate"] = [
        annotate.run(seen, f"a{at}", blobs, contents, at, id_range(0, 1), SECRETS, METHOD, False, SCREENS)
        for at in range(len(read))
    ]
    annotations = [seen.file(f"a{at}.parquet") for at in range(len(read))]
    names = [seen.file(f"a{at}.names.parquet") for at in range(len(read))]

    collected, trees = stage("licenses"), stage("trees")
    done["collect"] = licensing.collect(collected, "l", [occurrences], annotations, 0, 1)
    members = [Member(f"p{at}", listed[at], []) for at in range(len(read))]
    files = [collected.file("l.parquet"), collected.file("l.attributes.parquet")]
    given = (members, 0, len(members), files[:1], files[1:])
    done["spread"] = licensing.spread(trees, "t", lists.folder, *given, "union", {})

    decided, settled = stage("decide"), stage("settle")
    tables = ([trees.file("t.parquet")], blobs, annotations, names)
    done["decide"] = decide.run(decided, "v", *tables, 0, 1, POLICIES, {}, "language", METHOD)
    candidates, items = [decided.file("v.candidates.parquet")], [decided.file("v.near.parquet")]
    alike = find_near_duplicates(run_here, folder, stage("near"), items, candidates, contents, METHOD)
    dropped = [alike[0].with_name("dropped.parquet")]
    done["place"] = settle.place(settled, "p", dropped, candidates, 0, 1)
    verdicts, placed = decided.file("v.parquet"), settled.file("p.parquet")
    done["settle"] = settle.run(settled, "s", verdicts, candidates[0], alike, [placed], 0, 1)
    return Line(
        folder=folder,
        sources=read,
        inventory=lists,
        listed=listed,
        occurrences=occurrences,
        blobs=blobs,
        contents=contents,
        annotations=annotations,
        names=names,
        license_files=files[0],
        attribute_files=files[1],
        licensed=tables[0][0],
        roots=done["spread"]["roots"],
        verdicts=verdicts,
        candidates=candidates[0],
        near=alike,
        placed=placed,
        ledger=settled.file("s.ledger.parquet"),
        rows=settled.file("s.rows.parquet"),
        summaries=done,
    )
