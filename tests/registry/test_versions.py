"""What a registry knows of versions that another one followed."""

from __future__ import annotations

import sqlalchemy as sa

from drystone.registry import NewerVersion, Registry
from drystone.registry.storage.database import connect
from drystone.registry.versions import NamedRoot

A, B, C = (letter * 64 for letter in "abc")


def test_the_newest_of_all_that_followed_is_told(url: str) -> None:
    with Registry.open(url) as registry:
        versions = registry.versions
        assert versions.successor(A) is None
        head = registry.optouts.snapshot().head
        versions.superseded(A, "1.0.0", B, "1.1.0", retracted=False)
        versions.superseded(B, "1.1.0", C, "1.1.1", retracted=True)
        assert versions.successor(A) == NewerVersion(C, "1.1.1", retracted=False)
        assert versions.successor(B) == NewerVersion(C, "1.1.1", retracted=True)
        assert versions.successor(C) is None
        assert registry.optouts.snapshot().head == head, "a report of a new version changes no build"
        assert registry.audit().problems == ()


def test_what_was_retracted_stays_so_and_nothing_is_told_twice(url: str) -> None:
    with Registry.open(url) as registry:
        for retracted in (False, True, True, False):
            registry.versions.superseded(A, "1.0.0", B, "1.0.1", retracted=retracted)
        assert registry.versions.successor(A) == NewerVersion(B, "1.0.1", retracted=True)
        assert registry.audit().kinds == {"superseded": 2}
        registry.versions.superseded(A, "1.0.0", C, "1.1.0", retracted=False)
        assert registry.versions.successor(A) == NewerVersion(C, "1.1.0", retracted=True)
        registry.versions.superseded(C, "1.1.0", A, "1.0.0", retracted=False)  # back again: no walk without end
        assert registry.versions.successor(A) is not None
        registry.versions.superseded(C, "1.1.0", C, "1.1.0", retracted=True)
        assert registry.audit().problems == ()


def test_a_touch_of_what_followed_shows(url: str) -> None:
    with Registry.open(url) as registry:
        registry.versions.superseded(A, "1.0.0", B, "1.0.1", retracted=True)
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE superseded SET retracted = NOT retracted"))
    engine.dispose()
    with Registry.open(url) as registry:
        assert "superseded" in registry.audit().problems[0]


def test_names_are_known_and_change_no_build(url: str) -> None:
    with Registry.open(url) as registry:
        head = registry.optouts.snapshot().head
        assert registry.versions.named("corpus", "1.0.0") == []
        for _ in range(2):
            registry.versions.released("corpus", "1.0.0", A, ground=B, sources=C)
        registry.versions.released("corpus", "1.0.1", B)
        assert registry.versions.named("corpus", "1.0.0") == [NamedRoot(A, B, C)]
        assert registry.versions.named("corpus", "1.0.1") == [NamedRoot(B, "", "")]
        assert registry.versions.named("Corpus", "1.0.0") == []
        assert registry.optouts.snapshot().head == head
        assert registry.audit().problems == ()
