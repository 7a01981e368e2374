"""Whether the kept files of a release can be passed on under one policy: yes, no, or nobody can say."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.errors import ReleaseError
from drystone.policy.compatibility import POLICIES, licenses_of_release
from drystone.policy.licenses import BLUE_OAK, STACK_V2, LicensePolicy
from tests.release.sample import sample_rows, write_sample


def release(folder: Path, *expressions: str | None) -> Path:
    """Write a release of which the kept files stand under these licences in turn."""
    rows = sample_rows()
    kept = [row for row in rows if row.dropped is None]
    for number, row in enumerate(kept):
        row.license = expressions[number % len(expressions)]
    write_sample(folder, rows)
    return folder


def test_only_kept_files_count(tmp_path: Path) -> None:
    found = licenses_of_release(release(tmp_path / "r", "MIT"), BLUE_OAK)
    kept = sum(row.dropped is None for row in sample_rows())
    assert (found.kept, found.without_license, found.distributable) == (kept, 0, "yes")
    assert [(used.license, used.files, used.alone) for used in found.licenses] == [("MIT", kept, kept)]
    assert found.as_dict()["licenses"][0]["asks"]["notice"] == "yes"


@pytest.mark.parametrize(
    ("expressions", "policy", "answer"),
    [
        (("MIT", "ISC"), BLUE_OAK, "yes"),
        (("MIT", None), STACK_V2, "yes"),
        (("MIT", None), BLUE_OAK, "unknown"),
        (("MIT", "LicenseRef-scancode-dco-1.1"), BLUE_OAK, "unknown"),
        (("MIT", "LicenseRef-of-our-own"), BLUE_OAK, "unknown"),
        (("MIT", "GPL-2.0-only"), BLUE_OAK, "no"),
        (("MIT", "GPL-2.0-only", None), BLUE_OAK, "no"),
        (("MIT", "ISC"), LicensePolicy(deny=("ISC",)), "no"),
    ],
)
def test_yes_no_and_unknown(
    tmp_path: Path, expressions: tuple[str | None, ...], policy: LicensePolicy, answer: str
) -> None:
    found = licenses_of_release(release(tmp_path / "r", *expressions), policy)
    assert found.distributable == answer
    assert bool(found.refused) == (answer == "no")
    for obstacle in (*found.refused, *found.unknown):
        assert obstacle.example.startswith("https://example.org/")
        assert obstacle.files > 0


def test_the_policies_by_name_are_the_two_that_are_documented() -> None:
    assert POLICIES == {"permissive": BLUE_OAK, "stack-v2": STACK_V2}


def test_a_folder_that_is_no_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="not a release"):
        licenses_of_release(tmp_path)
    folder = release(tmp_path / "r", "MIT")
    next(iter(folder.glob("ledger/*.parquet"))).write_bytes(b"no parquet")
    with pytest.raises(ReleaseError, match="not a readable Parquet file"):
        licenses_of_release(folder)
