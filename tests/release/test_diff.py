from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from drystone.errors import ReleaseError
from drystone.release.inspection.diff import Change, Delta, diff
from drystone.release.read import open_release
from tests.release.sample import FACTS, Row, sample_rows, write_sample


def newer(folder: Path) -> None:
    """Five files gone, one new, some decided differently, one with another licence."""
    rows = [r for r in sample_rows() if "rich/p" not in r.path or r.dropped]
    for row in rows:
        if row.path.startswith("/rich/co") and row.dropped is None:
            row.dropped = "quality.too_long"
        if row.path == "/bare.py":
            row.license = "Apache-2.0"
    rows.append(Row("own/special", "/new.py", b"print(1)\n", "Python"))
    facts = FACTS.model_copy(update={"version": "1.1.0", "configuration": {"profile": "other"}})
    write_sample(folder, rows, facts)


@pytest.fixture(scope="module")
def both(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("newer") / "r"
    newer(folder)
    return sample_release, folder


def test_every_change_is_told_once(both: tuple[Path, Path]) -> None:
    changes: list[Change] = []
    found = diff(*map(open_release, both), each=changes.append)
    told = {(c.kind, c.path): c for c in changes}
    assert len(told) == len(changes) == sum(found.changes.values())
    gone = {r.path for r in sample_rows() if "rich/p" in r.path and not r.dropped}
    assert {path for kind, path in told if kind == "removed"} == gone
    assert [path for kind, path in told if kind == "added"] == ["/new.py"]
    dropped = told["changed", "/rich/console.py"]
    assert dropped.old == {"decision": "kept", "stage": "release", "reason": None}
    assert dropped.new == {"decision": "dropped", "stage": "quality", "reason": "too_long"}
    licence = told["changed", "/bare.py"]
    assert licence.new == {"decision": "kept", "license_type": "permissive", "license_expression": "Apache-2.0"}


def test_totals_are_those_of_the_rows(both: tuple[Path, Path]) -> None:
    found = diff(*map(open_release, both))
    old, new = (open_release(path).manifest.counts for path in both)
    assert (found.kept.old_files, found.kept.new_files) == (old.kept, new.kept)
    assert found.languages.keys() == {"Python"}
    assert found.licenses.keys() == {"MIT", "none found", "Apache-2.0"}
    assert found.licenses["Apache-2.0"] == Delta(0, 1, 0, 17)
    assert found.repositories.keys() == {"https://example.org/pypi/rich", "https://example.org/own/special"}
    assert found.reasons.keys() == {"quality: too_long"}
    assert found.configuration == [
        "configuration.near_duplicates.threshold: 0.7 -> (not set)",
        "configuration.profile: sample -> other",
    ]
    assert found.same_files > 0


def test_a_release_does_not_differ_from_itself(sample_release: Path) -> None:
    found = diff(open_release(sample_release), open_release(sample_release))
    assert set(found.changes.values()) == {0}
    assert found.new_files == 0
    assert (found.languages, found.licenses, found.repositories, found.reasons) == ({}, {}, {}, {})


def test_the_other_way_round(both: tuple[Path, Path]) -> None:
    there, back = (diff(*map(open_release, order)) for order in (both, both[::-1]))
    assert there.changes == {
        "added": back.changes["removed"],
        "removed": back.changes["added"],
        "changed": back.changes["changed"],
    }


def test_an_unsorted_ledger_is_a_clear_error(release_copy: Path) -> None:
    release = open_release(release_copy)
    path = release_copy / release.manifest.of_kind("ledger")[0].path
    pq.write_table(pq.read_table(path).sort_by([("path", "descending")]), path)
    with pytest.raises(ReleaseError, match="is not sorted; run drystone verify"):
        diff(release, release)
