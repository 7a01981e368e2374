"""The event log: whole while nobody touches it, and a touch shows."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from drystone.errors import UsageError
from drystone.registry import Registry
from drystone.registry.log.audit import audit_events
from drystone.registry.log.checkpoints import LogState
from drystone.registry.log.events import read_log
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


@pytest.mark.parametrize(
    "wrong", [{"seq": "1"}, {"seq": True}, {"kind": ["note"]}, {"at": None}, {"hash": 1}, {"request": 7}, {"more": 1}]
)
def test_a_line_that_is_no_event_is_named(tmp_path: Path, wrong: dict[str, object]) -> None:
    with filled(str(tmp_path / "registry.sqlite")) as registry:
        lines = [event.as_dict() for event in registry.events.all()]
        head = registry.events.last()
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert head is not None
    assert audit_events(read_log(log), [head.hash]).problems == ()
    log.write_text("".join(json.dumps(line) + "\n" for line in [*lines[:2], {**lines[2], **wrong}]))
    with pytest.raises(UsageError, match="line 3: is no event"):
        audit_events(read_log(log), checkpoints=[LogState("x", 1, head.hash)])


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
