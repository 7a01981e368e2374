"""Finds what does what somebody wants in one catalog: keeps its index, its vectors and its match records.

One finder serves many threads. It looks whether passports changed at most every few seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from drystone.catalog.matching import LONGEST, MOST
from drystone.catalog.matching.encoder import HOW, SentenceEncoder, installed_encoder
from drystone.catalog.matching.entries import Entries, entries_of
from drystone.catalog.matching.filters import checked
from drystone.catalog.matching.index import Encoder, Floats, MatchIndex, sentences_of
from drystone.catalog.matching.records import MatchRecords, Seeker
from drystone.catalog.matching.shapes import Confidence, FoundArtifacts, MatchFilters, Method
from drystone.catalog.matching.tables import VECTORS
from drystone.catalog.passports.texts import sha256_of
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import MissingExtraError, UsageError

#: Seconds in which a change of the catalog may go unseen.
_UNSEEN: Final = 5.0
#: Vectors that are computed, and asked of the database, at once.
_TOGETHER: Final = 500


class ArtifactFinder:
    """Searches one catalog by intent. `encoder`: what gives sentences vectors (default: the one that is installed)."""

    def __init__(self, shelf: Shelf, encoder: Encoder | None = None) -> None:
        self._shelf = shelf
        self._lock = threading.Lock()
        self._encoder: Encoder | None = encoder
        self._without: str | None = None
        if encoder is None:
            self._encoder, self._without = _encoder()
        self._index: MatchIndex | None = None
        self._state, self._looked = "", 0.0
        self._records: MatchRecords | None = None
        self._unrecorded: str | None = "searches are not counted: no catalog of one's own is named (--catalog)"
        if shelf.engine is not None:
            try:
                self._records, self._unrecorded = MatchRecords(shelf.engine), None
            except SQLAlchemyError as error:
                self._unrecorded = f"searches are not counted: the catalog cannot be written to ({_said(error)})"

    def find(
        self, query: str, wanted: MatchFilters | None = None, *, limit: int = 10, seeker: Seeker | None = None
    ) -> FoundArtifacts:
        """Return the artifacts that fit what somebody wants, best first; the search is recorded where it can be.

        Without an `seeker` nothing is recorded. Raises `UsageError` for an empty query, one of more than `LONGEST`
        characters, more hits than `MOST`, or a licence that is none.
        """
        query = " ".join(query.encode("utf-8", "replace").decode().replace("\0", " ").split())
        if not query:
            raise UsageError("query: is empty; say what you want done")
        if len(query) > LONGEST:
            raise UsageError(f"query: has {len(query):,} characters; at most {LONGEST} are read")
        if not 1 <= limit <= MOST:
            raise UsageError(f"limit: is {limit}; it goes from 1 to {MOST}")
        chosen = checked(wanted or MatchFilters())
        index = self._current()
        fits = index.find(query, chosen, limit)
        notes = [one for one in (self._without, self._unrecorded if seeker is not None else None) if one]
        record = None
        hits = fits.hits
        if self._records is not None:
            known = self.confidences([hit.artifact for hit in hits])
            hits = [replace(hit, confidence=known[hit.artifact]) for hit in hits]
            if seeker is not None:
                try:
                    record = self._records.record(query, repr(asdict(chosen)), hits, seeker)
                    hits = [replace(hit, token=self._records.token(record, hit.artifact)) for hit in hits]
                except SQLAlchemyError as error:
                    notes.append(f"this search is not counted: the catalog cannot be written to ({_said(error)})")
        method: Method = "words and vectors" if index.by_meaning else "words alone"
        return FoundArtifacts(query, tuple(hits), method, len(index.artifacts), fits.unknown, record, tuple(notes))

    def report(self, token: str, *, success: bool) -> str:
        """Keep what came of a search by a hit's token; return the artifact. Raises `UsageError`."""
        if self._records is None:
            raise UsageError(str(self._unrecorded))
        return self._records.report(token, success=success)

    def confidences(self, artifacts: Sequence[str]) -> dict[str, Confidence]:
        """Return what searches and reports tell of artifacts, by name; nothing is known where none are recorded."""
        if self._records is None:
            return {name: Confidence() for name in artifacts}
        return self._records.confidences(artifacts)

    def doing(self, capability: str, most: int) -> list[str]:
        """Return the names of artifacts that have a capability, those first that nobody is known to be ahead of."""
        return self._current().doing(capability, most)

    def capabilities(self) -> list[str]:
        """Return the ids of all capabilities that an artifact has."""
        return self._current().capabilities()

    def kinds(self) -> list[str]:
        """Return the kinds of artifact that are there."""
        return sorted({one.kind for one in self._current().artifacts})

    def counted(self) -> tuple[int, int] | None:
        """Return how many searches were recorded and how many count; None where none are recorded."""
        return None if self._records is None else self._records.counted()

    def _current(self) -> MatchIndex:
        """Return the index over the passports as they are now."""
        with self._lock:
            if self._index is not None and time.monotonic() - self._looked < _UNSEEN:
                return self._index
            state = self._shelf.state()
            if self._index is None or state != self._state:
                artifacts = [entries_of(passport) for passport in self._shelf.passports()]
                encoder = self._encoder
                kept_in = None if self._records is None else self._shelf.engine
                vectors = None if encoder is None else _vectors(artifacts, encoder, kept_in)
                self._index, self._state = MatchIndex(artifacts, encoder, vectors), state
            self._looked = time.monotonic()
            return self._index


def _encoder() -> tuple[SentenceEncoder | None, str | None]:
    """Return the installed encoder; None, and why words alone are compared, where there is none."""
    alone = "words alone are compared, not meanings"
    try:
        found = installed_encoder()
    except MissingExtraError as error:
        return None, f"{alone}: {error}"
    return found, None if found is not None else f"{alone}: no sentence encoder is installed ({HOW})"


def _vectors(artifacts: Sequence[Entries], encoder: Encoder, engine: sa.Engine | None) -> Floats:
    """Return the vectors of all sentences; those that the database has are not computed again."""
    texts = [one.text for one in sentences_of(artifacts)]
    hashes = [sha256_of(text) for text in texts]
    known: dict[str, Floats] = {}
    if engine is not None:
        known = _kept(engine, encoder.name, sorted(set(hashes)))
    missing = {digest: text for digest, text in zip(hashes, texts, strict=True) if digest not in known}
    names = sorted(missing)
    for first in range(0, len(names), _TOGETHER):
        some = names[first : first + _TOGETHER]
        made = encoder.vectors([missing[name] for name in some]).astype(np.float16)
        known |= zip(some, made, strict=True)
        if engine is not None:
            rows = [
                {"sha256": name, "encoder": encoder.name, "vector": vector.tobytes()}
                for name, vector in zip(some, made, strict=True)
            ]
            _keep(engine, rows)
    return np.array([known[digest] for digest in hashes], np.float32)


def _kept(engine: sa.Engine, encoder: str, names: Sequence[str]) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    with engine.connect() as connection:
        for first in range(0, len(names), _TOGETHER):
            query = sa.select(VECTORS.c.sha256, VECTORS.c.vector).where(
                VECTORS.c.encoder == encoder, VECTORS.c.sha256.in_(names[first : first + _TOGETHER])
            )
            found |= {name: np.frombuffer(data, np.float16) for name, data in connection.execute(query)}
    return found


def _keep(engine: sa.Engine, rows: list[dict[str, object]]) -> None:
    """Keep vectors, where the database can be written to; what another process kept meanwhile is the same."""
    with engine.connect() as connection:
        try:
            with connection.begin():
                connection.execute(sa.insert(VECTORS), rows)
        except SQLAlchemyError:
            return


def _said(error: SQLAlchemyError) -> str:
    return (str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__])[0]
