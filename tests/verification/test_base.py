"""What a place belongs to."""

from __future__ import annotations

from pathlib import Path

from drystone.verification import covers
from tests.verification.conftest import git


def test_what_a_place_belongs_to(walls: Path) -> None:
    git(walls, "remote", "add", "origin", "https://github.com/ann/walls")
    assert covers(str(walls), [("repository", "git:walls")])
    assert covers(str(walls / ".git"), [("repository", "git:walls")])
    assert covers(str(walls), [("repository", f"git:{walls.parent.name.lower()}/walls")])
    assert not covers(str(walls), [("repository", "git:elsewhere/walls")])
    assert not covers(str(walls), [("repository", "github.com/ann/walls")]), "a copy may claim any remote"
    assert covers("git@github.com:Ann/Walls.git", [("repository", "github.com/ann/walls")])
    assert covers("https://github.com/ann/walls", [("owner", "github.com/ann")])
    assert covers("https://github.com/ann/walls", [("path", "github.com/ann/walls")])
    assert not covers("https://github.com/anna/walls", [("owner", "github.com/ann")])
    assert not covers("https://github.com/ann/walls", [("author", "github.com/ann/walls"), ("content", "x")])
