"""A release in an object store, moto's S3 server on loopback, is searched as one in a folder."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from drystone.errors import ReleaseError
from drystone.release.location import Bucket
from drystone.release.read import Release, open_release
from drystone.search import index
from drystone.search.occurrences import ledger
from drystone.search.remote import ahead
from drystone.search.remote.objects import RemoteFile, RemoteRelease, Wanted, fetch, is_url, open_remote, read_ranges
from drystone.search.search import Searcher
from tests.release.sample import FACTS, Row, sample_rows, write_sample
from tests.store import local_store

pytest.importorskip("s3fs", reason="the extra `s3` is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def url(release: Release) -> Iterator[str]:
    with local_store() as bucket:
        place = Bucket(f"{bucket}/searched", release.path)
        for path in sorted(release.path.rglob("*")):
            if path.is_file():
                place.put(path.relative_to(release.path).as_posix())
        yield f"{bucket}/searched"


@pytest.fixture
def remote(url: str) -> RemoteRelease:
    return open_remote(url)


@pytest.mark.parametrize(
    "query",
    ["get_queryset", "content:import", "content:zzqxv", "lang:python /def \\w+_\\w+/", "-content:e", "sym:Second",
     "content:/[a-z]+[0-9]+x/", "file:toml", "lang:toml or content:needle", "content:/.{300}/", "foo|(bar|class)_"],
)  # fmt: skip
def test_what_is_found_is_what_a_folder_finds(searcher: Searcher, remote: RemoteRelease, query: str) -> None:
    far = Searcher([remote])
    here = {(one.path, one.swhid, one.lines, one.why) for one in searcher.search(query, limit=None, context=1)}
    answer = far.search(query, limit=None, context=1)
    assert {(one.path, one.swhid, one.lines, one.why) for one in answer} == here
    assert answer.exact
    assert {one.path for one in far.search(query, limit=3, lines=0)} <= {one[0] for one in here}


@pytest.mark.parametrize("texts", [[], [b"a\n"]], ids=["no file", "no trigram"])
def test_where_no_text_has_a_trigram_none_is_found(url: str, tmp_path: Path, texts: list[bytes]) -> None:
    write_sample(tmp_path / "r", [Row("own/a", f"/{at}.md", text, "Markdown") for at, text in enumerate(texts)])
    index.build(open_release(tmp_path / "r"))
    place = Bucket(few := f"{url}-{len(texts)}", tmp_path / "r")
    for path in (tmp_path / "r").rglob("*"):
        if path.is_file():
            place.put(path.relative_to(tmp_path / "r").as_posix())
    far = Searcher([open_remote(few)])
    for query, count in (("content:import", 0), ("foo|(bar|class)_", 0), ("content:a", min(1, len(texts)))):
        answer = far.search(query)
        assert (len(list(answer)), answer.exact) == (count, True)


def test_pages_that_come_in_many_rounds_are_all_looked_at(
    searcher: Searcher, remote: RemoteRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One page at first, then two at a time while others are looked at, with room for one."""
    monkeypatch.setattr(ahead, "_FIRST", 1)
    monkeypatch.setattr(ahead, "_LATER", 2)
    far = Searcher([remote], memory=1)
    for query in ("content:import", "content:e", "get_queryset"):
        assert far.table(query)[1].equals(searcher.table(query)[1])


def test_passages_and_tables_too(searcher: Searcher, remote: RemoteRelease) -> None:
    far = Searcher([remote])
    assert [p[3:] for p in map(_facts, far.passages("parse json", where="lang:python"))] == [
        p[3:] for p in map(_facts, searcher.passages("parse json", where="lang:python"))
    ]
    assert far.table("content:import")[1].num_rows == searcher.table("content:import")[1].num_rows


def test_the_ledger_and_other_places_too(release: Release, remote: RemoteRelease) -> None:
    query = "kept:no content:import"
    here, there = (ledger.search([one], query, limit=None, lines=3) for one in (release, remote))
    assert list(there) == list(here) != []
    assert (there.occurrences, there.without_text) == (here.occurrences, here.without_text)
    found = [list(Searcher([one]).search("content:click", limit=None, places=3)) for one in (release, remote)]
    assert found[0] == found[1]
    assert any(one.places for one in found[1])


def test_what_a_version_in_a_store_lost_is_told(url: str, remote: RemoteRelease, tmp_path: Path) -> None:
    facts = FACTS.model_copy(update={"version": "0.9.0"})
    write_sample(
        tmp_path / "old", [*sample_rows()[:40], Row("own/gone", "/gone.py", b"needle_gone = 1\n", "Python")], facts
    )
    old = open_release(tmp_path / "old")
    index.build(old)
    (found,) = Searcher([old, remote]).search("content:needle_gone")
    assert found.lost is not None
    assert (found.lost.by, found.lost.version) == ("repository_missing", "1.0.0")


def _facts(passage: object) -> tuple[object, ...]:
    return tuple(getattr(passage, name) for name in ("release", "version", "origin", "path", "lines", "text", "score"))


class Counted:
    """A bucket that counts rounds and requests."""

    def __init__(self, bucket: Bucket, patch: pytest.MonkeyPatch) -> None:
        self.rounds: list[int] = []
        before = bucket.ranges

        def ranges(names: Sequence[str], starts: Sequence[int], ends: Sequence[int]) -> list[bytes]:
            self.rounds.append(len(names))
            return before(names, starts, ends)

        patch.setattr(bucket, "ranges", ranges)


def test_a_query_takes_few_rounds_and_a_second_one_fewer(
    remote: RemoteRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(remote.bucket, monkeypatch)
    far = Searcher([remote])
    assert len(counted.rounds) == 1  # the beginnings of all segments
    assert list(far.search("case:yes content:get_queryset", lines=0))
    assert len(counted.rounds) <= 5
    first = len(counted.rounds)
    assert list(far.search("case:yes content:get_queryset", lines=0))
    assert len(counted.rounds) == first
    assert list(far.search("lang:cobol content:import")) == []
    assert len(counted.rounds) == first  # columns say that there is nothing


def test_ranges_near_each_other_are_one_request(remote: RemoteRelease, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(remote.bucket, monkeypatch)
    (file, *_) = remote.release.manifest.index
    data = read_ranges(
        remote.bucket, [Wanted(file.path, 0, 17), Wanted(file.path, 100, 5), Wanted("manifest.json", 0, 1)]
    )
    assert counted.rounds == [2]
    assert [bytes(one) for one in data][1:] == [(remote.bucket.fetch(file.path)).read_bytes()[100:105], b"{"]
    kept = RemoteFile(remote.bucket, file.path, file.bytes)
    fetch([(kept, [(0, 10), (file.bytes - 1, 1)])])
    fetch([(kept, [(3, 4)])])
    assert sum(counted.rounds) <= 4
    assert bytes(kept.view[:17]) == (remote.bucket.mirror / file.path).read_bytes()[:17]


def test_what_is_missing_or_cut_off_is_told(url: str, remote: RemoteRelease, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="is not a release"):
        open_remote(url + "/nothing")
    (file, *_) = remote.release.manifest.index
    with pytest.raises(ReleaseError, match="cut off"):
        read_ranges(remote.bucket, [Wanted(file.path, file.bytes - 2, 5)])
    with pytest.raises(ReleaseError, match="index/none"):
        read_ranges(remote.bucket, [Wanted("index/none", 0, 5)])


def test_ranges_go_by_signed_addresses_and_else_by_the_client(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "fsspec.http")
    place = Bucket(url, tmp_path)
    odd = "data/C++ & é/a b%20.bin"
    (tmp_path / odd).parent.mkdir(parents=True)
    (tmp_path / odd).write_bytes(bytes(range(100)))
    place.put(odd)
    with monkeypatch.context() as patch:
        patch.setattr(place._files, "cat_ranges", None)
        assert place.ranges([odd, odd], [3, 90], [5, 100]) == [bytes([3, 4]), bytes(range(90, 100))]
    told = [record.getMessage() for record in caplog.records if record.name != "werkzeug"]  # the store's own
    assert not [line for line in told if "Signature" in line], "whoever reads a log cannot read the objects"
    with pytest.raises(ReleaseError, match=r"nothing\.bin"):
        place.ranges([odd, "data/nothing.bin"], [0, 0], [1, 1])
    assert place.ranges([odd], [7], [8]) == [b"\7"]
    place = Bucket(url, tmp_path)
    monkeypatch.setattr(place._files, "sign", None)  # no keys to sign with
    assert place.ranges([odd], [7], [8]) == [b"\7"]
    place.remove(odd)


def test_a_shard_that_was_changed_in_the_store_is_told(remote: RemoteRelease, monkeypatch: pytest.MonkeyPatch) -> None:
    before = remote.bucket.ranges

    def other(names: Sequence[str], starts: Sequence[int], ends: Sequence[int]) -> list[bytes]:
        found = before(names, starts, ends)
        return [bytes(len(d)) if n.startswith("data/") else d for n, d in zip(names, found, strict=True)]

    monkeypatch.setattr(remote.bucket, "ranges", other)
    with pytest.raises(ReleaseError, match="does not hold the text"):
        list(Searcher([remote]).search("content:import"))


def test_urls_are_told_from_folders() -> None:
    assert is_url("s3://walls/x")
    assert not is_url("releases/x")
    assert not is_url("file:///x")
    assert not is_url(Path("s3://x"))


def test_the_command_line_searches_a_url(url: str) -> None:
    from click.testing import CliRunner

    from drystone.cli import cli

    done = CliRunner().invoke(cli, ["search", url, "case:yes content:get_queryset", "-l"])
    assert done.exit_code == 0, done.output
    assert "/defines.py" in done.output
