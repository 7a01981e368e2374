"""Retraction in an object store: moto's S3 server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drystone.building.retract import retract
from drystone.building.verbs import verify as check
from drystone.errors import ReleaseError
from drystone.release.checking.verify import verify
from drystone.release.location import Bucket, open_location
from drystone.release.read import open_release
from drystone.search import index
from drystone.search.indexes import pieces
from drystone.search.search import Searcher
from tests.release.test_retract import Table, everything
from tests.store import local_store

pytest.importorskip("s3fs", reason="the extra `s3` is not installed")
# Their own warnings, when sockets are left to the garbage collector, say nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def bucket() -> Iterator[str]:
    with local_store() as url:
        yield url


def upload(release: Path, url: str) -> None:
    store = Bucket(url, release)
    for name in everything(release):
        store.put(name)


def download(url: str, folder: Path) -> Path:
    folder.mkdir()
    store = Bucket(url, folder)
    for name in store.names():
        store.fetch(name)
    return folder


def test_a_release_in_a_bucket_is_retracted_as_one_in_a_folder(bucket: str, release_copy: Path, tmp_path: Path) -> None:
    upload(release_copy, bucket)
    (here,) = retract([str(release_copy)], Table(("pypi/click",)), "head-2")
    (there,) = retract([bucket], Table(("pypi/click",)), "head-2")
    assert there.after == here.after
    fetched = download(bucket, tmp_path / "fetched")
    assert everything(fetched) == everything(release_copy)
    assert not verify(fetched).problems
    (again,) = retract([bucket], Table(("pypi/click",)), "head-2")
    assert again.done is None


def test_an_index_in_a_bucket_follows_as_one_in_a_folder(
    bucket: str, release_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the shards of segments that change are fetched; what falls is in nothing that lies there afterwards."""
    monkeypatch.setattr(pieces, "SEGMENT_BYTES", 1)
    index.build(open_release(release_copy))
    upload(release_copy, bucket)
    before = open_release(release_copy).manifest
    fetched: list[str] = []
    fetch = Bucket.fetch
    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "fetch", lambda self, name: [fetched.append(name), fetch(self, name)][1])
        (there,) = retract([bucket], Table(("pypi/click",)), "head-2")
    (here,) = retract([str(release_copy)], Table(("pypi/click",)), "head-2")
    assert there.after == here.after
    assert there.done is not None
    changed = {entry.place for entry in there.after.files} - {entry.place for entry in before.files}
    kept = {file.path for file in there.after.index} & {file.path for file in before.index}
    assert kept
    assert kept != {file.path for file in before.index}
    stays = {entry.place for entry in before.of_kind("data")} & {entry.place for entry in there.after.files}
    assert stays
    assert not stays & set(fetched)
    assert changed
    got = download(bucket, tmp_path / "fetched")
    assert everything(got) == everything(release_copy)
    assert check(got, deep=True).holds
    assert list(Searcher([open_release(got)]).search("repo:pypi/click")) == []


class _Cut(Exception):
    pass


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 1, 2])
def test_a_request_that_fails_leaves_one_whole_version(
    bucket: str, release_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    """The process ends before its n-th change to the bucket, for every third n; the next command brings it to rest."""
    roots = set()
    for step in range(first, 200, 3):
        url = f"{bucket}-{step}"
        upload(release_copy, url)
        seen = 0

        def counted(name: str, step: int = step) -> None:
            nonlocal seen
            original = getattr(Bucket, name)

            def call(self: Bucket, *arguments: str) -> None:
                nonlocal seen
                seen += 1
                if seen > step:
                    raise _Cut
                original(self, *arguments)

            patch.setattr(Bucket, name, call)

        with monkeypatch.context() as patch:
            counted("put")
            counted("remove")
            try:
                retract([url], Table(("own/special",)), "head-2")
            except _Cut:
                ended = False
            else:
                ended = True
        report = verify(download(url, tmp_path / f"{step}"), quick=step % 2 == 1)
        assert not report.problems, (step, report.examples)
        roots.add(report.root)
        if ended:
            break
        retract([url], Table(("own/special",)), "head-2")
        assert not verify(download(url, tmp_path / f"{step}-after"), quick=True).notes
    assert len(roots) == 2


def test_what_is_not_there(bucket: str) -> None:
    with pytest.raises(ReleaseError, match="not a release"):
        retract([bucket + "-nowhere"], Table(), "head")
    with pytest.raises(ReleaseError, match=r"s3://no-such-bucket-"), open_location("s3://no-such-bucket-9/x") as place:
        place.names()
        place.fetch("manifest.json").read_bytes()
