from __future__ import annotations

import pytest

from drystone.errors import ReleaseError, UsageError
from drystone.release.read import Release
from drystone.search import verbs


def test_copies_are_all_occurrences_of_the_same_bytes(release: Release) -> None:
    ledger = [row for table in release.ledger() for row in table.to_pylist()]
    (row, *_) = [row for row in ledger if row["reason"] == "exact_duplicate"]
    same = [other for other in ledger if other["swhid"] == row["swhid"]]
    found = verbs.find_copies(release, row["swhid"] + ";path=/elsewhere", limit=1)
    assert found.total == len(same) > 1
    assert [one.decision for one in found.places] == ["kept"]
    every = verbs.find_copies(release, row["swhid"], limit=None)
    assert sorted((o.origin, o.path) for o in every.places) == sorted((o["origin"], o["path"]) for o in same)


def test_what_nobody_has_is_told(release: Release) -> None:
    with pytest.raises(ReleaseError, match="is not in the ledger"):
        verbs.find_copies(release, "swh:1:cnt:" + "0" * 40)
    with pytest.raises(UsageError):
        verbs.find_copies(release, "click.py")
