"""The laws of places where releases lie, for every kind of them: a folder, S3 (moto's server), fsspec's memory.

A new kind gets an opener in `KINDS` and passes these, or says why not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from drystone.errors import ReleaseError
from drystone.release.location import Bucket, Folder, Location
from tests.store import local_store

fsspec = pytest.importorskip("fsspec", reason="the extra `s3` is not installed")
# Their own warnings, when sockets are left to the garbage collector, say nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")

#: Opens the same place anew, with a mirror of its own where it has one.
Open = Callable[[], Location]


class Place(NamedTuple):
    kind: str
    open: Open


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    with local_store() as url:
        yield url


@pytest.fixture(params=["folder", "s3", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    number = iter(range(1000))

    def mirror() -> Path:
        folder = tmp_path / f"mirror-{next(number)}"
        folder.mkdir()
        return folder

    if request.param == "folder":
        (tmp_path / "wall").mkdir()
        yield Place("folder", lambda: Folder(tmp_path / "wall"))
    elif request.param == "memory":
        yield Place("memory", lambda: Bucket(f"memory://wall{tmp_path}", mirror()))
        fsspec.filesystem("memory").rm(f"/wall{tmp_path}", recursive=True)
    else:
        store = request.getfixturevalue("store")
        yield Place("s3", lambda: Bucket(f"{store}{tmp_path}", mirror()))


def put(location: Location, name: str, data: bytes, target: str | None = None) -> None:
    path = location.mirror / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    location.put(name, target)


NAMES = ("README.md", "data/Python/train-00000-of-00001.parquet", "ledger/a b+c=d&e%20.parquet", "ledger/\u00e9.json")


def test_what_was_put_is_listed_and_fetched_by_whoever_opens_it_next(place: Place) -> None:
    first = place.open()
    for number, name in enumerate(NAMES):
        put(first, name, bytes([number]) * (number * 100_000))
    second = place.open()
    assert second.names() == sorted(NAMES)
    assert [second.fetch(name).read_bytes() for name in NAMES] == [
        bytes([n]) * (n * 100_000) for n in range(len(NAMES))
    ]


def test_an_empty_place_lists_nothing(place: Place) -> None:
    put(place.open(), "x", b"1")  # the place is there
    place.open().remove("x")
    assert place.open().names() == []


def test_a_file_that_is_not_there_is_told_by_a_path_to_nothing(place: Place) -> None:
    location = place.open()
    put(location, "x", b"1")
    assert not location.fetch("y").exists()
    assert not list(location.mirror.glob("y*")), "half a file stays behind"


def test_put_replaces(place: Place) -> None:
    put(place.open(), "manifest.json", b"one, and longer")
    put(place.open(), "manifest.json", b"two")
    assert place.open().fetch("manifest.json").read_bytes() == b"two"
    assert place.open().names() == ["manifest.json"]


def test_put_under_another_name_moves_it_there(place: Place) -> None:
    location = place.open()
    put(location, "manifest.json", b"one")
    put(location, ".next/manifest.json", b"two", "manifest.json")
    assert location.fetch("manifest.json").read_bytes() == b"two"
    assert place.open().names() == ["manifest.json"]
    assert place.open().fetch("manifest.json").read_bytes() == b"two"


def test_put_into_a_folder_that_was_not_there(place: Place) -> None:
    location = place.open()
    put(location, "x.part", b"1", "a/b/c")
    assert place.open().names() == ["a/b/c"]


def test_a_removed_file_is_gone_and_its_neighbours_are_not(place: Place) -> None:
    location = place.open()
    for name in ("data/a", "data/ab", "b"):
        put(location, name, b"1")
    location.remove("data/a")
    assert place.open().names() == ["b", "data/ab"]
    assert not location.fetch("data/a").exists()
    location.remove("data/a")  # once more is no error
    location.remove("never/there")
    assert place.open().names() == ["b", "data/ab"]


@pytest.mark.parametrize("place", ["s3", "memory"], indirect=True)  # a folder is its own mirror
def test_a_fetched_file_is_the_readers_own(place: Place) -> None:
    put(place.open(), "x", b"1")
    reader = place.open()
    reader.fetch("x").write_bytes(b"2")
    assert place.open().fetch("x").read_bytes() == b"1"
    # Fetched once: a second fetch is the same file.
    put(place.open(), "x", b"3")
    assert reader.fetch("x").read_bytes() == b"2"


def test_an_error_names_the_file(place: Place, tmp_path: Path) -> None:
    location = place.open()
    put(location, "x", b"1")
    if place.kind == "folder":
        (tmp_path / "wall/y").write_bytes(b"a file where a folder must stand")
        with pytest.raises(ReleaseError, match="y/z"):
            put_there(location)
        return
    with pytest.raises(ReleaseError, match="never-written"):
        location.put("never-written")


def put_there(location: Location) -> None:
    (location.mirror / "z").write_bytes(b"1")
    location.put("z", "y/z")


def test_its_name_shows_no_password() -> None:
    assert Bucket("memory://user:secret@wall/x", Path()).name == "memory://wall/x"
