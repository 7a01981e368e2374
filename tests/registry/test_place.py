"""Which registry is meant, and which is never made by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.errors import RegistryError, UsageError
from drystone.registry.place import DEFAULT_REGISTRY, VARIABLE, is_there, open_existing, place_of, successor_of, told
from drystone.registry.registry import Registry


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)


def test_what_is_named_counts_then_the_environment_then_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert place_of(None) == DEFAULT_REGISTRY
    assert place_of(None, "settled.sqlite") == "settled.sqlite"
    monkeypatch.setenv(VARIABLE, "told.sqlite")
    assert place_of(None, "settled.sqlite") == "told.sqlite"
    assert place_of("named.sqlite", "settled.sqlite") == "named.sqlite"


def test_a_misspelt_path_makes_no_registry(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no registry there"):
        open_existing("mispelt.sqlite")
    assert list(tmp_path.iterdir()) == []
    Registry.open(DEFAULT_REGISTRY).close()
    open_existing().close()
    assert is_there(DEFAULT_REGISTRY) and is_there("postgresql://nowhere/registry")


def test_what_an_older_release_did_not_note_is_said_to_be_unknown() -> None:
    assert told("r.sqlite", "a" * 64, 0) == "registry r.sqlite: state aaaaaaaaaaaa, 0 requests to opt out in force"
    unknown = "registry r.sqlite: state unknown, an unknown number of requests to opt out in force"
    assert told("r.sqlite", None, None) == unknown


def test_a_successor_is_asked_of_the_named_one_or_of_those_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = tmp_path / "releases"
    beside.mkdir()
    old, new = "a" * 64, "b" * 64
    assert successor_of(old, None, beside) == (None, None)
    with Registry.open(str(beside / DEFAULT_REGISTRY)) as opened:
        opened.versions.superseded(old, "1.0.0", new, "1.0.1", retracted=True)
    found, note = successor_of(old, None, beside)
    assert found is not None and (found.root, found.version, found.retracted, note) == (new, "1.0.1", True, None)
    with pytest.raises(UsageError, match="no registry there"):
        successor_of(old, "nowhere.sqlite", beside)
    (tmp_path / "broken.sqlite").write_bytes(b"no database, but longer than a header of one: " * 4)
    with pytest.raises(RegistryError):
        successor_of(old, "broken.sqlite", beside)
    monkeypatch.setenv(VARIABLE, "broken.sqlite")
    found, note = successor_of(old, None, beside)
    assert found is None and "could not be asked" in (note or "")
