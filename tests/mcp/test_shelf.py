"""What is served: releases by name, as they are now."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drystone.errors import ModelError, ReleaseError, UsageError
from drystone.mcp.shapes import ReadArguments, SearchArguments
from drystone.mcp.shelf import ReleaseShelf
from drystone.mcp.stopping import Stop
from drystone.mcp.tools import read, search
from drystone.reader import Reader
from drystone.release.read import open_release
from drystone.search import index
from tests.release.sample import Row, write_sample


def no_reader() -> Reader:
    raise ModelError("there is no such model")


def test_nothing_and_what_is_no_release_cannot_be_served(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name at least one release"):
        ReleaseShelf([], no_reader)
    with pytest.raises(ReleaseError, match="not a release"):
        ReleaseShelf([tmp_path], no_reader)


def test_releases_are_served_by_the_names_of_their_folders(release: Path, tmp_path: Path) -> None:
    shutil.copytree(release, tmp_path / "stones")
    shelf = ReleaseShelf([release, tmp_path / "stones"], no_reader)
    assert shelf.names == ["stones", "stones-2"]
    assert list(shelf.open("stones-2").releases) == ["stones-2"]
    assert shelf.open() is shelf.open()
    with pytest.raises(UsageError, match="served are stones, stones-2"):
        shelf.open("other")
    with pytest.raises(ModelError):
        shelf.reader()


def test_a_retraction_is_followed_without_a_restart(tmp_path: Path, stop: Stop) -> None:
    folder = tmp_path / "stones"
    rows = [Row("own/a", "/gone.py", b"vanishing = 1\n", "Python"), Row("own/b", "/b.py", b"staying = 1\n", "Python"),
            Row("own/b", "/more.py", b"staying = 2\n", "Python")]  # fmt: skip
    write_sample(folder, rows)
    index.build(open_release(folder))
    shelf = ReleaseShelf([folder], no_reader)
    first = search(shelf, SearchArguments(query="ing", limit=1), stop).data
    assert first["next"]
    assert "vanishing" in read(shelf, ReadArguments(file="gone.py"), stop).text
    shutil.rmtree(folder)
    write_sample(folder, rows[1:])
    with pytest.raises(ReleaseError, match="drystone index"):
        search(shelf, SearchArguments(query="vanishing"), stop)
    index.build(open_release(folder))
    assert search(shelf, SearchArguments(query="vanishing"), stop).data["results"] == []
    with pytest.raises(ReleaseError, match="no occurrence matches"):
        read(shelf, ReadArguments(file="gone.py"), stop)
    with pytest.raises(UsageError, match="a release has changed since"):
        search(shelf, SearchArguments(query="ing", limit=1, cursor=first["next"]), stop)
