"""What builds and retractions take from the registry, and what they tell it: the opt-outs in force, and what fell.

Knows nothing of how requests come in and are verified, nor of releases beyond their root hash.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from drystone.errors import RegistryError, UsageError
from drystone.identity import origins
from drystone.identity.hashes import blob_hash
from drystone.registry.log import events
from drystone.registry.log.bodies import AppliedTo, Blocked, NewEvent, PlaceRecorded
from drystone.registry.plain import Applied, PlaceKind
from drystone.registry.requests.records import IN_FORCE, in_order
from drystone.registry.snapshot import OptOuts, content_id
from drystone.registry.storage.database import reading, writing
from drystone.registry.storage.tables import APPLICATIONS, BLOCKED, PLACES, REQUESTS, SUBJECTS

#: Contents that say nothing of where they come from: the empty one and those of one byte. Software Heritage's takedown
#: never removes them either (swh.alter, NEVER_REMOVABLE).
NEVER_BLOCKED: Final = frozenset([blob_hash(b""), *(blob_hash(bytes([byte])) for byte in range(256))])


@dataclass(frozen=True, slots=True)
class PlaceLink:
    """What is known of two places: `old` was renamed or redirects to `new`, or is a fork of it."""

    kind: PlaceKind
    old: str
    new: str
    event: int


class OptOutBook:
    """The opt-outs of one registry, as builds see them."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def snapshot(self) -> OptOuts:
        """Return the opt-outs in force, for builds and retractions; of several that match the oldest counts."""
        with reading(self._engine) as connection:
            in_force = in_order(REQUESTS.c.id, REQUESTS.c.forks).where(REQUESTS.c.status.in_(IN_FORCE))
            requests = connection.execute(in_force).all()
            position = {row.id: number for number, row in enumerate(requests)}
            subjects = connection.execute(sa.select(SUBJECTS).where(SUBJECTS.c.accepted.is_(sa.true()))).all()
            copies = (
                sa.select(BLOCKED.c.blob, BLOCKED.c.request)
                .join(REQUESTS, REQUESTS.c.id == BLOCKED.c.request)
                .where(REQUESTS.c.status.in_(IN_FORCE), REQUESTS.c.copies)
            )
            blocked = connection.execute(copies).all()
            places = connection.execute(sa.select(PLACES).order_by(PLACES.c.event)).all()
            head = events.effective_head(connection)
        found: dict[str, dict[Any, str]] = defaultdict(dict)
        paths: dict[str, list[tuple[bytes, str]]] = defaultdict(list)
        blobs = [blob for blob, _ in blocked]
        by = [position[request] for _, request in blocked]
        for row in sorted(
            (r for r in subjects if r.request in position), key=lambda r: (position[r.request], r.number)
        ):
            if row.kind == "path":
                paths[row.value].append((row.prefix.encode(), row.request))
            elif row.kind == "content":
                blobs.append(content_id(row.value))
                by.append(position[row.request])
            else:
                key = content_id(row.value) if row.kind == "directory" else row.value
                found[row.kind].setdefault(key, row.request)
        ids, requests_of = _sorted(blobs, by)
        return OptOuts(
            head=head,
            owners=found["owner"],
            repositories=found["repository"],
            paths={name: tuple(sorted(prefixes)) for name, prefixes in paths.items()},
            directories=found["directory"],
            authors=found["author"],
            blobs=ids,
            blob_requests=requests_of,
            requests=tuple(row.id for row in requests),
            forks=frozenset(row.id for row in requests if row.forks),
            **_related(places),
        )

    def block(self, request: str, blobs: Iterable[bytes | str], known_from: str) -> int:
        """Record contents as copies of what a request takes out, by 20-byte id or SWHID; return how many were new.

        `known_from` says where they were listed: a release's ledger, or the repository, read once for this purpose.
        They count while the request is in force and asks for copies to go too. Raises `UsageError` for an unknown
        request.
        """
        ids = {blob if isinstance(blob, bytes) else content_id(blob) for blob in blobs} - NEVER_BLOCKED
        if any(len(blob) != 20 for blob in ids):
            raise UsageError("The id of a content has 20 bytes.")
        with writing(self._engine) as connection:
            _check_request(connection, request)
            known = connection.execute(sa.select(BLOCKED.c.blob).where(BLOCKED.c.request == request)).scalars()
            new = sorted(ids - {bytes(blob) for blob in known})
            if new:
                digest = hashlib.sha256(b"".join(new)).hexdigest()
                copies: Blocked = {"contents": len(new), "sha256": digest, "from": known_from}
                event = events.append(connection, [("blocked", request, copies)])[0]
                rows = [{"request": request, "blob": blob, "event": event.seq} for blob in new]
                connection.execute(sa.insert(BLOCKED), rows)
        return len(new)

    def applied(
        self, request_id: str, release_root: str, version: str, occurrences: int, bytes: int, repositories: int = 0
    ) -> None:
        """Record what one request made fall in one release; a second time for the same release changes nothing."""
        self.applied_all(release_root, version, [Applied(request_id, occurrences, bytes, repositories)])

    def applied_all(self, release_root: str, version: str, fallen: Sequence[Applied]) -> None:
        """Record what requests made fall in one release, all or none."""
        with writing(self._engine) as connection:
            query = sa.select(APPLICATIONS.c.request).where(APPLICATIONS.c.release_root == release_root)
            known = set(connection.execute(query).scalars())
            new = [each for each in fallen if each.request not in known]
            for each in new:
                _check_request(connection, each.request)
            fell: list[AppliedTo] = [
                {"release_root": release_root, "version": version, "repositories": a.repositories,
                 "occurrences": a.occurrences, "bytes": a.bytes}
                for a in new
            ]  # fmt: skip
            entries: list[NewEvent] = [("applied", a.request, body) for a, body in zip(new, fell, strict=True)]
            rows = [
                {**body, "request": event.request, "event": event.seq, "at": event.at}
                for body, event in zip(fell, events.append(connection, entries), strict=True)
            ]
            if rows:
                connection.execute(sa.insert(APPLICATIONS), rows)

    def record_place(self, kind: PlaceKind, old: str, new: str, by: str, evidence: str = "") -> PlaceLink:
        """Record that `old` was renamed or redirects to `new`, or is a fork of it; both are places, or both owners.

        Raises `UsageError` where they are one place already, or one lies within the other.
        """
        if not by.strip():
            raise UsageError("Who records a place is needed.")
        before, after = (_name(place) for place in (old, new))
        if before == after:
            raise UsageError(f"{before}: both are the same place already")
        if not origins.same_kind(before, after):
            raise UsageError(f"{before} and {after}: one is an owner, the other a repository; name two of a kind")
        if kind == "fork" and not origins.owners_of(before) and ":" not in before:
            raise UsageError(f"{before}: is an owner; forks are of repositories")
        with writing(self._engine) as connection:
            query = sa.select(PLACES).where(PLACES.c.kind == kind, PLACES.c.old == before, PLACES.c.new == after)
            known = connection.execute(query).one_or_none()
            if known is not None:
                return PlaceLink(kind, before, after, known.event)
            body: PlaceRecorded = {
                "kind": kind,
                "old": before,
                "new": after,
                "by": by.strip(),
                "evidence": evidence[:2000],
            }
            event = events.append(connection, [("place_recorded", None, body)])[0]
            connection.execute(sa.insert(PLACES).values(event=event.seq, kind=kind, old=before, new=after))
        return PlaceLink(kind, before, after, event.seq)

    def remove_place(self, event: int, by: str) -> None:
        """Take back what the event of a number recorded of a place."""
        with writing(self._engine) as connection:
            if not connection.execute(sa.delete(PLACES).where(PLACES.c.event == event)).rowcount:
                raise RegistryError(f"Event {event} recorded no place that still counts.")
            events.append(connection, [("place_removed", None, {"event": event, "by": by})])

    def places(self) -> list[PlaceLink]:
        """Return what is recorded of places, oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(PLACES).order_by(PLACES.c.event)).all()
        return [PlaceLink(row.kind, row.old, row.new, row.event) for row in rows]


def _sorted(blobs: list[bytes], by: list[int]) -> tuple[bytes, bytes]:
    """Return ids in order, joined, each once with the first of its requests (int32)."""
    raw = np.frombuffer(b"".join(blobs), np.uint8).reshape(-1, 20)
    positions = np.array(by, np.int32)
    # Three numbers order as the 20 bytes do, and sort many times as fast.
    keys = [
        np.ascontiguousarray(raw[:, a:b]).view(t)[:, 0] for a, b, t in ((0, 8, ">u8"), (8, 16, ">u8"), (16, 20, ">u4"))
    ]
    order = np.lexsort((positions, *reversed(keys)))
    ids = raw[order]
    first = np.ones(len(ids), bool)
    first[1:] = (ids[1:] != ids[:-1]).any(axis=1)
    return ids[first].tobytes(), positions[order][first].tobytes()


def _name(place: str) -> str:
    try:
        return origins.repository(place)
    except UsageError as error:
        try:
            return origins.owner(place)
        except UsageError:
            raise error from None


def _check_request(connection: sa.Connection, request: str) -> None:
    if connection.execute(sa.select(REQUESTS.c.id).where(REQUESTS.c.id == request)).scalar() is None:
        raise UsageError(f"{request}: there is no such request. See: drystone optout list")


def _related(places: Sequence[Any]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the other names of each renamed place, and what each fork is a fork of."""
    groups: dict[str, set[str]] = {}
    parents: dict[str, set[str]] = defaultdict(set)
    for row in places:
        if row.kind == "fork":
            parents[row.old].add(row.new)
            continue
        one = groups.setdefault(row.old, {row.old})
        other = groups.setdefault(row.new, {row.new})
        if one is not other:
            one |= other
            groups.update(dict.fromkeys(other, one))
    aliases = {name: tuple(sorted(group - {name})) for name, group in groups.items()}
    return {"aliases": aliases, "parents": {name: tuple(sorted(above)) for name, above in parents.items()}}
