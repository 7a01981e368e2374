"""The proof that a registry is what its log says: any touch shows, on SQLite and on a server."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from drystone.registry import GENESIS, Registry
from drystone.registry.storage.database import connect
from tests.registry.conftest import PostgreSQL
from tests.registry.log.test_events import filled


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
