"""Which version of a release took the place of which, and which root has which name and number.

So that whoever has a copy of an old one can be told, and no name stands for two releases. Knows nothing of what they
hold, or where they lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from drystone.registry.log import events
from drystone.registry.log.bodies import SupersededBody
from drystone.registry.storage.database import reading, writing
from drystone.registry.storage.tables import EVENTS, LOCATIONS, RELEASED, SUPERSEDED

#: What lies at a place.
PlacedKind = Literal["release", "export"]


@dataclass(frozen=True, slots=True)
class NewerVersion:
    """The newest version after one: root hash and number; `retracted` says that the old one must not be used."""

    root: str
    version: str
    retracted: bool


@dataclass(frozen=True, slots=True)
class NamedRoot:
    """A release that is known by a name and number. `ground` and `sources` are hashes of what decides the root hash:

    settings, program and registry, and what was read; empty where that is not known.
    """

    root: str
    ground: str
    sources: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A release, or an export of one, that lies somewhere: `kind` says which, `place` is its folder or URL.

    `event` is the number of the last event whose decisions were applied there.
    """

    place: str
    kind: str
    name: str
    version: str
    root: str
    event: int


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

    def named(self, name: str, version: str) -> list[NamedRoot]:
        """Return the releases that are known by a name and number, by their root hashes."""
        query = sa.select(RELEASED.c.root, RELEASED.c.ground, RELEASED.c.sources).order_by(RELEASED.c.root)
        with reading(self._engine) as connection:
            found = connection.execute(query.where(RELEASED.c.name == name, RELEASED.c.version == version))
            return [NamedRoot(*row) for row in found]

    def released(self, name: str, version: str, root: str, *, ground: str = "", sources: str = "") -> None:
        """Record that a release has this name and number; what is known already changes nothing."""
        key = {"name": name, "version": version, "root": root}
        with writing(self._engine) as connection:
            query = sa.select(RELEASED.c.root).where(*(RELEASED.c[column] == value for column, value in key.items()))
            if connection.execute(query).one_or_none() is None:
                connection.execute(sa.insert(RELEASED), [{**key, "ground": ground, "sources": sources}])

    def lies(self, place: str, kind: PlacedKind, name: str, version: str, root: str, head: str) -> None:
        """Record that a release or an export lies at a place, made or searched at the state `head` of the log."""
        with writing(self._engine) as connection:
            seq = connection.execute(sa.select(EVENTS.c.seq).where(EVENTS.c.hash == head)).scalar() or 0
            connection.execute(sa.delete(LOCATIONS).where(LOCATIONS.c.place == place))
            row = {"place": place, "kind": kind, "name": name, "version": version, "root": root, "event": seq}
            connection.execute(sa.insert(LOCATIONS), [row])

    def placed(self) -> list[Placed]:
        """Return where releases and exports are known to lie, by place."""
        with reading(self._engine) as connection:
            return [
                Placed(**row._mapping) for row in connection.execute(sa.select(LOCATIONS).order_by(LOCATIONS.c.place))
            ]

    def forget(self, place: str) -> bool:
        """Take a place off the list; return whether it was on it."""
        with writing(self._engine) as connection:
            return bool(connection.execute(sa.delete(LOCATIONS).where(LOCATIONS.c.place == place)).rowcount)

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
