from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import drystone
from drystone.errors import ReleaseError, UsageError
from drystone.release.read import open_release
from tests.building.mixing.conftest import mix

SOME = "[budget]\nbytes = 60_000\n[only]\nlanguages = ['Python', 'C++', 'Markdown']"


def test_a_mixture_is_a_release_that_verifies_and_tells_what_it_leaves_out(whole: Path, tmp_path: Path) -> None:
    before = open_release(whole)
    made = mix(
        tmp_path / "a.toml",
        whole,
        SOME,
        seed=3,
    )
    report = drystone.verify(tmp_path / "a-out")
    assert report.holds, report.examples
    after = open_release(tmp_path / "a-out")
    assert after.root == made.manifest.root != before.root
    assert after.manifest.facts.lineage[0].root == before.root == made.of
    assert after.manifest.counts.occurrences == before.manifest.counts.occurrences
    assert {"Python", "C++"} <= set(after.languages) <= {"Python", "C++", "Markdown"}
    taken = {row["swhid"]: row["content"] for row in after.files()}
    assert taken.items() <= {row["swhid"]: row["content"] for row in before.files()}.items()
    assert 40_000 < after.manifest.counts.text_bytes <= 60_000
    reasons = Counter(
        row["reason"] for table in after.ledger() for row in table.to_pylist() if row["stage"] == "mixture"
    )
    assert reasons["over_budget"] > 100
    assert reasons["excluded_from_mixture"] > 3
    assert reasons["representative_not_in_mixture"]
    assert "| Python |" in (tmp_path / "a-out/CHANGELOG.md").read_text()
    again = mix(
        tmp_path / "b.toml",
        whole,
        SOME,
        seed=3,
    )
    assert again.manifest.root == made.manifest.root
    other = mix(
        tmp_path / "c.toml",
        whole,
        SOME,
        seed=4,
    )
    assert other.manifest.root != made.manifest.root


def test_a_folder_that_is_not_free_or_no_release_is_refused(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "a-out").mkdir()
    (tmp_path / "a-out/mine").write_text("x")
    with pytest.raises(UsageError, match="is not empty"):
        mix(tmp_path / "a.toml", whole)
    with pytest.raises(ReleaseError, match="is not a folder"):
        mix(tmp_path / "b.toml", tmp_path / "nothing")
