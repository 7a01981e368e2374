"""The event log: whole while nobody touches it, and a touch shows."""

from __future__ import annotations

import multiprocessing
import os

import pytest
import sqlalchemy as sa

from drystone.registry import Registry
from drystone.registry.storage.database import connect
from tests.registry.log.tamperings import filled


@pytest.mark.parametrize("touch", ["UPDATE events SET kind = 'x'", "DELETE FROM events", "TRUNCATE events CASCADE"])
def test_the_database_itself_refuses_to_change_events(url: str, touch: str) -> None:
    filled(url).close()
    engine = connect(url)
    # SQLite has no TRUNCATE: there, any such statement is refused as one that it does not know.
    refusal = "syntax error" if touch.startswith("TRUNCATE") and engine.dialect.name == "sqlite" else "append-only"
    with pytest.raises(sa.exc.DBAPIError, match=refusal), engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(touch)
    engine.dispose()


def write(url: str, count: int) -> None:
    """Append events alone, and as parts of steps: both ways wait for one another."""
    with Registry.open(url) as registry:
        for number in range(count):
            if number % 4 == 3:
                registry.optouts.record_place("rename", f"old{os.getpid()}-{number}", f"new{number}", "mo")
            else:
                registry.events.append("note", {"number": number, "text": "'\" \\ \u0000 häuser 🎈 \ud800"}, "R-%s")


@pytest.mark.slow
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


@pytest.mark.slow
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
