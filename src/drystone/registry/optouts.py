"""What builds and retractions take from the registry, and what they tell it: the opt-outs in force, and what fell.

Knows nothing of how requests come in and are verified, nor of releases beyond their root hash.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from drystone.errors import RegistryError, UsageError
from drystone.identity import origins
from drystone.identity.hashes import blob_hash
from drystone.registry.log import events
from drystone.registry.log.bodies import AppliedTo, Blocked, CopiesSettled, NewEvent, PlaceRecorded
from drystone.registry.plain import Applied, PlaceKind
from drystone.registry.requests.records import COPIES_GO, IN_FORCE, in_order
from drystone.registry.snapshot import OptOuts, content_id
from drystone.registry.storage.database import reading, writing
from drystone.registry.storage.tables import APPLICATIONS, BLOCKED, LIKENESSES, PLACES, REQUESTS, SETTLED, SUBJECTS

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

    def snapshot(self, only: str | None = None) -> OptOuts:
        """Return the opt-outs in force, for builds and retractions; of several that match the oldest counts.

        `only`: what one request would take out if all of it were accepted, whatever was decided of it.
        """
        with reading(self._engine) as connection:
            taken = sa.exists().where(SUBJECTS.c.request == REQUESTS.c.id, SUBJECTS.c.accepted.is_(sa.true()))
            in_force = sa.and_(REQUESTS.c.status.in_(IN_FORCE), taken) if only is None else REQUESTS.c.id == only
            requests = connection.execute(in_order(REQUESTS.c.id, REQUESTS.c.forks).where(in_force)).all()
            position = {row.id: number for number, row in enumerate(requests)}
            accepted = SUBJECTS.c.accepted.is_(sa.true()) if only is None else SUBJECTS.c.request == only
            subjects = connection.execute(sa.select(SUBJECTS).where(accepted)).all()
            go = REQUESTS.c.status.in_(COPIES_GO) if only is None else REQUESTS.c.id == only
            blocked = connection.execute(_copies(BLOCKED.c.blob, go, REQUESTS.c.copies)).all()
            settled = connection.execute(_copies(SETTLED.c.blob, go, REQUESTS.c.copies)).all()
            samples = connection.execute(_copies(LIKENESSES.c.blob, go, REQUESTS.c.near, LIKENESSES.c.sample)).all()
            places = connection.execute(sa.select(PLACES).order_by(PLACES.c.event)).all()
            head = events.effective_head(connection)
        found: dict[str, dict[Any, str]] = defaultdict(dict)
        paths: dict[str, list[tuple[bytes, str]]] = defaultdict(list)
        blobs = [blob for blob, _ in blocked]
        by = [position[request] for _, request in blocked]
        firm = {blob for blob, _ in settled}
        blobs += firm
        by += [position[request] for _, request in settled]
        for row in sorted(
            (r for r in subjects if r.request in position), key=lambda r: (position[r.request], r.number)
        ):
            if row.kind == "path":
                paths[row.value].append((row.prefix.encode(), row.request))
            elif row.kind == "content":
                blobs.append(content_id(row.value))
                by.append(position[row.request])
                firm.add(blobs[-1])
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
            settled=frozenset(firm),
            samples=tuple(sorted((blob, position[request], sample) for blob, request, sample in samples)),
            **_related(places),
        )

    def block(
        self,
        request: str,
        blobs: Iterable[bytes | str],
        known_from: str,
        samples: Mapping[bytes, bytes] = MappingProxyType({}),
    ) -> int:
        """Record contents as copies of what a request takes out, by 20-byte id or SWHID; return how many were new.

        `known_from` says where they were listed: a release's ledger, or the repository, read once for this purpose.
        `samples` of shingles, by id, tell files that contain them. They count while the request is in force and asks
        for copies, or for what contains them, to go too. Raises `UsageError` for an unknown request.
        """
        ids = _ids(blobs) - NEVER_BLOCKED
        with writing(self._engine) as connection:
            new = _new(connection, BLOCKED, request, ids)
            fresh = _new(connection, LIKENESSES, request, set(samples))
            if new or fresh:
                copies: Blocked = {"contents": len(new), "sha256": _over(new), "from": known_from}
                if fresh:
                    copies |= {"samples": len(fresh), "samples_sha256": _over(samples[blob] for blob in fresh)}
                event = events.append(connection, [("blocked", request, copies)])[0]
                _insert(connection, BLOCKED, request, event.seq, new)
                _insert(connection, LIKENESSES, request, event.seq, fresh, samples)
        return len(new)

    def settle_copies(self, request: str, blobs: Iterable[bytes | str], by: str, reason: str) -> int:
        """Record that a moderator looked at single contents: their copies go however common they are.

        Returns how many were new. Raises `UsageError` for an unknown request, or without a name and a reason.
        """
        if not by.strip() or not reason.strip():
            raise UsageError("Who decides that, and why, is needed.")
        with writing(self._engine) as connection:
            new = _new(connection, SETTLED, request, _ids(blobs) - NEVER_BLOCKED)
            if new:
                body: CopiesSettled = {
                    "by": by.strip(), "reason": reason.strip()[:2000], "contents": len(new), "sha256": _over(new),
                }  # fmt: skip
                event = events.append(connection, [("copies_settled", request, body)])[0]
                _insert(connection, SETTLED, request, event.seq, new)
        return len(new)

    def copies_of(self, request: str) -> set[bytes]:
        """Return the ids (20 bytes) of the contents that are known as copies of what a request names."""
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(BLOCKED.c.blob).where(BLOCKED.c.request == request)).scalars()
            return {bytes(blob) for blob in found}

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


def _copies(
    blob: sa.Column[Any], go: sa.ColumnElement[bool], asked: sa.ColumnElement[bool], *more: sa.Column[Any]
) -> sa.Select[Any]:
    """Return a query for what lies by content in a table, of requests of which copies go and that ask for it."""
    of = blob.table.c.request
    return sa.select(blob, of, *more).join(REQUESTS, REQUESTS.c.id == of).where(go, asked)


def _ids(blobs: Iterable[bytes | str]) -> set[bytes]:
    ids = {blob if isinstance(blob, bytes) else content_id(blob) for blob in blobs}
    if any(len(blob) != 20 for blob in ids):
        raise UsageError("The id of a content has 20 bytes.")
    return ids


def _new(connection: sa.Connection, table: sa.Table, request: str, ids: set[bytes]) -> list[bytes]:
    """Return the ids, in order, that a table does not have of a request. Raises `UsageError` where there is none."""
    _check_request(connection, request)
    known = connection.execute(sa.select(table.c.blob).where(table.c.request == request)).scalars()
    return sorted(ids - {bytes(blob) for blob in known})


def _over(values: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(values)).hexdigest()


def _insert(
    connection: sa.Connection,
    table: sa.Table,
    request: str,
    event: int,
    ids: Sequence[bytes],
    samples: Mapping[bytes, bytes] = MappingProxyType({}),
) -> None:
    rows = [{"request": request, "blob": id_, "event": event} for id_ in ids]
    if samples:
        rows = [{**row, "sample": samples[id_]} for row, id_ in zip(rows, ids, strict=True)]
    if rows:
        connection.execute(sa.insert(table), rows)


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
