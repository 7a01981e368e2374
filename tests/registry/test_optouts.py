"""The opt-outs in force, as builds take them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from drystone.errors import RegistryError, UsageError
from drystone.registry import Registry
from drystone.registry.requests import subjects
from tests.registry.conftest import accept, receive


def test_every_kind_of_subject_reaches_the_snapshot(url: str) -> None:
    blob, tree = "swh:1:cnt:" + "ab" * 20, "swh:1:dir:" + "cd" * 20
    with Registry.open(url) as registry:
        everything = [
            subjects.owner("ann"),
            subjects.repository("https://gitlab.com/ben/x.git"),
            subjects.path("cat/y", "/src/./lib/"),
            subjects.object_(blob + ";path=/a"),
            subjects.object_(tree),
            *subjects.author("Dan <Dan@example.org>"),
        ]
        request = accept(registry, receive(registry, *everything, forks=False))
        snapshot = registry.optouts.snapshot()
        assert snapshot.repository("git@github.com:Ann/z.git") == request.id
        assert snapshot.repository("https://gitlab.com/ben/X/") == request.id
        assert snapshot.path("https://github.com/cat/y", b"src/lib/a.c") == request.id
        assert snapshot.content(blob) == snapshot.directory(tree) == request.id
        assert snapshot.repository("git:z", ["dan@example.org"]) == request.id
        assert snapshot.forks == frozenset()
        assert "dan@example.org" not in json.dumps([e.as_dict() for e in registry.events.all()])


def test_copies_count_while_the_request_is_in_force_and_asks_for_it(url: str) -> None:
    blobs = [bytes([n]) * 20 for n in range(1, 200)]
    ids = [f"swh:1:cnt:{blob.hex()}" for blob in blobs]
    empty = "swh:1:cnt:e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    with Registry.open(url) as registry:
        request = accept(registry, receive(registry))
        other = accept(registry, receive(registry, copies=False))
        assert registry.optouts.block(request.id, [*ids[:150], empty], "release 1.0.0") == 150
        assert registry.optouts.block(request.id, blobs[100:], "release 1.1.0") == 49
        assert registry.optouts.block(request.id, blobs[100:], "release 1.1.0") == 0
        registry.optouts.block(other.id, ["swh:1:cnt:" + "ff" * 20], "the repository")
        snapshot = registry.optouts.snapshot()
        assert [snapshot.content(id_) for id_ in ids] == [request.id] * len(ids)
        assert snapshot.content(empty) is None
        assert snapshot.content("swh:1:cnt:" + "ff" * 20) is None
        assert registry.audit().problems == ()
        registry.requests.withdraw(request.id, "ann")
        assert not registry.optouts.snapshot().blobs
        with pytest.raises(UsageError, match="no such request"):
            registry.optouts.block("R-NOSUCH", blobs, "x")


def test_renames_redirects_and_forks(url: str) -> None:
    with Registry.open(url) as registry:
        request = accept(registry, receive(registry, subjects.owner("ann")))
        place = registry.optouts.record_place("rename", "ann", "https://github.com/Anna/", "mo", "their page says so")
        assert registry.optouts.record_place("rename", "github.com/ann", "anna", "mo") == place
        registry.optouts.record_place("redirect", "git.ann.example/ann/x", "github.com/ann/x", "mo")
        registry.optouts.record_place("fork", "github.com/ben/x", "github.com/anna/x", "mo")
        snapshot = registry.optouts.snapshot()
        for origin in ("anna/new", "https://git.ann.example/ann/x", "https://github.com/ben/x"):
            assert snapshot.repository(origin) == request.id, origin
        registry.optouts.remove_place(place.event, "mo")
        assert registry.optouts.snapshot().repository("anna/new") is None
        assert registry.audit().problems == ()
        for old, new in (("ann", "ann/x"), ("ann/x", "https://github.com/Ann/X.git"), ("", "x")):
            with pytest.raises(UsageError):
                registry.optouts.record_place("rename", old, new, "mo")
        with pytest.raises(UsageError, match="forks are of"):
            registry.optouts.record_place("fork", "ann", "ben", "mo")
        with pytest.raises(RegistryError, match="no place"):
            registry.optouts.remove_place(place.event, "mo")


def test_of_several_in_one_second_the_first_counts(url: str) -> None:
    """Ids are drawn at random; which request a release names must not be."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with Registry.open(url) as registry:
        made = [accept(registry, receive(registry, received_at=moment)).id for _ in range(8)]
        early = receive(registry, received_at=moment - timedelta(days=1))
        assert [r.id for r in registry.requests.all()] == [early.id, *made]
        assert registry.optouts.snapshot().repository("ann/walls") == made[0]
        assert registry.optouts.snapshot().requests == tuple(made)
