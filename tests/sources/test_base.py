"""What sources share: ids, states, and the places by which a repository is known before it is opened."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from drystone.sources import ArchiveSource, FolderSource, GitSource, PypiSource, Repository, RepositorySource
from drystone.sources.base import SourceState

WALLS = Repository("https://example.org/walls", "git", "walls", "1" * 40, revision="2" * 40)


def test_a_repository_is_known_by_origin_revision_and_directory_alone() -> None:
    assert replace(WALLS, kind="archive", name="x", stars=7, visit_date=datetime(2026, 1, 1)).id == WALLS.id
    others = {replace(WALLS, **{name: "3"}).id for name in ("origin", "revision", "directory")}
    assert len(others | {WALLS.id}) == 4
    # No two fields run into each other.
    assert replace(WALLS, origin="a", revision="b").id != replace(WALLS, origin="ab", revision="").id


def test_states_are_equal_where_their_parts_are() -> None:
    parts = ("x", 1, ["a", b"\xff"], None)
    assert SourceState.of(5, *parts) == SourceState.of(5, *parts)
    assert SourceState.of(5, *parts).key == SourceState.of(6, *parts).key
    assert SourceState.of(5, *parts).key != SourceState.of(5, "x", 1, ["a", b"\xfe"], None).key
    assert SourceState.of(5, "a", "b").key != SourceState.of(5, "ab").key
    assert SourceState.of(5, "a\udcff").key  # a name that is no UTF-8


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (GitSource(url="https://example.org/mason/walls"), "https://example.org/mason/walls"),
        (GitSource(path=Path("walls")), None),
        (PypiSource("Walls", "1.0.0"), "pypi:walls==1.0.0"),
        (FolderSource(Path("/srv/walls")), "folder:walls"),
        (ArchiveSource(Path("/srv/walls.tar.gz")), "archive:walls.tar.gz"),
    ],
)
def test_what_the_user_says_comes_before_what_is_known(source: RepositorySource, place: str | None) -> None:
    known = [place] if place is not None else []
    assert source.place == place
    assert source.places == known
    said = replace(source, about={"origin": "https://example.org/said"})  # type: ignore[type-var]
    assert said.places == ["https://example.org/said", *known]
