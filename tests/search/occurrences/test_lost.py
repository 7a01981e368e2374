"""What a later version lost, one case for each way of losing; retractions through real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.release.manifest import EarlierVersion
from drystone.release.read import Release, open_release
from drystone.search import index
from drystone.search.occurrences.lost import newest
from drystone.search.occurrences.shapes import LostFile
from drystone.search.search import Searcher
from tests.release.sample import FACTS, Row, write_sample


def code(word: str) -> bytes:
    return f"def {word}(needle):\n    return {word}_of_needle\n".encode()


def rows(*more: Row) -> list[Row]:
    """Rows that both versions have."""
    stays = [Row("own/a", f"/stays_{n}.py", code(f"stays_{n}"), "Python") for n in range(4)]
    return [*stays, *more]


OLD = [
    Row("own/a", "/changed.py", code("before"), "Python"),
    Row("own/a", "/changed_and_out.py", code("once"), "Python"),
    Row("own/a", "/denied.py", code("denied"), "Python"),
    Row("own/a", "/asked_out.py", code("asked"), "Python"),
    Row("own/a", "/copied.py", code("copied"), "Python"),
    Row("own/a", "/moved.py", code("moved"), "Python"),
    Row("own/a", "/moved_and_out.py", code("moved_out"), "Python"),
    Row("own/a", "/removed.py", code("removed"), "Python"),
    Row("own/b", "/gone.py", code("gone"), "Python"),
]
COPY = Row("own/c", "/copy.py", code("copied"), "Python")
NEW = [
    Row("own/a", "/changed.py", code("after"), "Python"),
    Row("own/a", "/changed_and_out.py", code("twice"), "Python", "quality.long_line"),
    Row("own/a", "/denied.py", code("denied"), "Python", "license.denied_license"),
    Row("own/a", "/asked_out.py", code("asked"), "Python", "opted_out.opted_out"),
    COPY,
    Row("own/a", "/copied.py", code("copied"), "Python", "exact_duplicates.exact_duplicate", like=COPY),
    Row("own/a", "/new/moved.py", code("moved"), "Python"),
    Row("own/a", "/new/out.py", code("moved_out"), "Python", "language.excluded_language"),
]


def release(folder: Path, version: str, of: list[Row], **facts: object) -> Release:
    write_sample(folder, of, FACTS.model_copy(update={"version": version, **facts}))
    made = open_release(folder)
    index.build(made)
    return open_release(folder)


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Release, Release]:
    home = tmp_path_factory.mktemp("versions")
    old = release(home / "old", "1.9.0", rows(*OLD))
    lineage = EarlierVersion(version="1.9.0", root=old.root)
    return old, release(home / "new", "1.10.0", rows(*NEW), previous=lineage)


@pytest.fixture(scope="module")
def lost(versions: tuple[Release, Release]) -> dict[str, LostFile | None]:
    found = list(Searcher(versions).search("content:needle", limit=None))
    assert {(one.version, one.path) for one in found if one.version == "1.10.0"} >= {("1.10.0", "/new/moved.py")}
    assert all(one.lost is None for one in found if one.version == "1.10.0")
    return {one.path: one.lost for one in found if one.version == "1.9.0"}


@pytest.mark.parametrize(
    ("path", "by", "reason", "text"),
    [
        ("/changed.py", "changed", None, "other bytes lie at its path"),
        ("/changed_and_out.py", "changed", "long_line", "which are dropped for long_line"),
        ("/denied.py", "dropped", "denied_license", "it is dropped for denied_license"),
        ("/asked_out.py", "opted_out", "opted_out", "it was opted out"),
        ("/copied.py", "duplicate", "exact_duplicate", "/copy.py stands for it"),
        ("/moved.py", "moved", None, "the same bytes lie at /new/moved.py"),
        ("/moved_and_out.py", "moved", "excluded_language", "at /new/out.py in it, which is dropped for"),
        ("/removed.py", "removed", None, "its repository has no such file any more"),
        ("/gone.py", "repository_missing", None, "it leaves out 2 opted-out repositories, which it does not name"),
    ],
)
def test_each_way_of_losing_is_told(
    lost: dict[str, LostFile | None], path: str, by: str, reason: str | None, text: str
) -> None:
    told = lost[path]
    assert told is not None
    assert (told.by, told.reason, told.version) == (by, reason, "1.10.0")
    assert text in told.text
    assert told.text.startswith("not in 1.10.0: ")
    if reason is not None:
        assert told.evidence == {"bytes": next(len(row.data) for row in NEW if row.dropped and reason in row.dropped)}


def test_what_stays_is_not_lost(lost: dict[str, LostFile | None]) -> None:
    assert [lost[f"/stays_{n}.py"] for n in range(4)] == [None] * 4


def test_one_version_alone_loses_nothing(versions: tuple[Release, Release]) -> None:
    assert all(one.lost is None for one in Searcher(versions[:1]).search("needle", limit=None))


def test_versions_are_compared_as_numbers_and_releases_by_name(
    versions: tuple[Release, Release], tmp_path: Path
) -> None:
    other = release(tmp_path / "other", "3.0.0", rows(), name="another")
    assert newest([versions[1], other, versions[0]]) == [None, None, 0]
    assert newest([versions[0], versions[0]]) == [None, None]


def test_how_many_other_places_there_are_is_told(versions: tuple[Release, Release]) -> None:
    found = {one.path: one for one in Searcher([versions[1]]).search("needle", limit=None, places=5)}
    assert found["/copy.py"].occurrences == 2
    assert [(o.path, o.kept, o.reason) for o in found["/copy.py"].places] == [("/copied.py", False, "exact_duplicate")]
    assert (found["/stays_0.py"].occurrences, found["/stays_0.py"].places) == (1, ())
