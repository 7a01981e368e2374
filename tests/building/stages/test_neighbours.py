"""Near duplicates of the candidates: found by their texts, and not measured again by the next build."""

from __future__ import annotations

from pathlib import Path

from drystone.building.stages.neighbours import Texts, find_near_duplicates
from drystone.building.stages.tables import NEAR
from drystone.work.store import Stage
from drystone.work.tasks import run_here
from tests.building.stages.conftest import METHOD, Line, rows_of


def test_a_file_that_is_nearly_another_names_it_and_how_alike_they_are(line: Line) -> None:
    paths = {row["id"]: row["path"] for row in rows_of(line.candidates)}
    dropped = [row for row in rows_of(*line.near) if row["kept_id"] is not None]
    assert list(dropped[0]) == NEAR.names
    pairs = {frozenset((paths[row["id"]], paths[row["kept_id"]])) for row in dropped}
    assert frozenset((b"walls/gather.py", b"fences/gather.py")) in pairs
    assert all(row["similarity"] >= METHOD.threshold for row in dropped)


def test_texts_come_in_the_order_in_which_they_are_asked_for(line: Line) -> None:
    candidates = rows_of(line.candidates)
    texts = Texts([line.candidates], line.contents)
    ids = [row["id"] for row in candidates]
    found = list(texts(reversed(ids)))
    assert list(texts(ids)) == found[::-1]
    assert [len(text) for text in found] == [row["bytes"] for row in reversed(candidates)]


def test_what_was_measured_is_not_measured_again(line: Line, tmp_path: Path) -> None:
    items = [line.candidates.with_name("v.near.parquet")]
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first, second = Stage(tmp_path / "first"), Stage(tmp_path / "second")
    find_near_duplicates(run_here, tmp_path, first, items, [line.candidates], line.contents, METHOD)
    find_near_duplicates(run_here, tmp_path, second, items, [line.candidates], line.contents, METHOD)
    assert rows_of(second.file("near.parquet")) == rows_of(first.file("near.parquet"))
    told = [stage.summary("near") for stage in (first, second)]
    assert told[0] is not None
    assert told[1] is not None
    assert told[0]["comparisons"] > 0
    assert told[1]["comparisons"] == 0
