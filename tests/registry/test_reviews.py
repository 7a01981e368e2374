"""Licence reviews in a real SQLite registry."""

import json
import pickle
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drystone.errors import RegistryError, UsageError
from drystone.registry import Registry, Review

A, B = "a" * 64, "b" * 64


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Registry.open(tmp_path / "r.sqlite") as registry:
        registry.reviews.enqueue(
            [Review(A, "unanswered", sample="some text", path="LICENSE"), Review(B, "conflict", "MIT")]
        )
    return tmp_path / "r.sqlite"


def test_a_text_waits_once(path: Path) -> None:
    with Registry.open(path) as registry:
        assert registry.reviews.enqueue([Review(A, "unanswered")]) == 0
        assert [r.text_sha256 for r in registry.reviews.queue()] == [B, A]


def test_a_decision_holds_and_the_newest_wins(path: Path) -> None:
    with Registry.open(path) as registry:
        registry.reviews.decide("aaaa", "mit or apache-2.0", "ann", "both", datetime(2026, 1, 1, tzinfo=UTC))
        assert registry.reviews.snapshot().decisions == {A: "MIT OR Apache-2.0"}
        registry.reviews.decide(A, "NONE", "ben", "only a poem", datetime(2026, 2, 1, tzinfo=UTC))
        assert registry.reviews.snapshot().decisions == {A: "NONE"}
        review, history = registry.reviews.show("aaaaa")
        assert [d.reviewer for d in history] == ["ann", "ben"]
        assert review.decision == history[-1]
        assert [r.text_sha256 for r in registry.reviews.queue()] == [B]
        assert [r.text_sha256 for r in registry.reviews.queue("decided")] == [A]


def test_snapshots_are_values(path: Path) -> None:
    with Registry.open(path) as registry:
        empty = registry.reviews.snapshot()
        registry.reviews.decide(A, "MIT", "ann", "clear")
        one = registry.reviews.snapshot()
    assert empty.sha256 != one.sha256
    assert pickle.loads(pickle.dumps(one)) == one


@pytest.mark.parametrize(
    ("expression", "reviewer", "reason"),
    [("FOO", "ann", "x"), ("MIT OR", "ann", "x"), ("MIT", " ", "x"), ("MIT", "ann", ""), ("", "ann", "x")],
)
def test_a_wrong_decision_is_refused(path: Path, expression: str, reviewer: str, reason: str) -> None:
    with Registry.open(path) as registry, pytest.raises(UsageError):
        registry.reviews.decide(A, expression, reviewer, reason)


def test_unknown_and_ambiguous_hashes(path: Path) -> None:
    with Registry.open(path) as registry:
        for wrong in ("cccc", "a", "xyz!"):
            with pytest.raises(UsageError):
                registry.reviews.show(wrong)
        registry.reviews.enqueue([Review("a" * 63 + "b", "unanswered")])
        with pytest.raises(UsageError, match="more digits"):
            registry.reviews.show("aaaa")


def test_export_and_import_bring_decisions_over_once(path: Path, tmp_path: Path) -> None:
    with Registry.open(path) as registry:
        registry.reviews.decide(A, "MIT", "ann", "clear")
        lines = list(registry.reviews.export())
    assert json.loads(lines[0])["expression"] == "MIT"
    with Registry.open(tmp_path / "other.sqlite") as other:
        assert other.reviews.import_(lines) == 1
        assert other.reviews.import_([*lines, "", "\n"]) == 0
        assert other.reviews.snapshot().decisions == {A: "MIT"}


def test_an_older_imported_decision_does_not_override(path: Path) -> None:
    with Registry.open(path) as registry:
        registry.reviews.decide(A, "MIT", "ann", "clear", datetime(2026, 5, 1, tzinfo=UTC))
        old = {"text_sha256": A, "expression": "ISC", "reviewer": "ben", "decided_at": "2025-01-01", "reason": "old"}
        assert registry.reviews.import_([json.dumps(old)]) == 1
        assert registry.reviews.snapshot().decisions == {A: "MIT"}


def test_a_bad_import_adds_nothing(path: Path) -> None:
    good = {
        "text_sha256": A,
        "expression": "MIT",
        "reviewer": "x",
        "decided_at": "2026-01-01T00:00:00+00:00",
        "reason": "y",
    }
    bad = ["{", "[]", json.dumps({**good, "expression": "FOO"}), json.dumps({**good, "extra": 1}),
           json.dumps({**good, "decided_at": "soon"}), json.dumps({**good, "text_sha256": 3})]  # fmt: skip
    with Registry.open(path) as registry:
        with pytest.raises(RegistryError) as caught:
            registry.reviews.import_([json.dumps(good), *bad])
        assert all(f"line {n}:" in str(caught.value) for n in range(2, 8))
        assert registry.reviews.snapshot().decisions == {}


def test_what_is_not_a_registry_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_bytes(b"not a database, but long enough to be read as one" * 50)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("create table songs (title text)")
    connection.close()
    newer = tmp_path / "newer.sqlite"
    Registry.open(newer).close()
    with sqlite3.connect(newer) as connection:
        connection.execute("update alembic_version set version_num = '99'")
    connection.close()
    for path, message in ((text, "registry"), (other, "songs"), (newer, "newer"), (tmp_path, "folder")):
        with pytest.raises(RegistryError, match=message):
            Registry.open(path)
    with pytest.raises(RegistryError):
        Registry.open("nosuchdatabase://host/name")
