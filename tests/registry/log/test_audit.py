"""The proof that a registry is what its log says: any touch shows, on SQLite and on a server."""

from __future__ import annotations

from drystone.registry import GENESIS, Registry
from drystone.registry.log import events, guards
from drystone.registry.log.audit import LoggedTables, audit_events
from drystone.registry.storage.database import connect
from tests.registry.conftest import PostgreSQL
from tests.registry.log.tamperings import filled


def test_an_untouched_registry_is_whole(url: str) -> None:
    with filled(url) as registry:
        found = registry.audit()
        assert found.problems == ()
        assert found.events == 18
        assert found.release_head == registry.events.head() == registry.optouts.snapshot().head
        assert registry.audit([found.head, GENESIS]).problems == ()
        assert "removed" in registry.audit(["f" * 64]).problems[0]


TOUCHES = {
    "UPDATE events SET body = replace(body, 'mo', 'me') WHERE kind = 'decided'": "was altered",
    "UPDATE verifications SET expires_at = '2099'": "expires_at not as the log says",
    "DELETE FROM decisions": "the table and the log differ",
    "DROP TRIGGER events_row ON events": "trigger events_row: was removed",
    "ALTER TABLE events DISABLE TRIGGER ALL": "trigger events_statement: was altered",
    "CREATE OR REPLACE FUNCTION drystone_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RETURN NEW; END $$": "trigger events_row: was altered",
    "CREATE RULE quiet AS ON UPDATE TO decisions DO INSTEAD NOTHING": "trigger or view quiet: is not of this program",
}


def test_touches_show_on_a_server(postgresql: PostgreSQL) -> None:
    """What shows in a file is tried in test_checkpoints; here is what is said in another way on a server."""
    url = postgresql.database()
    filled(url).close()
    engine = connect(url)
    for touch, said in TOUCHES.items():
        with engine.connect() as connection, connection.begin() as step:
            if "events SET" in touch:  # as one who owns the database could
                connection.exec_driver_sql("ALTER TABLE events DISABLE TRIGGER ALL")
            connection.exec_driver_sql(touch)
            found = LoggedTables()
            problems = audit_events(events.walk(connection), each=found.take).problems
            problems = (*problems, *found.differences(connection), *guards.differences(connection))
            assert any(said in problem for problem in problems), (touch, problems)
            step.rollback()
    engine.dispose()
    with Registry.open(url) as registry:
        assert registry.audit().problems == ()
