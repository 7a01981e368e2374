"""The tables of a registry as they are now; how older ones get there stands in `migrations/`.

Knows which columns there are, not what they mean to a build.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData()

#: Licence texts that wait for a person.
REVIEW_QUEUE: Final = sa.Table(
    "license_reviews",
    METADATA,
    sa.Column("text_sha256", sa.String(64), primary_key=True),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("expression", sa.Text),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("origin", sa.Text),
    sa.Column("path", sa.Text),
    sa.Column("swhid", sa.String(50)),
    sa.Column("sample", sa.Text),
)

#: What people decided of them; never overwritten.
REVIEW_DECISIONS: Final = sa.Table(
    "license_decisions",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("text_sha256", sa.String(64), nullable=False, index=True),
    sa.Column("expression", sa.Text, nullable=False),
    sa.Column("reviewer", sa.Text, nullable=False),
    sa.Column("decided_at", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

#: Everything that happened, append-only; each event's hash covers all before it. Times are ISO 8601, UTC.
EVENTS: Final = sa.Table(
    "events",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("request", sa.String(16), index=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
)

#: Requests to opt out. `token_sha256` names the requester's page; `source` names where an imported one came from.
REQUESTS: Final = sa.Table(
    "requests",
    METADATA,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("status", sa.String(16), nullable=False, index=True),
    sa.Column("received_at", sa.String(32), nullable=False),
    sa.Column("due_at", sa.String(32), nullable=False),
    sa.Column("forks", sa.Boolean, nullable=False),
    sa.Column("copies", sa.Boolean, nullable=False),
    sa.Column("near", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("token_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("source", sa.Text, unique=True),
)

#: What a request is about. `value` is canonical (a name, `name` and prefix, a SWHID, a hash), `place` where to look.
SUBJECTS: Final = sa.Table(
    "subjects",
    METADATA,
    sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("prefix", sa.Text),
    sa.Column("place", sa.Text),
    sa.Column("accepted", sa.Boolean),
)

#: The requester's contact data and words, apart from everything public: encrypted where a key is set, null once erased.
CONTACTS: Final = sa.Table(
    "contacts",
    METADATA,
    sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), primary_key=True),
    sa.Column("data", sa.LargeBinary),
    sa.Column("encrypted", sa.Boolean, nullable=False),
)

#: Attempts to show that a request comes from whom it says. `nonce` is what a challenge asks to publish or sign.
VERIFICATIONS: Final = sa.Table(
    "verifications",
    METADATA,
    sa.Column("nonce", sa.String(64), primary_key=True),
    sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), nullable=False, index=True),
    sa.Column("method", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("expires_at", sa.String(32), nullable=False),
    sa.Column("finished_at", sa.String(32)),
    sa.Column("evidence", sa.Text),
)

#: Decisions of moderators; the newest of a request holds.
DECISIONS: Final = sa.Table(
    "decisions",
    METADATA,
    sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), primary_key=True, autoincrement=False),
    sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), nullable=False, index=True),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("moderator", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
)

#: What is known of places: `old` was renamed or redirects to `new`, or is a fork of it. Canonical names.
PLACES: Final = sa.Table(
    "places",
    METADATA,
    sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("old", sa.Text, nullable=False),
    sa.Column("new", sa.Text, nullable=False),
    sa.UniqueConstraint("kind", "old", "new"),
)

#: Ids of contents that are out because they are copies of what a request names; `event` tells how they became known.
BLOCKED: Final = sa.Table(
    "blocked",
    METADATA,
    sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), primary_key=True),
    sa.Column("blob", sa.LargeBinary(20), primary_key=True),
    sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), nullable=False, index=True),
)

#: Ids of contents on which somebody decided one by one: their copies go however common they are.
SETTLED: Final = sa.Table(
    "settled_copies",
    METADATA,
    sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), primary_key=True),
    sa.Column("blob", sa.LargeBinary(20), primary_key=True),
    sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), nullable=False, index=True),
)

#: By what files are known that contain what a request names: a sample of its shingles (`dedup.containment`).
LIKENESSES: Final = sa.Table(
    "likenesses",
    METADATA,
    sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), primary_key=True),
    sa.Column("blob", sa.LargeBinary(20), primary_key=True),
    sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), nullable=False, index=True),
    sa.Column("sample", sa.LargeBinary, nullable=False),
)

#: Who says that a request takes what is theirs, and where; their words lie with the contact data.
OBJECTIONS: Final = sa.Table(
    "objections",
    METADATA,
    sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), primary_key=True, autoincrement=False),
    sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), nullable=False, index=True),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("evidence_sha256", sa.String(64), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
)

#: Where a request was applied: one row for each release (by root hash), with what fell.
APPLICATIONS: Final = sa.Table(
    "applications",
    METADATA,
    sa.Column("request", sa.String(16), sa.ForeignKey("requests.id"), primary_key=True),
    sa.Column("release_root", sa.String(64), primary_key=True),
    sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("repositories", sa.BigInteger, nullable=False),
    sa.Column("occurrences", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
)

#: Releases by name and number, each with its root hash. `ground` and `sources` are hashes of what decides a root:
#: settings, program and registry, and what was read; empty where not known. Not of the log: it decides on no file.
RELEASED: Final = sa.Table(
    "released",
    METADATA,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("version", sa.String(64), primary_key=True),
    sa.Column("root", sa.String(64), primary_key=True),
    sa.Column("ground", sa.String(64), nullable=False),
    sa.Column("sources", sa.String(64), nullable=False),
)

#: Versions of releases, by root hash, in whose place another one stands; `retracted`: not to be used any more.
SUPERSEDED: Final = sa.Table(
    "superseded",
    METADATA,
    sa.Column("root", sa.String(64), primary_key=True),
    sa.Column("event", sa.Integer, sa.ForeignKey("events.seq"), nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("by_root", sa.String(64), nullable=False),
    sa.Column("by_version", sa.Text, nullable=False),
    sa.Column("retracted", sa.Boolean, nullable=False),
)

#: Where releases and exports of them lie, as the operator's commands put them there. `event` is the number of the last
#: event that was applied there; what was decided later may still be held. Not of the log: it names the machine's paths.
LOCATIONS: Final = sa.Table(
    "locations",
    METADATA,
    sa.Column("place", sa.String(1000), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("root", sa.String(64), nullable=False),
    sa.Column("event", sa.Integer, nullable=False),
)
