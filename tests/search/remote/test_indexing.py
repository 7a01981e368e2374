from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import drystone
from drystone.cli import cli
from drystone.errors import ReleaseError
from drystone.release.location import Bucket
from drystone.release.read import open_release
from drystone.search.index import build
from drystone.search.indexes import pieces
from tests.release.sample import sample_rows, write_sample
from tests.store import local_store

pytest.importorskip("s3fs", reason="the extra `s3` is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    with local_store() as bucket:
        yield bucket


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release in a folder, of which every shard has a segment of its own."""
    monkeypatch.setattr(pieces, "SEGMENT_BYTES", 1)
    write_sample(tmp_path / "release", sample_rows())
    return tmp_path / "release"


@pytest.fixture
def url(here: Path, store: str, tmp_path: Path) -> str:
    """The same in a store."""
    url = f"{store}/{tmp_path.parent.name}/{tmp_path.name}"
    place = Bucket(url, here)
    for path in sorted(here.rglob("*")):
        if path.is_file():
            place.put(path.relative_to(here).as_posix())
    return url


def everything(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def downloaded(url: str, folder: Path) -> dict[str, bytes]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    place = Bucket(url, folder)
    for name in place.names():
        place.fetch(name)
    return everything(folder)


def test_an_index_in_a_store_is_that_of_a_folder(here: Path, url: str, tmp_path: Path) -> None:
    build(open_release(here))
    told: list[tuple[int, int]] = []
    made = drystone.index_release(url, progress=lambda *done: told.append(done))
    assert downloaded(url, tmp_path / "fetched") == everything(here)
    assert made.built == made.segments > 1
    assert told[-1][0] == told[-1][1] == made.text_bytes
    again = drystone.index_release(url)
    assert again == made._replace(built=0, built_bytes=0)
    assert downloaded(url, tmp_path / "fetched") == everything(here)


def test_a_dry_run_writes_nothing(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = downloaded(url, tmp_path / "fetched")
    cli.main(["index", url, "--dry-run"], standalone_mode=False)
    assert "Nothing was written" in capsys.readouterr().out
    assert downloaded(url, tmp_path / "fetched") == before


def test_a_run_that_was_stopped_goes_on(here: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(open_release(here))
    put = Bucket.put

    def stopped(self: Bucket, name: str, target: str | None = None) -> None:
        if name == "manifest.json":
            raise KeyboardInterrupt
        put(self, name, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Bucket, "put", stopped)
        drystone.index_release(url)
    assert drystone.index_release(url).built == 0
    assert downloaded(url, tmp_path / "fetched") == everything(here)


def test_what_an_index_no_longer_needs_is_removed(here: Path, url: str, tmp_path: Path) -> None:
    place = Bucket(url, here)
    (here / "index").mkdir()
    (here / "index" / f"{'0' * 64}.segment").write_bytes(b"of another version")
    place.put(f"index/{'0' * 64}.segment")
    drystone.index_release(url)
    assert f"index/{'0' * 64}.segment" not in downloaded(url, tmp_path / "fetched")


def test_a_release_that_changes_meanwhile_keeps_its_manifest(url: str, tmp_path: Path) -> None:
    write_sample(tmp_path / "other", sample_rows()[:-3])
    other = Bucket(url, tmp_path / "other")

    def change(done: int, whole: int) -> None:
        if done == whole:
            other.put("manifest.json")

    with pytest.raises(ReleaseError, match="has become another version meanwhile"):
        drystone.index_release(url, progress=change)
    assert downloaded(url, tmp_path / "fetched")["manifest.json"] == (tmp_path / "other/manifest.json").read_bytes()


def test_what_is_no_release(store: str) -> None:
    with pytest.raises(ReleaseError, match=r"has no manifest\.json, so it is not a release"):
        drystone.index_release(f"{store}/nothing")
