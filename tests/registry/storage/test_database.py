"""Opening, migrating, and losing a registry's database."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from drystone.errors import MissingExtraError, RegistryError, RegistryUnavailableError
from drystone.registry import NewRequest, Registry
from drystone.registry.log.events import append
from drystone.registry.requests import subjects
from drystone.registry.storage.database import REVISIONS, connect, writing
from drystone.registry.storage.tables import METADATA
from tests.registry.conftest import PostgreSQL


def test_migrations_give_the_tables_that_the_program_works_with(url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = connect(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_every_migration_is_known_to_the_program() -> None:
    from alembic.script import ScriptDirectory

    from drystone.registry.storage import database

    scripts = ScriptDirectory(str(Path(database.__file__).parent / "migrations"))
    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == REVISIONS


def test_a_registry_of_before_the_event_log_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            CREATE TABLE registry_version (version INTEGER NOT NULL, PRIMARY KEY (version));
            INSERT INTO registry_version VALUES (1);
            CREATE TABLE license_reviews (text_sha256 VARCHAR(64) NOT NULL, cause TEXT NOT NULL, expression TEXT,
              evidence TEXT NOT NULL, origin TEXT, path TEXT, swhid VARCHAR(50), sample TEXT,
              PRIMARY KEY (text_sha256));
            CREATE TABLE license_decisions (id INTEGER NOT NULL, text_sha256 VARCHAR(64) NOT NULL,
              expression TEXT NOT NULL, reviewer TEXT NOT NULL, decided_at VARCHAR(32) NOT NULL, reason TEXT NOT NULL,
              PRIMARY KEY (id));
            CREATE INDEX ix_license_decisions_text_sha256 ON license_decisions (text_sha256);
            """
        )
        for number, name in enumerate("abc"):
            values = (name * 64, "MIT", "ann", f"2026-01-0{number + 1}T00:00:00+00:00", "it says so, häuser")
            names = "text_sha256, expression, reviewer, decided_at, reason"
            connection.execute(f"INSERT INTO license_decisions ({names}) VALUES (?, ?, ?, ?, ?)", values)
    connection.close()
    for _ in range(2):
        with Registry.open(path) as registry:
            assert set(registry.reviews.snapshot().decisions) == {"a" * 64, "b" * 64, "c" * 64}
            found = registry.audit()
            assert (found.events, found.problems) == (3, ())
    with sqlite3.connect(path) as connection:  # what an old program looks at
        assert connection.execute("SELECT version FROM registry_version").fetchall() == [(2,)]
    connection.close()


def test_a_newer_registry_is_refused_and_left_alone(url: str) -> None:
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(RegistryError, match="newer"):
        Registry.open(url)


def test_a_migration_that_fails_leaves_the_registry_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE registry_version (version INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO registry_version VALUES (1)")  # and the tables of version 1 are missing
    connection.close()
    with pytest.raises(RegistryError, match="cannot be opened"):
        Registry.open(path)
    with sqlite3.connect(path) as connection:
        assert [row[0] for row in connection.execute("SELECT name FROM sqlite_master")] == ["registry_version"]
    connection.close()


def test_a_password_is_never_said() -> None:
    pytest.importorskip("pg8000", reason="pg8000 is not installed (extra postgres)")
    with pytest.raises(RegistryError) as caught:
        Registry.open("postgresql://ann:s3cret@127.0.0.1:1/registry")
    assert "s3cret" not in str(caught.value)


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pg8000", None)
    with pytest.raises(MissingExtraError, match=r"drystone\[postgres\]"):
        Registry.open("postgresql://ann@127.0.0.1/registry")


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


def test_a_registry_that_must_stay_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    Registry.open(path).close()
    Registry(path, migrate=False).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
        connection.execute("DROP TABLE superseded")
    for _ in range(2):
        with pytest.raises(RegistryError, match="migrates it"):
            Registry(path, migrate=False)
    connection.close()
    Registry.open(path).close()
    Registry(path, migrate=False).close()


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("postgresql://ann@127.0.0.1/x?sslmode=perhaps", "sslmode is"),
        ("postgresql://ann@127.0.0.1/x?colour=red", "not known: colour"),
        ("postgresql+other://ann@127.0.0.1/x", "write postgresql://"),
        ("postgresql://ann@127.0.0.1:1/x?sslmode=require", "cannot be opened"),
    ],
)
def test_a_wrong_url_is_said(place: str, said: str) -> None:
    pytest.importorskip("pg8000", reason="pg8000 is not installed (extra postgres)")
    with pytest.raises(RegistryError, match=said):
        Registry.open(place)


@pytest.mark.slow
def test_a_server_that_goes_away_in_the_middle_leaves_nothing_half_done(postgresql: PostgreSQL) -> None:
    url = postgresql.database()
    with Registry.open(url) as registry:
        request = registry.requests.vouch(
            registry.requests.receive(NewRequest([subjects.owner("ann")]))[0].id, "mo", "x"
        )

        real = registry._engine.dialect.do_commit

        def die(connection: object) -> None:
            postgresql.stop()
            real(connection)  # type: ignore[arg-type]

        registry._engine.dialect.do_commit = die  # type: ignore[method-assign]
        with pytest.raises(RegistryError, match="try again") as caught:
            registry.requests.decide(request.id, "accepted", "mo")
        assert "Traceback" not in str(caught.value)
        with pytest.raises(RegistryError):
            registry.requests.get(request.id)
        registry._engine.dialect.do_commit = real  # type: ignore[method-assign]
        postgresql.start()
        after = registry.requests.get(request.id)
        assert (after.status, after.decisions) == ("verified", ())
        assert registry.audit().problems == ()
        assert registry.requests.decide(request.id, "accepted", "mo").status == "accepted"
