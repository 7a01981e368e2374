from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

import drystone
from drystone.errors import ReleaseError, UsageError
from drystone.release.inspection import lookup
from drystone.release.inspection.lookup import ReleaseIndex, open_index, parse
from tests.release.sample import Row, sample_rows, write_sample


@pytest.fixture(scope="module")
def index(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> ReleaseIndex:
    return open_index(sample_release, tmp_path_factory.mktemp("cache"))


def test_every_file_is_found_by_its_bytes_wherever_it_lies(index: ReleaseIndex) -> None:
    rows = sample_rows()
    by_id: dict[str, list] = {}
    for row in rows:
        by_id.setdefault(row.sha1, []).append(row)
    for sha1, same in by_id.items():
        answer = index.find(parse(f"swh:1:cnt:{sha1}"), limit=100)
        assert {(p.origin.removeprefix("https://example.org/"), p.path) for p in answer.places} == {
            (r.repository, r.path) for r in same
        }
        assert (answer.occurrences, answer.kept) == (len(same), sum(r.dropped is None for r in same))
    assert index.find(parse("swh:1:cnt:" + "0" * 40)).places == ()
    assert index.find(parse("swh:1:cnt:" + "f" * 40)).places == ()


def test_runs_of_any_size_give_the_same(
    sample_release: Path, index: ReleaseIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "_RUN_ROWS", 50)
    many = open_index(sample_release, tmp_path)
    assert len(list(tmp_path.glob("*/run-*.arrow"))) > 1
    for row in sample_rows()[:50]:
        query = parse(row.swhid)
        one, other = index.find(query, 100), many.find(query, 100)
        assert (one.occurrences, one.kept, set(one.places)) == (other.occurrences, other.kept, set(other.places))


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/pypi/click",
        "HTTPS://EXAMPLE.ORG/pypi/click.git/",
        "git@example.org:pypi/Click.git",
        "example.org/pypi/click",
    ],
)
def test_a_repository_is_found_however_it_is_written(index: ReleaseIndex, text: str) -> None:
    answer = index.find(parse(text))
    mine = [r for r in sample_rows() if r.repository == "pypi/click"]
    assert [p.origin for p in answer.places] == ["https://example.org/pypi/click"]
    assert (answer.repositories, answer.occurrences, answer.kept) == (
        1,
        len(mine),
        sum(r.dropped is None for r in mine),
    )


def test_an_owner_has_all_repositories_and_no_other_owners(index: ReleaseIndex) -> None:
    answer = index.find(parse("example.org/own"))
    assert {p.origin for p in answer.places} == {"https://example.org/own/arrow", "https://example.org/own/special"}
    assert index.find(parse("example.org/ow")).repositories == 0
    assert index.find(parse("nobody")).repositories == 0
    assert index.find(parse("example.org/own"), limit=1).repositories == 2


def test_directories_by_swhid(index: ReleaseIndex) -> None:
    sha1 = hashlib.sha1(b"pypi/click").hexdigest()
    assert index.find(parse(f"swh:1:dir:{sha1};origin=https://example.org")).repositories == 1
    assert index.find(parse(f"swh:1:rev:{sha1}")).repositories == 0


def test_the_index_is_built_once_and_for_each_version(release_copy: Path, tmp_path: Path) -> None:
    from drystone.building.retract import retract
    from tests.release.test_retract import Table

    cache = tmp_path / "cache"
    query = parse("https://example.org/pypi/click")
    assert open_index(release_copy, cache).find(query).kept
    (folder,) = cache.iterdir()
    stamp = folder.stat().st_mtime_ns
    open_index(release_copy, cache)
    assert [p.stat().st_mtime_ns for p in cache.iterdir()] == [stamp]
    retract([str(release_copy)], Table(("pypi/click",)), "head")
    answer = open_index(release_copy, cache).find(query)
    assert (answer.version, answer.repositories) == ("1.0.1", 0)


def test_what_cannot_be_asked(index: ReleaseIndex, sample_release: Path, tmp_path: Path) -> None:
    for text in ("", " ", "swh:1:snp:" + "0" * 40, "swh:1:cnt:zz", "a\0b", "x" * 5000):
        with pytest.raises(UsageError):
            parse(text)
    for text in ("'; drop table x;--", "../../etc/passwd", "<script>", "%00", "☃", "a/b/c/d/e"):
        assert index.find(parse(text)).repositories == 0
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(ReleaseError, match="see --cache"):
        open_index(sample_release, blocked)


@pytest.mark.parametrize("asked", ["{path}", "{end}", "{name}", "*/{name}", "{repository}:{path}", "*"])
def test_a_file_is_found_by_its_path_its_end_a_glob_and_its_name(index: ReleaseIndex, asked: str) -> None:
    row = next(r for r in sample_rows() if r.repository == "pypi/click" and r.path.count("/") > 2 and not r.dropped)
    end = "/".join(row.path.split("/")[-2:])
    text = asked.format(path=row.path, end=end, name=end.split("/")[1], repository="https://example.org/pypi/click")
    query, (answer,) = lookup.ask([index], parse(text), limit=10_000)
    assert query.kind == "path"
    assert ("https://example.org/pypi/click", row.path) in {(p.origin, p.path) for p in answer.places}
    files = [r for r in sample_rows() if r.sha1]
    named = {
        "{path}": lambda r: r.path.endswith(row.path),
        "{end}": lambda r: r.path.endswith("/" + end),
        "{repository}:{path}": lambda r: r.repository == row.repository and r.path.endswith(row.path),
        "*": lambda r: True,
    }.get(asked, lambda r: r.path.endswith("/" + end.split("/")[1]))
    expected = [r for r in files if named(r)]
    assert (answer.occurrences, answer.kept) == (len(expected), sum(r.dropped is None for r in expected))
    # Kept ones come first, and pages of any size show each place once.
    assert [p.kept for p in answer.places] == sorted((p.kept for p in answer.places), reverse=True)
    pages = [index.find(query, 3, offset=start).places for start in range(0, len(expected), 3)]
    assert tuple(place for page in pages for place in page) == answer.places


def test_a_file_that_is_not_there_is_an_error(sample_release: Path, tmp_path: Path) -> None:
    common = {"cache": tmp_path / "cache"}
    for text in ("./no-such.py", "../no-such.py", "~/no-such.py"):
        with pytest.raises(UsageError, match="there is no such file"):
            drystone.lookup([sample_release], text, **common)
    with pytest.raises(UsageError, match="is a folder; name a file"):
        drystone.lookup([sample_release], f"./{os.path.relpath(tmp_path)}", **common)
    inside = ("https://example.org/pypi/click:/no-such.py", "pypi:walls==1.0:/no-such.py")  # and not their repository
    for text in ("/no/such/file.py", "*.no-such", *inside):
        with pytest.raises(ReleaseError, match="no release has a file at such a path"):
            drystone.lookup([sample_release], text, **common)
    with pytest.raises(UsageError, match="colons and wildcards"):
        drystone.lookup([sample_release], "*" * 100, **common)
    # Whether an owner is in it is a question that may be answered with no.
    query, (answer,) = drystone.lookup([sample_release], "octocat", **common)
    assert (query.kind, answer.occurrences) == ("owner", 0)


def test_a_file_of_a_package_is_no_repository() -> None:
    assert parse("pypi:flask==3.0.3:/flask-3.0.3/README.md").kind == "path"
    for text in ("pypi:flask==3.0.3", "git@example.org:/a/b.git", "ssh://git@example.org:22/a/b", "git:/a/b"):
        assert parse(text).kind == "repository"


def test_folders_of_one_name_are_told_apart_and_found_by_the_end_of_their_path(tmp_path: Path) -> None:
    rows = [Row("git:a/repo", "/a.py", b"a = 1\n", "Python"), Row("git:b/repo", "/b.py", b"b = 2\n", "Python")]
    write_sample(tmp_path / "release", rows)
    found = open_index(tmp_path / "release", tmp_path / "cache")

    def origins(text: str) -> set[str]:
        return {place.origin for place in found.find(parse(text)).places}

    assert origins("git:a/repo") == origins("git:/home/ann/a/repo") == {"git:a/repo"}
    assert origins("git:repo") == {"git:a/repo", "git:b/repo"}
    assert origins("git:c/repo") == origins("git:epo") == origins("folder:repo") == set()
