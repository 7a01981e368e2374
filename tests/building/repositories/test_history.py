"""The histories of a release: what git tells of real repositories, redacted, and read again by file."""

from __future__ import annotations

from pathlib import Path

import pytest

import drystone
from drystone import building as room
from drystone.building.settings import Settings
from drystone.errors import ReleaseError
from drystone.registry.requests import subjects
from drystone.release.checking.verify import verify
from drystone.release.read import Release, open_release
from drystone.sources import GitSource
from drystone.work.engine import Engine
from tests.building.conftest import git
from tests.building.repositories.conftest import table
from tests.building.test_retract import ask


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


def test_a_path_that_is_out_is_in_no_history_of_a_fork_either(home: Path, tmp_path: Path) -> None:
    registry = tmp_path / "registry.sqlite"
    drystone.init_registry(str(registry))
    upstream, fork = "https://forge.example/acme/upstream", "https://forge.example/other/fork"
    ask(registry, subjects.path(upstream, "src/beam.py"))
    sources = [
        GitSource(home / "upstream", about={"origin": upstream}),
        GitSource(home / "fork", about={"origin": fork, "metadata": {"forked_from": upstream}}),
    ]
    settings = Settings.model_validate({"release": {"history": True}, "registry": str(registry)})
    room.build(settings, sources, tmp_path / "out", Engine(threads=1))
    changes = [
        (row["origin"], c["path"]) for row in table(open_release(tmp_path / "out"), "history") for c in row["changes"]
    ]
    assert {(upstream, "/src/vault.py"), (fork, "/src/vault.py")} <= set(changes)
    assert not {(upstream, "/src/beam.py"), (fork, "/src/beam.py")} & set(changes)


def test_a_retraction_silences_revisions_of_an_author_as_a_build_does(home: Path, tmp_path: Path) -> None:
    work = tmp_path / "walls"
    git(tmp_path, "clone", "-q", str(home / "upstream"), "walls")
    (work / "src/own.py").write_text("own = 1\n")
    git(work, "add", "-A")
    git(work, "commit", "-q", "--author=Bea <bea@example.org>", "-m", "Bea's words")
    git(work, "commit", "-q", "--allow-empty", "-m", "After")
    registry, out = tmp_path / "registry.sqlite", tmp_path / "out"
    drystone.init_registry(str(registry))
    settings = Settings.model_validate({"release": {"history": True}, "registry": str(registry)})
    sources = [GitSource(work, about={"origin": "https://forge.example/acme/walls"})]
    room.build(settings, sources, out, Engine(threads=1))
    assert "Bea's words\n" in {row["message"] for row in table(open_release(out), "history")}
    (author,) = subjects.author("bea@example.org")
    ask(registry, author)
    drystone.retract([str(out)], registry=str(registry))
    retracted = table(open_release(out), "history")
    assert not verify(out).problems
    room.build(settings, sources, tmp_path / "anew", Engine(threads=1))
    assert retracted == table(open_release(tmp_path / "anew"), "history")
    (silent,) = [row for row in retracted if row["message"] is None]
    assert (silent["author"], silent["changes"]) == (None, [])
