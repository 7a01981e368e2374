"""The histories of a release: what git tells of real repositories, redacted, and read again by file."""

from __future__ import annotations

from pathlib import Path

import pytest

import drystone
from drystone.errors import ReleaseError
from drystone.release.read import Release
from tests.building.conftest import git
from tests.building.repositories.conftest import table


def test_histories_are_those_of_git(home: Path, collapsed: Release) -> None:
    history = table(collapsed, "history")
    assert {row["origin"].rpartition("/")[2] for row in history} == {
        "upstream",
        "mirror.git",
        "fork",
        "copy",
        "vendoring",
    }
    mine = [row for row in history if row["origin"].endswith("/upstream")]
    assert [row["revision_id"] for row in mine] == git(home / "upstream", "rev-list", "--reverse", "HEAD").split()
    assert [row["generation"] for row in mine] == [1, 2, 3]
    assert mine[1]["parents"] == [mine[0]["revision_id"]]
    assert mine[0]["message"] == "Begin\n\nSigned-off-by: <NAME> <<EMAIL>>\n"
    assert all(len(each) == 64 for row in mine for each in row["author"])
    assert "Grace" not in repr(history)
    changed = {(c["change"], c["before_path"], c["path"]) for c in mine[1]["changes"]}
    assert changed == {
        ("renamed", "/src/arch.py", "/src/vault.py"),
        ("changed", "/src/beam.py", "/src/beam.py"),
        ("removed", "/src/door.py", "/src/door.py"),
    }
    blobs = git(home / "upstream", "ls-tree", "-r", "HEAD~2").split("\n")
    added = {c["path"][1:]: c["content_id"] for c in mine[0]["changes"]}
    assert added == {line.split("\t")[1]: line.split()[2] for line in blobs if line}


def test_a_file_is_followed_under_both_of_its_names(collapsed: Release) -> None:
    found = drystone.history(collapsed, "upstream:src/vault.py")
    assert [(each.change, each.path) for each in found] == [("renamed", "/src/vault.py"), ("added", "/src/arch.py")]
    with pytest.raises(ReleaseError, match="no revision of this release changed"):
        drystone.history(collapsed, "upstream:nowhere.py")
