"""What a place belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.registry.requests import subjects
from drystone.verification import covers
from drystone.verification.base import shows
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


@pytest.mark.parametrize(
    ("asked", "place", "shown"),
    [
        ("https://x.example/a/b", "https://x.example/a/b.git", True),
        ("https://x.example/a/b", "ssh://git@x.example/a/b", True),
        ("git@x.example:a/b", "https://x.example/a/b", True),
        ("a/b", "https://github.com/A/b", True),
        ("x.example/a/b", "https://x.example/a/b", True),
        ("https://x.example:8443/a/b", "https://x.example:8443/a/b", True),
        ("https://x.example:8443/a/b", "https://x.example/a/b", False),
        ("https://x.example/a/b", "https://x.example:8443/a/b", False),
        ("https://x.example/a/b", "ssh://x.example:2222/a/b", False),
        ("https://x.example/a/b", "http://x.example/a/b", False),
        ("http://x.example/a/b", "http://x.example/a/b", True),
        ("https://x.example/a/b", "https://y.example/a/b", False),
        ("https://x.example/a/b", "https://x.example/a/c", False),
        ("https://stra\u00dfe.example/a/b", "https://strasse.example/a/b", False),
    ],
)
def test_a_repository_is_shown_where_it_answers_as_it_was_asked_for(asked: str, place: str, shown: bool) -> None:
    assert shows(place, subjects.repository(asked)) is shown
    assert shows(place, subjects.path(asked, "src")) is shown


def test_an_owner_is_shown_in_a_repository_of_its_profile_alone() -> None:
    owner = subjects.owner("ann")
    for name in ("ann", ".github", ".profile", "gitlab-profile", "ann.github.io"):
        assert shows(f"https://github.com/ann/{name}", owner), name
    for place in ("ann/walls", "https://github.com/eve/eve", "https://github.com/eve/ann", "http://github.com/ann/ann"):
        assert not shows(place, owner), place
    assert shows("https://gitlab.com/a/b/gitlab-profile", subjects.owner("gitlab.com/a/b"))


def test_a_place_of_before_or_after_a_rename_is_accepted_once_it_is_recorded() -> None:
    known = {"github.com/ann/old": ["github.com/ann/old", "github.com/ann/new"]}
    subject = subjects.repository("ann/old")
    assert not shows("https://github.com/ann/new", subject)
    assert shows("https://github.com/ann/new", subject, lambda name: known.get(name, [name]))
    assert not shows("https://github.com:8443/ann/new", subject, lambda name: known.get(name, [name]))


def test_what_lies_at_no_place_is_shown_by_none() -> None:
    assert not shows("ann/walls", subjects.object_("swh:1:cnt:" + "0" * 40))
    assert not shows("ann/walls", subjects.author("ann@example.org")[0])
