"""Mirrors, forks and copies among real git repositories: found, measured, collapsed, told."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import drystone
from drystone.cli import cli
from drystone.errors import ReleaseError
from drystone.release.read import Release
from tests.building.repositories.conftest import build, table


def test_pairs_are_measured_and_most_of_the_same_goes(home: Path, collapsed: Release, tmp_path: Path) -> None:
    release = collapsed
    pairs = {
        (row["origin"].rpartition("/")[2], row["other_origin"].rpartition("/")[2]): row
        for row in table(release, "repository_duplicates")
    }
    assert {pair: row["relation"] for pair, row in pairs.items() if pair[1] == "upstream"} == {
        ("mirror.git", "upstream"): "mirror",
        ("fork", "upstream"): "fork",
        ("copy", "upstream"): "copy",
    }
    assert not any("vendoring" in pair for pair in pairs)  # three files of eleven, and a licence that all have
    fork = pairs["fork", "upstream"]
    assert (fork["files"], fork["other_files"], fork["common_files"]) == (9, 9, 8)
    assert (fork["revisions"], fork["other_revisions"], fork["common_revisions"]) == (3, 3, 2)
    assert fork["share"] == pytest.approx(8 / 9)
    assert fork["similarity"] == pytest.approx(8 / 10)
    mirror = pairs["mirror.git", "upstream"]
    assert (mirror["common_files"], mirror["files"], mirror["share"]) == (7, 9, pytest.approx(7 / 9))
    assert pairs["copy", "upstream"]["common_revisions"] == 0
    assert {pair[0]: row["decision"] for pair, row in pairs.items() if pair[1] == "upstream"} == dict.fromkeys(
        ("mirror.git", "fork", "copy"), "collapsed"
    )
    # A collapsed one keeps a row for each of its files, which names the one that is preferred; nothing of it is kept.
    rows = [row for t in release.ledger() for row in t.to_pylist()]
    own = next(row for row in rows if row["path"] == "/src/own.py")
    assert (own["stage"], own["reason"]) == ("repository_duplicates", "repository_duplicate")
    upstream = next(r for r in table(release, "repositories") if r["origin"].endswith("/upstream"))
    assert upstream["repository_id"] in own["evidence"]
    assert {r["origin"].rpartition("/")[2] for r in rows if r["decision"] == "kept"} == {"upstream", "vendoring"}
    reported = build(home, tmp_path / "report", repository_duplicates={"action": "report"})
    kept = {
        row["origin"].rpartition("/")[2]
        for t in reported.ledger()
        for row in t.to_pylist()
        if row["decision"] == "kept"
    }
    assert "fork" in kept
    assert {row["decision"] for row in table(reported, "repository_duplicates")} == {"kept"}

    with pytest.raises(ReleaseError, match="has no histories"):
        drystone.history(reported, "upstream:src/vault.py")
    shown = CliRunner().invoke(cli, ["why", str(release.path), "fork:src/own.py"], catch_exceptions=False)
    assert "https://forge.example/acme/upstream, which has most of its repository" in shown.output
    counted = drystone.stats(release)
    assert counted.repository_duplicates is not None
    assert counted.repository_duplicates["fork"][1] == 1
    assert counted.repositories == {"read": 5}
