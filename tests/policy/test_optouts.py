"""Who made a revision, what it is a fork of, and which request takes a repository out."""

from __future__ import annotations

import pytest

from drystone.policy.optouts import authors_of, forked_from, out_among, request_for
from drystone.registry import OptOuts
from drystone.registry.snapshot import author_hashes

MADE = {
    "author": {"name": "Ada Mason", "email": "ada@example.org"},
    "committer": "Grace <grace@example.org>",
    "forked_from": "https://example.org/upstream",
}


def test_who_made_a_revision_is_told_as_text_or_as_a_mapping() -> None:
    assert authors_of(MADE) == ["Ada Mason <ada@example.org>", "Grace <grace@example.org>"]
    assert authors_of({"author": {"email": "ada@example.org"}}) == ["<ada@example.org>"]


@pytest.mark.parametrize("metadata", [{}, {"author": None}, {"author": ""}, {"author": 7}, {"author": {"name": "Ada"}}])
def test_what_is_not_told_is_nobody(metadata: dict[str, object]) -> None:
    assert authors_of(metadata) == []


def test_a_fork_is_one_where_the_source_says_so() -> None:
    assert forked_from(MADE) == "https://example.org/upstream"
    assert forked_from({}) is None
    assert forked_from({"forked_from": ""}) is None
    assert forked_from({"forked_from": {"url": "x"}}) is None


def test_a_repository_is_out_by_its_name_its_owner_its_author_or_what_it_is_a_fork_of() -> None:
    place = "https://example.org/mason/walls"
    assert request_for(OptOuts(), place, MADE) is None
    assert request_for(OptOuts(repositories={"example.org/mason/walls": "r1"}), place, {}) == "r1"
    assert request_for(OptOuts(owners={"example.org/mason": "r2"}), place, {}) == "r2"
    assert request_for(OptOuts(owners={"example.org/other": "r2"}), place, MADE) is None
    upstream = OptOuts(repositories={"example.org/upstream": "r3"}, forks=frozenset({"r3"}))
    assert request_for(upstream, place, MADE) == "r3"
    assert request_for(upstream, place, {}) is None
    hashed = sorted(author_hashes("Ada Mason <ada@example.org>"))
    assert request_for(OptOuts(authors={hashed[0]: "r4"}), place, MADE) == "r4"
    assert request_for(OptOuts(authors={hashed[0]: "r4"}), place, {}) is None


def test_out_among_answers_as_the_one_question_does() -> None:
    optouts = OptOuts(repositories={"example.org/mason/walls": "r1"}, owners={"example.org/quarry": "r2"})
    asked = [
        ("https://example.org/mason/walls", {}),
        ("https://example.org/mason/roofs", {"author": "Mason <mason@example.org>"}),
        ("https://example.org/quarry/slate", {}),
    ]
    out = out_among(optouts, asked)
    assert out == {0: "r1", 2: "r2"}
    assert [out.get(at) for at in range(3)] == [request_for(optouts, *each) for each in asked]
