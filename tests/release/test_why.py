from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from drystone.errors import ReleaseError, UsageError
from drystone.identity.swhid import Swhid
from drystone.release.inspection.paths import path_mask
from drystone.release.inspection.why import archive_link, explain, find, folder_lookup
from drystone.release.read import Release, open_release
from tests.release.sample import Row, repository_id, sample_rows


@pytest.fixture(scope="module")
def release(sample_release: Path) -> Release:
    return open_release(sample_release)


def paths(release: Release, query: str) -> list[str]:
    return [row["path"] for row in find(release, query)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("/rich/pretty.py", ["/rich/pretty.py"]),
        ("rich/pretty.py", ["/rich/pretty.py"]),
        ("pretty.py", ["/rich/pretty.py"]),
        ("pypi/rich:rich/pretty.py", ["/rich/pretty.py"]),
        ("pypi/rich:/rich/p*y.py", ["/rich/pretty.py"]),
        ("https://example.org/pypi/rich:pretty.py", ["/rich/pretty.py"]),
        (f"{repository_id('pypi/rich')[:12]}:pretty.py", ["/rich/pretty.py"]),
        ("/rich/[p]retty.p?", ["/rich/pretty.py"]),
        ('quo"te\\back\tslash.md', ['/quo"te\\back\tslash.md']),
        ("emoji \U0001f600.py", ["/emoji \U0001f600.py"]),
        ("*/star.m", ["/star.m"]),
        ("own/special:*.m", ["/other.m", "/star.m"]),
    ],
)
def test_occurrences_are_found_by_path(release: Release, query: str, found: list[str]) -> None:
    assert paths(release, query) == found


@pytest.mark.parametrize(
    "query", ["retty.py", "pypi/click:pretty.py", "nothing:*", "swh:1:cnt:" + "0" * 40, "[", "*[z-a]*", "(", ""]
)
def test_nothing_found_is_a_clear_error(release: Release, query: str) -> None:
    with pytest.raises((ReleaseError, UsageError), match=r"no occurrence matches|is not a glob"):
        find(release, query)


def test_a_swhid_finds_all_copies(release: Release) -> None:
    copy = next(r for r in sample_rows() if r.dropped and "exact" in r.dropped and r.data)
    rows = find(release, f"{copy.swhid};origin=https://example.org/x;lines=1-2")
    assert {r["decision"] for r in rows} == {"kept", "dropped"}
    assert len(rows) == sum(r.swhid == copy.swhid for r in sample_rows())


def test_the_limit_holds(release: Release) -> None:
    assert len(find(release, "*", limit=7)) == 7


def test_a_kept_file_shows_its_shard_and_evidence(release: Release) -> None:
    decision = explain(release, find(release, "secret.py")[0])
    assert decision.ledger["decision"] == "kept"
    assert decision.file is not None
    assert decision.file["license_evidence"][0]["path"] == "/LICENSE"
    assert decision.file["redactions"][0]["kind"] == "key"
    assert "content" not in decision.file
    assert decision.repository is not None
    assert decision.repository["repo_name"] == "own/special"


def test_a_dropped_file_shows_reason_and_evidence(release: Release) -> None:
    decision = explain(release, find(release, "gpl.py")[0])
    assert (decision.ledger["stage"], decision.ledger["reason"]) == ("license", "non_permissive_license")
    assert decision.evidence == {"bytes": 35}
    assert (decision.file, decision.standing, decision.diff) == (None, None, None)


def test_a_copy_shows_what_stands_for_it_even_if_that_was_dropped(release: Release) -> None:
    row = next(r for r in sample_rows() if r.path == "/empty.py")
    assert row.like is not None
    decision = explain(release, find(release, "empty.py")[0])
    assert decision.standing is not None
    assert decision.standing["path"] == row.like.path
    assert decision.standing["decision"] == "dropped"
    assert decision.file is None


def near() -> Row:
    return next(r for r in sample_rows() if r.similarity is not None)


def test_a_near_duplicate_shows_the_kept_file_and_a_diff(release: Release) -> None:
    row = near()
    assert row.like is not None
    (found,) = find(release, row.path)
    decision = explain(release, found, lookup={row.swhid: row.data}.get)
    assert decision.file is not None
    assert decision.file["path"] == row.like.path
    assert decision.ledger["similarity"] == 0.97
    assert decision.diff is not None
    assert [line for line in decision.diff.splitlines() if line.startswith("+")][-1] == "+# one line more"
    assert not any(line.startswith("-") for line in decision.diff.splitlines()[2:])


def test_a_diff_that_cannot_be_had_says_why(release: Release) -> None:
    row = near()
    (found,) = find(release, row.path)
    for lookup in (None, lambda _: None):
        decision = explain(release, found, lookup=lookup)
        assert decision.diff is None
        assert "is not part of the release" in str(decision.diff_missing)
    decision = explain(release, found, lookup=lambda _: b"x" * 2_000_000)
    assert "larger than" in str(decision.diff_missing)
    long = explain(release, found, lookup=lambda _: b"\n".join(b"%d" % n for n in range(5000)))
    assert str(long.diff).endswith("... (cut)")


def test_a_folder_gives_only_what_the_swhid_names(tmp_path: Path) -> None:
    row = near()
    (tmp_path / "click").mkdir()
    file = tmp_path / row.path.lstrip("/")
    file.write_bytes(row.data + b"x")
    lookup = folder_lookup(tmp_path, row.path)
    assert lookup(row.swhid) is None
    file.write_bytes(row.data)
    assert lookup(row.swhid) == row.data
    assert folder_lookup(tmp_path / "click", row.path)(row.swhid) == row.data
    outside = folder_lookup(tmp_path / "click", "/../" + row.path.lstrip("/"))
    assert outside(row.swhid) == row.data  # by its name in the folder, never above it
    (tmp_path / "empty").mkdir()
    assert folder_lookup(tmp_path / "empty", "/../" + row.path.lstrip("/"))(row.swhid) is None


@pytest.mark.parametrize(
    ("kind", "origin", "size", "names"),
    [
        ("software-heritage", "https://example.org/x", 5, "origin visit anchor path"),
        ("table", "https://github.com/a/b", 5, "origin visit anchor path"),
        ("git", "https://github.com/a/b", 5, "origin anchor path"),
        ("git", "git@example.org:a/b", 5, "origin anchor path"),
        ("git", "git:b", 5, None),
        ("git", "http://127.0.0.1:8000/a/b", 5, None),
        ("git", "ssh://git@forge.internal/a/b", 5, None),
        ("git", "https://forge/a/b", 5, None),
        ("pypi", "pypi:flask==3.1.2", 5, ""),
        ("npm", "npm:left-pad@1.3.0", 5, ""),
        ("folder", "folder:b", 5, None),
        ("archive", "archive:b.tar.gz", 5, None),
        ("archive", "https://example.org/b.tar.gz", 5, ""),
        ("table", "https://github.com/a/b", 200 * 1024**2, None),
    ],
)
def test_a_link_names_what_the_archive_can_have(
    release: Release, kind: str, origin: str, size: int, names: str | None
) -> None:
    row = {**find(release, "/rich/pretty.py")[0], "origin": origin, "size": size}
    repository = {**(release.repository(row["repository_id"]) or {}), "kind": kind}
    swhid = Swhid("cnt", "1" * 40, origin, Swhid("snp", "2" * 40), Swhid("rev", "3" * 40), b"/a.py")
    found = archive_link(swhid, row, repository)  # type: ignore[arg-type]
    shown = None if found is None else " ".join(part.split("=")[0] for part in found.split(";")[1:])
    assert shown == names


def test_a_path_with_brackets_is_taken_as_it_stands() -> None:
    paths_ = pa.chunked_array(
        [["/app/[slug]/page.tsx", "/app/s/page.tsx", "/web/app/[slug]/page.tsx", "/a*b.py", "/axb.py"]]
    )
    assert path_mask(paths_, "app/[slug]/page.tsx").to_pylist() == [True, True, True, False, False]
    assert path_mask(paths_, "/a*b.py").to_pylist() == [False, False, False, True, True]
