"""Ways to tamper with a registry, as one could who owns its database: each must show in an audit with one checkpoint.

Each is given the path of an SQLite registry, and what it changes is committed; triggers are afterwards as they were,
unless it is them that are tampered with. `tests` and `benchmarks.governance` try them all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from drystone.registry import NewRequest, Registry, Review
from drystone.registry.requests import subjects

Tampering = Callable[[Path], None]
#: Name of an owner who asks, and waits for an answer.
WAITING = "carl"


def filled(url: str) -> Registry:
    """Return a registry with events of every kind, at the end a request that waits."""
    registry = Registry.open(url)
    blobs = [bytes([n]) * 20 for n in range(1, 9)]
    for name in ("ann", "ben"):
        request, _ = registry.requests.receive(
            NewRequest([subjects.owner(name), subjects.repository(f"{name}s/x")], contact=f"{name}@example.org")
        )
        registry.requests.challenge(request.id, "file")
        registry.requests.vouch(request.id, "mo", "known")
        registry.requests.decide(request.id, "partly", "mo", "only the owner", [1])
        registry.optouts.block(request.id, blobs, "the repository")
        registry.optouts.applied(request.id, "a" * 64, "1.0.0", 3, 30)
    registry.contacts.erase(request.id, "mo")
    registry.versions.superseded("a" * 64, "1.0.0", "b" * 64, "1.0.1", retracted=True)
    registry.reviews.enqueue([Review("c" * 64, "unanswered")])
    registry.reviews.decide("cccc", "MIT", "mo", "clear")
    registry.optouts.record_place("rename", "ann", "anna", "mo")
    asked, _ = registry.requests.receive(NewRequest([subjects.owner(WAITING)], contact="carl@example.org"))
    registry.requests.challenge(asked.id, "file")
    return registry


def by_sql(*statements: str, rewrite: bool = False) -> Tampering:
    """Run statements; with `rewrite` hash all events anew afterwards, so that the chain is whole again."""

    def tamper(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(statement)
            if rewrite:
                _chain(connection)
            for _, sql in triggers:
                connection.execute(sql)

    return tamper


def _chain(connection: sqlite3.Connection) -> None:
    """Give all events the hashes that they would have had from the start, numbers without a gap included."""
    previous = "0" * 64
    rows = connection.execute("SELECT rowid, at, kind, request, body FROM events ORDER BY seq").fetchall()
    for seq, (row, at, kind, request, body) in enumerate(rows, 1):
        text = json.dumps([previous, seq, at, kind, request, body], separators=(",", ":"))
        hashed = hashlib.sha256(text.encode()).hexdigest()
        connection.execute(
            "UPDATE events SET seq = ?, previous = ?, hash = ? WHERE rowid = ?", (seq, previous, hashed, row)
        )
        previous = hashed


def on_guards(*statements: str) -> Tampering:
    """Run statements that leave triggers as they make them."""

    def tamper(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    return tamper


def anew(path: Path) -> None:
    """Put an empty registry in its place."""
    path.unlink()
    Registry.open(path).close()


def older(path: Path) -> None:
    """Put a copy in its place that was made before the last request came: what came since is not in it."""
    copy = path.with_name("older.sqlite")
    shutil.copyfile(path, copy)
    _WITHOUT_WAITING(copy)
    copy.replace(path)


_OF_WAITING = f"(SELECT request FROM subjects WHERE value = 'github.com/{WAITING}')"
_WITHOUT_WAITING = by_sql(
    f"DELETE FROM verifications WHERE request IN {_OF_WAITING}",
    f"DELETE FROM contacts WHERE request IN {_OF_WAITING}",
    f"DELETE FROM events WHERE request IN {_OF_WAITING}",
    f"DELETE FROM requests WHERE id IN {_OF_WAITING}",
    f"DELETE FROM subjects WHERE value = 'github.com/{WAITING}'",
)

TAMPERINGS: dict[str, Tampering] = {
    "an event's body": by_sql("UPDATE events SET body = replace(body, 'mo', 'me') WHERE kind = 'decided'"),
    "an event's time": by_sql("UPDATE events SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 3"),
    "an event's kind": by_sql("UPDATE events SET kind = 'note' WHERE seq = 3"),
    "an event's request": by_sql("UPDATE events SET request = NULL WHERE seq = 3"),
    "an event's link": by_sql("UPDATE events SET previous = hash WHERE seq = 3"),
    "an event in the middle removed": by_sql("DELETE FROM events WHERE seq = 7"),
    "first events removed": by_sql("DELETE FROM events WHERE seq IN (1, 2)"),
    "a request's status": by_sql("UPDATE requests SET status = 'rejected' WHERE status = 'partly'"),
    "a request's reach": by_sql("UPDATE requests SET copies = NOT copies"),
    "a request's deadline": by_sql("UPDATE requests SET due_at = '2099-01-01T00:00:00+00:00'"),
    "a subject": by_sql("UPDATE subjects SET value = 'github.com/dora' WHERE value = 'github.com/ann'"),
    "a subject's answer": by_sql("UPDATE subjects SET accepted = NOT accepted"),
    "a subject removed": by_sql("DELETE FROM subjects WHERE value = 'github.com/ben'"),
    "a verification's state": by_sql("UPDATE verifications SET state = 'succeeded'"),
    "a verification's evidence": by_sql(
        "UPDATE verifications SET evidence = replace(evidence, 'moderator', 'owner') WHERE evidence IS NOT NULL"
    ),
    "a verification's end": by_sql("UPDATE verifications SET expires_at = '2099-01-01T00:00:00+00:00'"),
    "a verification's time": by_sql(
        "UPDATE verifications SET finished_at = '2020-01-01T00:00:00+00:00' WHERE finished_at IS NOT NULL"
    ),
    "verifications removed": by_sql("DELETE FROM verifications"),
    "a decision's moderator": by_sql("UPDATE decisions SET moderator = 'me'"),
    "a place removed": by_sql("DELETE FROM places"),
    "a copy let in": by_sql("DELETE FROM blocked WHERE event = 5"),
    "what fell": by_sql("UPDATE applications SET occurrences = 0"),
    "a successor": by_sql("UPDATE superseded SET retracted = 0"),
    "a licence decision": by_sql(
        "INSERT INTO license_decisions (id, text_sha256, expression, reviewer, decided_at, reason) VALUES "
        "(99, 'd', 'MIT', 'me', 'now', 'x')"
    ),
    "contact data of one who asks": by_sql(f"DELETE FROM contacts WHERE request IN {_OF_WAITING}"),
    "erased contact data back": by_sql("UPDATE contacts SET data = CAST('{}' AS BLOB) WHERE data IS NULL"),
    "a trigger dropped": on_guards("DROP TRIGGER events_delete"),
    "a trigger emptied": on_guards(
        "DROP TRIGGER events_update", "CREATE TRIGGER events_update BEFORE UPDATE ON events BEGIN SELECT 1; END"
    ),
    "a trigger added": on_guards(
        "CREATE TRIGGER helpful AFTER INSERT ON decisions BEGIN UPDATE requests SET status = 'rejected'; END"
    ),
    "a request that waits removed whole": _WITHOUT_WAITING,
    "last events removed": by_sql(
        "DELETE FROM verifications WHERE nonce = "
        "(SELECT json_extract(body, '$.nonce') FROM events ORDER BY seq DESC LIMIT 1)",
        "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)",
    ),
    "the log written anew without a rename": by_sql(
        "DELETE FROM events WHERE kind = 'place_recorded'", "DELETE FROM places", rewrite=True
    ),
    "the log written anew with another moderator": by_sql(
        """UPDATE events SET body = replace(body, '"moderator":"mo"', '"moderator":"me"')""",
        """UPDATE verifications SET evidence = replace(evidence, '"moderator": "mo"', '"moderator": "me"')""",
        "UPDATE decisions SET moderator = 'me'",
        rewrite=True,
    ),
    "everything wiped": anew,
    "an old copy restored": older,
}

#: Of these the registry alone shows nothing: what is left is whole.
ONLY_BY_CHECKPOINT = frozenset(
    {
        "a request that waits removed whole",
        "last events removed",
        "the log written anew without a rename",
        "the log written anew with another moderator",
        "everything wiped",
        "an old copy restored",
    }
)
