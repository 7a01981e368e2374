"""Which repositories go for which, in whatever order they come; what a retraction leaves of pairs and histories."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import drystone
from drystone.building.repositories.alike import COLLAPSED, REPORTED, collapse
from drystone.registry.requests import subjects
from drystone.release.checking.verify import verify
from drystone.release.read import Release, open_release
from drystone.work.store import Stage
from tests.building.repositories.conftest import build, table
from tests.building.test_retract import ask


def test_nothing_is_collapsed_into_what_is_collapsed_itself(tmp_path: Path) -> None:
    pairs = [(1, 0, 0.9), (2, 1, 0.95), (3, 1, 0.9), (3, 0, 0.75), (4, 0, 0.69)]
    rows = [{"other": other, "one": one, "share": share} for other, one, share in pairs]
    pq.write_table(pa.Table.from_pylist(rows, REPORTED), tmp_path / "pairs.parquet")
    collapse(Stage(tmp_path), "all", [tmp_path / "pairs.parquet"], 0.7)
    found = pq.read_table(tmp_path / "all.parquet", schema=COLLAPSED).to_pylist()
    # 2 is only like 1, which goes itself; 4 is not like enough.
    assert [(row["repository"], row["one"]) for row in found] == [(1, 0), (3, 0)]


def test_an_order_of_sources_and_a_work_folder_change_nothing(home: Path, collapsed: Release, tmp_path: Path) -> None:
    settings = {"repository_duplicates": {"action": "collapse"}, "release": {"history": True}}
    assert build(home, tmp_path / "again", **settings, backwards=True).root == collapsed.root


def test_what_falls_is_in_no_pair_and_no_history(collapsed: Release, tmp_path: Path) -> None:
    registry = tmp_path / "registry.sqlite"
    drystone.init_registry(str(registry))
    shutil.copytree(collapsed.path, tmp_path / "release")
    ask(registry, subjects.repository("https://forge.example/acme/fork"))
    ask(registry, subjects.path("https://forge.example/acme/upstream", "src/later.py"))
    drystone.retract([str(tmp_path / "release")], registry=str(registry))
    left = open_release(tmp_path / "release")
    assert not verify(left.path).problems
    assert not [row for row in table(left, "repository_duplicates") if "fork" in row["origin"] + row["other_origin"]]
    history = table(left, "history")
    assert "https://forge.example/acme/fork" not in {row["origin"] for row in history}
    paths = {each["path"] for row in history for each in row["changes"]}
    assert "/src/later.py" not in paths
    before = {each["path"] for row in table(collapsed, "history") for each in row["changes"]}
    assert "/src/later.py" in before
