from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import UsageError


def test_a_catalog_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no catalog there"):
        Shelf(tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_what_is_no_catalog_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, but long enough to be looked at" * 100)
    with pytest.raises(UsageError, match="cannot be opened as a catalog"):
        Shelf(tmp_path / "text")
    with pytest.raises(UsageError, match="cannot be opened as a catalog"):
        Shelf(tmp_path, make=True)
    sqlite3.connect(tmp_path / "other").execute("create table x (y)").connection.commit()
    with pytest.raises(UsageError, match="is no catalog"):
        Shelf(tmp_path / "other")
    with Shelf(tmp_path / "newer", make=True):
        pass
    with sqlite3.connect(tmp_path / "newer") as connection:
        connection.execute("update catalog_schema set version = 99")
    with pytest.raises(UsageError, match="of version 99; this program works with 1"):
        Shelf(tmp_path / "newer")


def test_a_password_is_not_said() -> None:
    with pytest.raises(UsageError) as caught:
        Shelf("postgresql+pg8000://me:secret@127.0.0.1:1/x")
    assert "secret" not in str(caught.value)
