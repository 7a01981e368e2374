"""The event log: whole while nobody touches it, and a touch shows."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from drystone.registry import GENESIS, NewRequest, Registry, Review
from drystone.registry.requests import subjects
from drystone.registry.storage.database import connect
from tests.registry.conftest import PostgreSQL


def filled(url: str) -> Registry:
    registry = Registry.open(url)
    blobs = [bytes([n]) * 20 for n in range(1, 9)]
    for name in ("ann", "ben"):
        request, _ = registry.requests.receive(NewRequest([subjects.owner(name), subjects.repository(f"{name}s/x")]))
        registry.requests.challenge(request.id, "file")
        registry.requests.vouch(request.id, "mo", "known")
        registry.requests.decide(request.id, "partly", "mo", "only the owner", [1])
        registry.optouts.block(request.id, blobs, "the repository")
        registry.optouts.applied(request.id, "a" * 64, "1.0.0", 3, 30)
    registry.optouts.record_place("rename", "ann", "anna", "mo")
    registry.reviews.enqueue([Review("c" * 64, "unanswered")])
    registry.reviews.decide("cccc", "MIT", "mo", "clear")
    return registry


def test_an_untouched_registry_is_whole(url: str) -> None:
    with filled(url) as registry:
        found = registry.audit()
        assert found.problems == ()
        assert found.events == 14
        assert found.release_head == registry.events.head() == registry.optouts.snapshot().head
        assert found.head == found.release_head
        assert registry.audit([found.head, GENESIS]).problems == ()
        assert "removed" in registry.audit(["f" * 64]).problems[0]


TOUCHES = [
    "UPDATE events SET body = replace(body, 'mo', 'me') WHERE kind = 'decided'",
    "UPDATE events SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 3",
    "UPDATE events SET previous = hash WHERE seq = 3",
    "DELETE FROM events WHERE seq = 7",
    "DELETE FROM events WHERE seq IN (1, 2)",
    "UPDATE requests SET status = 'rejected' WHERE status = 'partly'",
    "UPDATE requests SET copies = NOT copies",
    "UPDATE subjects SET value = 'github.com/carl' WHERE value = 'github.com/ann'",
    "UPDATE subjects SET accepted = NOT accepted",
    "DELETE FROM subjects WHERE value = 'github.com/ben'",
    "UPDATE verifications SET state = 'succeeded'",
    "DELETE FROM verifications",
    "UPDATE decisions SET moderator = 'me'",
    "DELETE FROM places",
    "DELETE FROM blocked WHERE event = 5",
    "UPDATE applications SET occurrences = 0",
    "UPDATE license_decisions SET expression = 'ISC'",
    "INSERT INTO license_decisions (id, text_sha256, expression, reviewer, decided_at, reason) VALUES "
    "(99, 'd', 'MIT', 'me', 'now', 'x')",
]


@pytest.mark.parametrize("touch", TOUCHES)
def test_a_touch_shows(tmp_path: Path, touch: str) -> None:
    touched(str(tmp_path / "registry.sqlite"), touch)


@pytest.mark.parametrize("touch", TOUCHES[::6])
def test_a_touch_shows_on_a_server(postgresql: PostgreSQL, touch: str) -> None:
    touched(postgresql.database(), touch)


def touched(url: str, touch: str) -> None:
    filled(url).close()
    engine = connect(url)
    try:
        with engine.connect() as connection, connection.begin():
            if "events" in touch:  # as one who owns the database could
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql("DROP TRIGGER events_update")
                    connection.exec_driver_sql("DROP TRIGGER events_delete")
                    connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
                else:
                    connection.exec_driver_sql("ALTER TABLE events DISABLE TRIGGER ALL")
            connection.exec_driver_sql(touch)
    finally:
        engine.dispose()
    with Registry.open(url) as registry:
        assert registry.audit().problems


@pytest.mark.parametrize("touch", ["UPDATE events SET kind = 'x'", "DELETE FROM events", "TRUNCATE events CASCADE"])
def test_the_database_itself_refuses_to_change_events(url: str, touch: str) -> None:
    filled(url).close()
    engine = connect(url)
    # SQLite has no TRUNCATE: there, any such statement is refused as one that it does not know.
    refusal = "syntax error" if touch.startswith("TRUNCATE") and engine.dialect.name == "sqlite" else "append-only"
    with pytest.raises(sa.exc.DBAPIError, match=refusal), engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(touch)
    engine.dispose()


def test_removed_last_events_show_by_a_head_from_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    with filled(str(path)) as registry:
        head = registry.events.head()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER events_delete")
        connection.execute("DELETE FROM events WHERE kind = 'license_decided'")
        connection.execute("DELETE FROM license_decisions")
    connection.close()
    with Registry.open(path) as registry:
        assert registry.audit().problems == ()
        assert registry.audit([head]).problems


def write(url: str, count: int) -> None:
    """Append events alone, and as parts of steps: both ways wait for one another."""
    with Registry.open(url) as registry:
        for number in range(count):
            if number % 4 == 3:
                registry.optouts.record_place("rename", f"old{os.getpid()}-{number}", f"new{number}", "mo")
            else:
                registry.events.append("note", {"number": number, "text": "'\" \\ \u0000 häuser 🎈 \ud800"}, "R-%s")


def test_many_writers_lose_nothing(url: str) -> None:
    Registry.open(url).close()
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write, args=(url, 40)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    with Registry.open(url) as registry:
        found = registry.audit()
        assert (found.events, found.problems) == (160, ())


def test_programs_that_open_a_new_registry_at_once_all_can(url: str) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write, args=(url, 1)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    with Registry.open(url) as registry:
        assert registry.audit().events == 4
