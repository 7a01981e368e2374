"""The listing: every source once, in one order, and nothing of a repository that is out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from drystone.building.context import Build
from drystone.building.listing import list_occurrences
from drystone.building.settings import Settings
from drystone.errors import UsageError
from drystone.identity.origins import canonical
from drystone.registry import OptOuts
from drystone.sources import FolderSource, Source
from drystone.work.engine import Engine
from drystone.work.store import Store
from tests.building.conftest import program, write


@pytest.fixture
def folders(tmp_path: Path) -> list[Source]:
    for name in ("walls", "fences", "gates"):
        write(tmp_path / "sources" / name, {f"{name}.py": program(name), "shared.py": program("shared")})
    about = {name: {"origin": f"https://github.com/ann/{name}"} for name in ("walls", "fences", "gates")}
    return [FolderSource(tmp_path / "sources" / name, told) for name, told in about.items()]


def build(tmp_path: Path, sources: list[Source], **more: Any) -> Build:
    store = Store(tmp_path / "work")
    return Build(Settings(), sources, tmp_path / "release", Engine(threads=1), store, tmp_path / "cache", **more)


def test_order_and_repetition_of_sources_do_not_matter(folders: list[Source], tmp_path: Path) -> None:
    found = list_occurrences(build(tmp_path, folders))
    again = list_occurrences(build(tmp_path, [*folders[::-1], folders[0]]))
    assert (found.partitions, found.repositories, found.rows) == (again.partitions, again.repositories, again.rows)
    assert found.rows == [2, 2, 2]
    assert [source.spec for source in found.sources] == sorted(source.spec for source in folders)
    assert [pq.read_metadata(file).num_rows for file in found.listings] == found.rows
    assert found.skip == [[], [], []]


def test_a_repository_that_is_out_is_counted_and_not_read(folders: list[Source], tmp_path: Path) -> None:
    request = "R-1"
    out = OptOuts(repositories={canonical("https://github.com/Ann/Walls"): request})
    shutil.rmtree(tmp_path / "sources/walls")  # whoever tried to read it would fail
    found = list_occurrences(build(tmp_path, folders, optouts=out))
    assert len(found.partitions) == 2
    assert list(found.out.values()) == [request]
    assert [(each.request, each.repositories) for each in found.applied] == [(request, 1)]


def test_no_sources_are_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name at least one"):
        list_occurrences(build(tmp_path, []))
