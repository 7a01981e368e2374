"""The verb of licences: one policy by name, and identifiers that are allowed or denied besides."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.errors import ReleaseError, UsageError
from drystone.policy.verbs import licenses
from tests.release.sample import sample_rows, write_sample


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verbs") / "release"
    rows = sample_rows()
    for number, row in enumerate(row for row in rows if row.dropped is None):
        row.license = ("MIT", "MPL-2.0")[number % 2]
    write_sample(folder, rows)
    return folder


def test_the_default_takes_what_is_permissive_only(release: Path) -> None:
    assert licenses(release).distributable == "no"
    assert licenses(release, allow=["MPL-2.0"]).distributable == "yes"
    assert licenses(release, policy="stack-v2", allow=["MPL-2.0"], deny=["MIT"]).distributable == "no"


def test_an_identifier_that_is_none_is_said_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="MITT"):
        licenses(tmp_path, allow=["MITT"])
    with pytest.raises(ReleaseError, match="not a release"):
        licenses(tmp_path)
