"""What people decided, in SQL: opt-outs, licence reviews, and the log of it all.

Builds read snapshots; nothing here decides for people, detects, or looks at repositories. Names are loaded when asked
for: processes that match against a snapshot need no database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drystone._lazy import lazily

if TYPE_CHECKING:
    from drystone.registry.log.audit import Audit
    from drystone.registry.log.events import Event
    from drystone.registry.optouts import PlaceLink
    from drystone.registry.plain import NO_LICENSE, Applied, Review, ReviewDecision, ReviewSnapshot
    from drystone.registry.registry import Registry
    from drystone.registry.requests.contacts import KEY_VARIABLE, new_key
    from drystone.registry.requests.records import NewRequest, OptOutDecision, Request, Verification
    from drystone.registry.requests.subjects import Subject
    from drystone.registry.reviews import Reviews
    from drystone.registry.snapshot import GENESIS, OptOuts
    from drystone.registry.storage.database import SCHEMA_VERSION
    from drystone.registry.versions import NewerVersion

__all__ = [
    "GENESIS",
    "KEY_VARIABLE",
    "NO_LICENSE",
    "SCHEMA_VERSION",
    "Applied",
    "Audit",
    "Event",
    "NewRequest",
    "NewerVersion",
    "OptOutDecision",
    "OptOuts",
    "PlaceLink",
    "Registry",
    "Request",
    "Review",
    "ReviewDecision",
    "ReviewSnapshot",
    "Reviews",
    "Subject",
    "Verification",
    "new_key",
]

__getattr__ = lazily(
    __name__,
    {
        "GENESIS": "drystone.registry.snapshot",
        "KEY_VARIABLE": "drystone.registry.requests.contacts",
        "NO_LICENSE": "drystone.registry.plain",
        "SCHEMA_VERSION": "drystone.registry.storage.database",
        "Applied": "drystone.registry.plain",
        "Audit": "drystone.registry.log.audit",
        "ReviewDecision": "drystone.registry.plain",
        "Event": "drystone.registry.log.events",
        "NewRequest": "drystone.registry.requests.records",
        "OptOutDecision": "drystone.registry.requests.records",
        "OptOuts": "drystone.registry.snapshot",
        "PlaceLink": "drystone.registry.optouts",
        "Registry": "drystone.registry.registry",
        "Request": "drystone.registry.requests.records",
        "Review": "drystone.registry.plain",
        "ReviewSnapshot": "drystone.registry.plain",
        "Reviews": "drystone.registry.reviews",
        "Subject": "drystone.registry.requests.subjects",
        "NewerVersion": "drystone.registry.versions",
        "Verification": "drystone.registry.requests.records",
        "new_key": "drystone.registry.requests.contacts",
    },
)
