"""Files and branches that answer a challenge, and what a forger would try."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.verification import METHODS, NotVerifiedError
from tests.verification.conftest import CHALLENGE, NOTHING, commit, git


def test_a_file_on_the_default_branch(walls: Path) -> None:
    method = METHODS["file"]
    assert CHALLENGE.statement in method.instructions(CHALLENGE)
    with pytest.raises(NotVerifiedError, match="no file"):
        method.check(CHALLENGE, str(walls), NOTHING)
    git(walls, "checkout", "-qb", "other")
    commit(walls, ".drystone-opt-out", CHALLENGE.statement + "\n")
    git(walls, "checkout", "-q", "main")
    with pytest.raises(NotVerifiedError, match="no file"):
        method.check(CHALLENGE, str(walls), NOTHING)
    (walls / ".drystone-opt-out").write_text(CHALLENGE.statement)  # not committed
    with pytest.raises(NotVerifiedError, match="no file"):
        method.check(CHALLENGE, str(walls), NOTHING)
    commit(walls, ".drystone-opt-out", f"# mine\n{CHALLENGE.statement}  \n")
    evidence = method.check(CHALLENGE, str(walls), NOTHING)
    assert evidence["commit"] == git(walls, "rev-parse", "HEAD").strip()


@pytest.mark.parametrize(
    "text",
    ["", "drystone-opt-out R-OTHER " + "ab" * 16, CHALLENGE.statement + "0", "x " + CHALLENGE.statement,
     CHALLENGE.statement.upper(), "drystone-opt-out R-TEST", "\0" * 200_000],
    ids=["empty", "another's", "longer", "within a line", "upper case", "no secret", "binary"],
)  # fmt: skip
def test_a_forged_file_does_not_count(walls: Path, text: str) -> None:
    commit(walls, ".drystone-opt-out", text)
    with pytest.raises(NotVerifiedError):
        METHODS["file"].check(CHALLENGE, str(walls), NOTHING)


def test_a_link_or_a_folder_is_no_file(walls: Path) -> None:
    (walls / "statement").write_text(CHALLENGE.statement)
    (walls / ".drystone-opt-out").mkdir()
    commit(walls, ".drystone-opt-out/statement", CHALLENGE.statement)
    with pytest.raises(NotVerifiedError):
        METHODS["file"].check(CHALLENGE, str(walls), NOTHING)


def test_a_branch(walls: Path) -> None:
    method = METHODS["branch"]
    with pytest.raises(NotVerifiedError, match="no branch"):
        method.check(CHALLENGE, str(walls), NOTHING)
    name = f"drystone-opt-out-{CHALLENGE.nonce}"
    git(walls, "tag", name)
    git(walls, "update-ref", f"refs/pull/1/{name}", "HEAD")  # what anybody may push to some hosts
    git(walls, "branch", f"x/{name}")
    with pytest.raises(NotVerifiedError, match="no branch"):
        method.check(CHALLENGE, str(walls), NOTHING)
    git(walls, "branch", name)
    assert method.check(CHALLENGE, str(walls), NOTHING)["branch"] == name
