"""What the user says of a repository wins over what was found; what both say of metadata is kept."""

from __future__ import annotations

from datetime import datetime

import pytest

from drystone.errors import SourceError
from drystone.identity.hashes import EMPTY_TREE
from drystone.sources import Repository
from drystone.sources._opened import StreamedRepository, describe
from drystone.sources.base import Entry

FOUND = Repository("folder:walls", "folder", "walls", "", metadata={"sha256": "1", "author": "found"})


def test_what_the_user_says_wins() -> None:
    said = describe(FOUND, {"origin": "https://example.org/walls", "stars": 3, "metadata": {"author": "said"}})
    assert (said.origin, said.stars, said.name) == ("https://example.org/walls", 3, "walls")
    assert said.metadata == {"sha256": "1", "author": "said"}
    assert describe(FOUND, {}) == FOUND
    assert describe(FOUND, {"visit_date": datetime(2026, 1, 1)}).metadata == FOUND.metadata


class Streamed(StreamedRepository):
    def _listed(self):  # type: ignore[no-untyped-def]
        yield from ()


def test_without_entries_it_says_so_and_bytes_are_not_read_again() -> None:
    opened = Streamed(FOUND, {})
    assert list(opened.entries()) == []
    repository = opened.repository()
    assert repository.empty == "it has no files"
    assert repository.directory == EMPTY_TREE.hex()
    assert opened.directories() == [(b"", EMPTY_TREE)]
    with pytest.raises(SourceError, match="folder:walls: its bytes are streamed"):
        opened.read([b"1" * 20])
    assert Entry(b"a", "file", 0, None, None).data is None
