"""Sixth stage: near duplicates among the candidates. Lends the near-duplicate room this build's engine and texts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow.parquet as pq

from drystone.building.stages.contents import Contents, Extent
from drystone.building.stages.decide import CANDIDATES
from drystone.building.stages.tables import NEAR
from drystone.building.stages.text import to_text
from drystone.dedup import near
from drystone.errors import BuildError
from drystone.work.ranges import read
from drystone.work.remote.mirror import here, opened, size
from drystone.work.store import Stage, write_atomically, write_table
from drystone.work.tasks import Runner

#: Texts read at a time; neighbours in a pack or repository are read together.
_CHUNK: Final = 256


@dataclass
class Texts:
    """Gives a candidate's text by its id. `candidates[i]` holds range i of the ids, sorted. Picklable."""

    candidates: Sequence[Path]
    contents: Contents
    _ranges: OrderedDict[int, dict[bytes, tuple[Extent, bool]]] = field(default_factory=OrderedDict, repr=False)

    def __call__(self, ids: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the text of each id, in order."""
        wanted = iter(ids)
        while chunk := [self._place(id_) for id_ in islice(wanted, _CHUNK)]:
            order = sorted(range(len(chunk)), key=chunk.__getitem__)
            texts: list[bytes] = [b""] * len(chunk)
            for index, data in zip(order, self.contents.read(chunk[i][0] for i in order), strict=True):
                place, notebook = chunk[index]
                decoded, _ = to_text(data, notebook)
                if decoded.text is None:
                    raise BuildError(f"swh:1:cnt:{place.id.hex()}: was text before, but now {decoded.reason}")
                texts[index] = decoded.text
            yield from texts

    def _place(self, id_: bytes) -> tuple[Extent, bool]:
        index = int.from_bytes(id_[:4], "big") * len(self.candidates) >> 32
        places = self._ranges.get(index)
        if places is None:
            columns = ("id", "partition", "repository", "offset", "size", "notebook")
            rows = read([self.candidates[index]], CANDIDATES, columns).to_pylist()
            places = {
                r["id"]: (Extent(r["partition"], r["repository"], r["offset"], r["size"], r["id"]), r["notebook"])
                for r in rows
            }
            self._ranges[index] = places
            if len(self._ranges) > 16:
                self._ranges.popitem(last=False)
        return places[id_]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_ranges": OrderedDict()}


def find_near_duplicates(
    run: Runner,
    folder: Path,
    stage: Stage,
    items: list[Path],
    candidates: Sequence[Path],
    contents: Contents,
    method: near.Method,
) -> list[Path]:
    """Find near duplicates among the candidates; return the files of what was found (NEAR), by id.

    Beside each of them lies `dropped.parquet` with what was dropped, by the id of the file that was kept for it.

    What the last build in this store, which lies in `folder`, has measured by the same method is not measured again.
    """
    out = stage.file("near.parquet")
    found = stage.file("found.parquet")
    latest = folder / "near-duplicates.json"
    if stage.summary("near") is None:
        previous = _previous(latest, method)
        summary = near.decide(items, found, method, Texts(candidates, contents), run, stage.folder, previous)
        table = opened(found, pq.read_table).cast(NEAR)
        write_table(out, table)
        dropped = table.filter(table.column("kept_id").is_valid()).sort_by([("kept_id", "ascending")])
        write_table(stage.file("dropped.parquet"), dropped, row_group=4096)
        stage.finish("near", dict(summary))
    record = {"items": [str(item) for item in items], "decisions": str(found), "method": method.describe()}
    write_atomically(latest, lambda path: path.write_bytes(orjson.dumps(record)))
    return [out]


def _previous(latest: Path, method: near.Method) -> near.Previous | None:
    """Return the last build's near-duplicate run, where it was made by this method and its files are still there."""
    if not here(latest).exists():
        return None
    record = orjson.loads(latest.read_bytes())
    files = [Path(item) for item in record["items"]]
    decisions = Path(record["decisions"])
    if record["method"] != method.describe() or any(size(file) is None for file in [*files, decisions]):
        return None
    return near.Previous(files, decisions, record["method"])
