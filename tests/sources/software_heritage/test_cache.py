"""The cache of contents: what it gives is what was put, and it stays within its limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.errors import BuildError
from drystone.sources.software_heritage.cache import ContentCache


def test_what_was_put_is_there_at_once_and_for_the_next_process(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path, 1 << 20)
    cache.put(b"1" * 20, b"one")
    assert cache.get(b"1" * 20) == b"one"
    assert cache.get(b"2" * 20) is None
    cache.put(b"1" * 20, b"another")  # the first stays: ids name their bytes
    cache.close()
    again = ContentCache(tmp_path, 1 << 20)
    assert again.get(b"1" * 20) == b"one"
    again.close()


def test_the_oldest_goes_first_and_the_limit_holds(tmp_path: Path) -> None:
    limit = 80_000
    cache = ContentCache(tmp_path, limit)
    ids = [number.to_bytes(20, "big") for number in range(100)]
    for id_ in ids:
        cache.put(id_, id_ * 100)  # 2,000 bytes
        cache.flush()
    kept = [id_ for id_ in ids if cache.get(id_) is not None]
    assert kept == ids[-len(kept) :]
    assert 0 < len(kept) * 2000 <= limit
    cache.close()


def test_what_is_large_beside_the_limit_is_not_kept(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path, 800)
    cache.put(b"1" * 20, b"x" * 101)
    cache.put(b"2" * 20, b"x" * 100)
    assert cache.get(b"1" * 20) is None
    assert cache.get(b"2" * 20) == b"x" * 100
    cache.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "contents.sqlite").write_bytes(b"this is no database" * 100)
    with pytest.raises(BuildError, match=r"contents\.sqlite: the cache cannot be used"):
        ContentCache(tmp_path, 800)
