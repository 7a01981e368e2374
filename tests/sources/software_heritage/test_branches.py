from __future__ import annotations

import time

import pytest

from drystone.sources.software_heritage.branches import choose_branch

ONE, TWO = ("revision", b"\1" * 20), ("revision", b"\2" * 20)
MAIN, MASTER = b"refs/heads/main", b"refs/heads/master"


def alias(name: bytes) -> tuple[str, bytes]:
    return "alias", name


def test_the_recorded_default_branch_wins() -> None:
    branches = {b"HEAD": alias(MAIN), MAIN: ONE, b"refs/heads/dev": TWO}
    (chosen,) = choose_branch(branches, "dev").candidates
    assert (chosen.branch, chosen.target) == (b"refs/heads/dev", TWO[1])
    assert chosen.reason == "the recorded default branch"
    (chosen,) = choose_branch(branches, "refs/heads/dev").candidates
    assert chosen.branch == b"refs/heads/dev"


def test_a_recorded_branch_that_is_gone_gives_way_and_is_named() -> None:
    (chosen,) = choose_branch({b"HEAD": alias(MAIN), MAIN: ONE}, "old").candidates
    assert chosen.branch == MAIN
    assert "old is not there; HEAD, an alias of refs/heads/main" in chosen.reason


def test_head_is_followed_through_aliases() -> None:
    branches = {b"HEAD": alias(b"refs/heads/a"), b"refs/heads/a": alias(b"refs/heads/b"), b"refs/heads/b": ONE}
    (chosen,) = choose_branch(branches).candidates
    assert chosen.branch == b"refs/heads/b"
    assert chosen.reason == "HEAD, an alias of refs/heads/b"


def test_a_detached_head_is_a_revision() -> None:
    (chosen,) = choose_branch({b"HEAD": ONE, MAIN: TWO}).candidates
    assert (chosen.branch, chosen.target) == (b"HEAD", ONE[1])


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ({b"HEAD": alias(b"refs/heads/gone")}, "HEAD is an alias of refs/heads/gone, which is not there"),
        ({b"HEAD": alias(b"x"), b"x": alias(b"HEAD")}, "HEAD is an alias that goes round in a circle"),
        ({b"HEAD": alias(b"HEAD")}, "HEAD is an alias that goes round in a circle"),
        ({b"HEAD": ("content", b"\1" * 20)}, "HEAD points at a content"),
        ({b"HEAD": ("revision", b"short")}, "HEAD points at a revision"),
        ({}, ""),
    ],
)
def test_after_head_come_main_and_master(head: dict[bytes, tuple[str, bytes]], said: str) -> None:
    (chosen,) = choose_branch({**head, MAIN: ONE, MASTER: TWO}).candidates
    assert chosen.branch == MAIN
    assert said in chosen.reason
    (chosen,) = choose_branch({**head, MASTER: TWO}).candidates
    assert chosen.branch == MASTER


def test_else_all_branches_stand_for_choice() -> None:
    branches = {b"refs/heads/b": TWO, b"refs/heads/a": ONE, b"refs/tags/1": ONE}
    choice = choose_branch(branches)
    assert [candidate.branch for candidate in choice.candidates] == [b"refs/heads/a", b"refs/heads/b"]
    assert choice.candidates[0].reason == "the most recent of the branches"
    only_tags = choose_branch({b"refs/tags/1": ("release", b"\3" * 20)})
    assert [candidate.kind for candidate in only_tags.candidates] == ["release"]


def test_nothing_usable_says_why() -> None:
    assert choose_branch({}).problem == "its snapshot has no branches"
    problem = choose_branch({b"HEAD": alias(b"gone")}).problem
    assert problem is not None
    assert "HEAD is an alias of gone" in problem
    assert "no branch of it leads to a revision" in problem


def test_a_circle_of_very_many_aliases_ends() -> None:
    count = 200_000
    names = [b"HEAD", *(b"n%d" % i for i in range(count))]
    branches = {name: alias(names[(i + 1) % len(names)]) for i, name in enumerate(names)}
    start = time.process_time()
    assert choose_branch(branches).problem is not None
    assert time.process_time() - start < 5
