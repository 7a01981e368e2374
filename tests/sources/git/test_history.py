from __future__ import annotations

from pathlib import Path

from drystone.sources.git.history import revisions
from tests.building.conftest import git, write


def test_a_history_is_read_as_git_prints_it(tmp_path: Path) -> None:
    """Paths with any bytes, merges, and a configuration that would run programs."""
    folder = tmp_path / "odd"
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "config", "log.showSignature", "true")
    git(folder, "config", "gpg.program", "/nonexistent/would-be-run")
    write(folder, {"a\n\x01b": "1", "plain": "2"})
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "Odd\n\n:100644 not a change")
    git(folder, "checkout", "-qb", "side")
    git(folder, "commit", "-q", "--allow-empty", "-m", "Empty")
    git(folder, "checkout", "-q", "main")
    git(folder, "merge", "-q", "--no-ff", "-m", "Merge", "side")
    found = list(revisions(folder, [git(folder, "rev-parse", "HEAD").strip()]))
    assert [each.message.strip() for each in found] == ["Odd\n\n:100644 not a change", "Empty", "Merge"]
    assert {(c.change, c.path) for c in found[0].changes} == {("added", b"a\n\x01b"), ("added", b"plain")}
    assert [len(each.changes) for each in found] == [2, 0, 0]
    assert len(found[2].parents) == 2
