"""All occurrences of the same bytes in a release: where else a file lies."""

from __future__ import annotations

from drystone.errors import ReleaseError
from drystone.identity.swhid import parse
from drystone.release.identifiers import rows_named
from drystone.release.layout import shown
from drystone.release.read import Release
from drystone.search.occurrences.ledger import OpenedLedger
from drystone.search.occurrences.shapes import Copies
from drystone.search.remote.objects import RemoteRelease


def copies(given: Release | RemoteRelease, swhid: str, *, limit: int | None) -> Copies:
    """Return the occurrences of the content that `swhid` names, in any repository, the kept one first.

    All are counted, at most `limit` listed. Raises `UsageError` for what is no SWHID, `ReleaseError` where none has it.
    """
    core = parse(swhid).core
    ledger = OpenedLedger(given)
    release = ledger.release
    rows = sorted(rows_named(release, core), key=lambda row: row["decision"] != "kept")
    if not rows:
        raise ReleaseError(f"{shown(str(core))} is not in the ledger of {shown(str(release.path))}")
    facts = release.manifest.facts
    places = tuple(ledger.found(row) for row in rows[:limit])
    return Copies(facts.name, facts.version, str(core), len(rows), places)
