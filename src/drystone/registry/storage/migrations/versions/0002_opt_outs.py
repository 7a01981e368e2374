"""Opt-outs and the event log; decisions on licences that were made before become its first events."""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables, forbid changes of events, and log the decisions that are there."""
    _create_events()
    _create_requests()
    _create_what_follows()
    _log_decisions()
    _forbid_changes()
    connection = op.get_bind()
    if sa.inspect(connection).has_table("registry_version"):
        # A program from before the event log must not write decisions past it.
        op.execute("UPDATE registry_version SET version = 2")


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("request", sa.String(16), index=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
    )


def _create_requests() -> None:
    """Make the tables of requests, what they are about, who made them and how they are verified."""
    op.create_table(
        "requests",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("status", sa.String(16), nullable=False, index=True),
        sa.Column("received_at", sa.String(32), nullable=False),
        sa.Column("due_at", sa.String(32), nullable=False),
        sa.Column("forks", sa.Boolean, nullable=False),
        sa.Column("copies", sa.Boolean, nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("source", sa.Text, unique=True),
    )
    op.create_table(
        "subjects",
        sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text),
        sa.Column("place", sa.Text),
        sa.Column("accepted", sa.Boolean),
    )
    op.create_table(
        "contacts",
        sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), primary_key=True),
        sa.Column("data", sa.LargeBinary),
        sa.Column("encrypted", sa.Boolean, nullable=False),
    )
    op.create_table(
        "verifications",
        sa.Column("nonce", sa.String(64), primary_key=True),
        sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), nullable=False, index=True),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
        sa.Column("finished_at", sa.String(32)),
        sa.Column("evidence", sa.Text),
    )


def _create_what_follows() -> None:
    """Make the tables of what people decided of requests, and what came of it in releases."""
    op.create_table(
        "decisions",
        sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), primary_key=True, autoincrement=False),
        sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), nullable=False, index=True),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("moderator", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.create_table(
        "places",
        sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("old", sa.Text, nullable=False),
        sa.Column("new", sa.Text, nullable=False),
        sa.UniqueConstraint("kind", "old", "new"),
    )
    op.create_table(
        "blocked",
        sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), primary_key=True),
        sa.Column("blob", sa.LargeBinary(20), primary_key=True),
        sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), nullable=False, index=True),
    )
    op.create_table(
        "applications",
        sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), primary_key=True),
        sa.Column("release_root", sa.String(64), primary_key=True),
        sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("repositories", sa.BigInteger, nullable=False),
        sa.Column("occurrences", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )


def _forbid_changes() -> None:
    """Let the database itself refuse to change or remove an event."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION drystone_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$"
        )
        for verb, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER events_{each.lower()} BEFORE {verb} ON events FOR EACH {each} "
                "EXECUTE FUNCTION drystone_append_only()"
            )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER events_{verb.lower()} BEFORE {verb} ON events "
            "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
        )


def _log_decisions() -> None:
    # A copy of how events are hashed today: a migration must give the same for ever.
    connection = op.get_bind()
    names = ("text_sha256", "expression", "reviewer", "decided_at", "reason")
    decisions = sa.table("license_decisions", sa.column("id"), *(sa.column(name) for name in names))
    query = sa.select(*(decisions.c[name] for name in names)).order_by(decisions.c.id)
    previous = "0" * 64
    events = sa.table(
        "events", *(sa.column(name) for name in ("seq", "at", "kind", "request", "body", "previous", "hash"))
    )
    for seq, row in enumerate(connection.execute(query).all(), 1):
        body = json.dumps(dict(zip(names, row, strict=True)), sort_keys=True, separators=(",", ":"))
        at = row[3]
        text = json.dumps([previous, seq, at, "license_decided", None, body], separators=(",", ":"))
        hashed = hashlib.sha256(text.encode()).hexdigest()
        values = {"seq": seq, "at": at, "kind": "license_decided", "request": None, "body": body}
        connection.execute(sa.insert(events).values(**values, previous=previous, hash=hashed))
        previous = hashed
