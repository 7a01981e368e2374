"""A registry in a file: locked, gone, replaced, or one that must stay as it is."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from drystone.errors import RegistryError, RegistryUnavailableError
from drystone.registry import Registry
from drystone.registry.log.events import append
from drystone.registry.storage.database import writing


def test_a_locked_database_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drystone.registry.storage.sqlite.PATIENCE", 0.1)
    path = tmp_path / "registry.sqlite"
    with Registry.open(path) as registry:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(RegistryError, match="another program holds it"):
            registry.events.append("note", {})
        holder.execute("ROLLBACK")
        holder.close()
        registry.events.append("note", {})


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_gone_is_said_and_not_made_anew(tmp_path: Path, replaced: bool) -> None:
    path, saved = tmp_path / "registry.sqlite", tmp_path / "saved.sqlite"
    with Registry.open(path) as registry:
        registry.events.append("note", {"number": 1})
        for file in tmp_path.glob("registry.sqlite*"):
            file.rename(file.with_name(file.name.replace("registry", "saved")))
        for _ in range(2):
            with pytest.raises(RegistryUnavailableError, match="gone"):
                registry.events.append("note", {"number": 2})
            with pytest.raises(RegistryUnavailableError, match="gone"):
                registry.events.all()
        assert not path.exists()
        if replaced:  # by a backup, say
            shutil.copyfile(saved, path)
            shutil.copyfile(f"{saved}-wal", f"{path}-wal")
        else:
            for file in tmp_path.glob("saved.sqlite*"):
                file.rename(file.with_name(file.name.replace("saved", "registry")))
        registry.events.append("note", {"number": 3})
        assert [event.as_dict()["body"]["number"] for event in registry.events.all()] == [1, 3]
        assert registry.audit().problems == ()


def test_a_file_that_goes_during_a_step_is_said(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    with Registry.open(path) as registry:
        with pytest.raises(RegistryUnavailableError, match="removed"), writing(registry._engine) as connection:
            append(connection, [("note", None, {})])
            path.unlink()
        assert not path.exists()


def test_only_its_owner_may_read_a_new_registry(tmp_path: Path) -> None:
    Registry(tmp_path / "registry.sqlite").close()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    (tmp_path / "registry.sqlite").chmod(0o640)  # as somebody chose
    with Registry(tmp_path / "registry.sqlite") as opened:
        opened.events.head()
        assert (tmp_path / "registry.sqlite").stat().st_mode & 0o777 == 0o640


def test_a_registry_that_must_stay_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    Registry.open(path).close()
    Registry(path, migrate=False).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
        connection.execute("DROP TABLE superseded")
        connection.execute("DROP TABLE released")
        for table in ("settled_copies", "likenesses", "objections", "locations"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("ALTER TABLE requests DROP COLUMN near")
    for _ in range(2):
        with pytest.raises(RegistryError, match="migrates it"):
            Registry(path, migrate=False)
    connection.close()
    Registry.open(path).close()
    Registry(path, migrate=False).close()
