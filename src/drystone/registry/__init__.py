"""What people decided, in SQL: opt-outs, licence reviews, and the log of it all.

Builds read snapshots; nothing here decides for people, detects, or looks at repositories. Names are loaded when asked
for: processes that match against a snapshot need no database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drystone._lazy import lazily

if TYPE_CHECKING:
    from drystone.registry.audit import Audit
    from drystone.registry.contacts import KEY_VARIABLE, new_key
    from drystone.registry.database import SCHEMA_VERSION
    from drystone.registry.events import Event
    from drystone.registry.optouts import Place
    from drystone.registry.plain import NO_LICENSE, Applied, Decision, Review, ReviewSnapshot
    from drystone.registry.records import NewRequest, OptOutDecision, Request, Verification
    from drystone.registry.registry import Registry
    from drystone.registry.reviews import Reviews
    from drystone.registry.snapshot import GENESIS, OptOuts
    from drystone.registry.subjects import Subject
    from drystone.registry.versions import Successor

__all__ = [
    "GENESIS",
    "KEY_VARIABLE",
    "NO_LICENSE",
    "SCHEMA_VERSION",
    "Applied",
    "Audit",
    "Decision",
    "Event",
    "NewRequest",
    "OptOutDecision",
    "OptOuts",
    "Place",
    "Registry",
    "Request",
    "Review",
    "ReviewSnapshot",
    "Reviews",
    "Subject",
    "Successor",
    "Verification",
    "new_key",
]

__getattr__ = lazily(
    __name__,
    {
        "GENESIS": "drystone.registry.snapshot",
        "KEY_VARIABLE": "drystone.registry.contacts",
        "NO_LICENSE": "drystone.registry.plain",
        "SCHEMA_VERSION": "drystone.registry.database",
        "Applied": "drystone.registry.plain",
        "Audit": "drystone.registry.audit",
        "Decision": "drystone.registry.plain",
        "Event": "drystone.registry.events",
        "NewRequest": "drystone.registry.records",
        "OptOutDecision": "drystone.registry.records",
        "OptOuts": "drystone.registry.snapshot",
        "Place": "drystone.registry.optouts",
        "Registry": "drystone.registry.registry",
        "Request": "drystone.registry.records",
        "Review": "drystone.registry.plain",
        "ReviewSnapshot": "drystone.registry.plain",
        "Reviews": "drystone.registry.reviews",
        "Subject": "drystone.registry.subjects",
        "Successor": "drystone.registry.versions",
        "Verification": "drystone.registry.records",
        "new_key": "drystone.registry.contacts",
    },
)
