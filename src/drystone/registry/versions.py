"""Which version of a release took the place of which: so that whoever has a copy of an old one can be told.

Knows versions by root hash and number; nothing of what they hold, or where they lie.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from drystone.registry.log import events
from drystone.registry.log.bodies import SupersededBody
from drystone.registry.storage.database import reading, writing
from drystone.registry.storage.tables import SUPERSEDED


@dataclass(frozen=True, slots=True)
class NewerVersion:
    """The newest version after one: root hash and number; `retracted` says that the old one must not be used."""

    root: str
    version: str
    retracted: bool


class Versions:
    """What one registry knows of versions of releases."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def superseded(self, root: str, version: str, by_root: str, by_version: str, *, retracted: bool) -> None:
        """Record that a version took another's place; what is known already changes nothing."""
        if root == by_root:
            return
        with writing(self._engine) as connection:
            known = connection.execute(sa.select(SUPERSEDED).where(SUPERSEDED.c.root == root)).one_or_none()
            if known is not None and known.by_root == by_root and (known.retracted or not retracted):
                return
            said: SupersededBody = {
                "root": root,
                "version": version,
                "by_root": by_root,
                "by_version": by_version,
                "retracted": retracted,
            }
            event = events.append(connection, [("superseded", None, said)])[0]
            row = {**said, "event": event.seq, "retracted": retracted or (known is not None and known.retracted)}
            connection.execute(sa.delete(SUPERSEDED).where(SUPERSEDED.c.root == root))
            connection.execute(sa.insert(SUPERSEDED), [row])

    def successor(self, root: str) -> NewerVersion | None:
        """Return the newest version that followed the one with this root hash, None where none is known."""
        found: NewerVersion | None = None
        seen: set[str] = set()
        with reading(self._engine) as connection:
            while root not in seen:
                seen.add(root)
                row = connection.execute(sa.select(SUPERSEDED).where(SUPERSEDED.c.root == root)).one_or_none()
                if row is None:
                    break
                found = NewerVersion(row.by_root, row.by_version, row.retracted if found is None else found.retracted)
                root = row.by_root
        return found
