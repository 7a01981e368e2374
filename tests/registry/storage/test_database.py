"""Opening, migrating, and losing a registry's database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from drystone.errors import RegistryError
from drystone.registry import Registry
from drystone.registry.storage.database import REVISIONS, connect
from drystone.registry.storage.tables import METADATA


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


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("postgresql://ann@127.0.0.1/x?sslmode=perhaps", "sslmode is"),
        ("postgresql://ann@127.0.0.1/x?colour=red", "not known: colour"),
        ("postgresql+other://ann@127.0.0.1/x", "write postgresql://"),
        ("postgresql://ann@127.0.0.1:1/x?sslmode=require", "cannot be opened"),
        ("postgresql://ann:s3cret@host:abc/x", "host:abc"),
    ],
)
def test_a_wrong_url_is_said(place: str, said: str) -> None:
    pytest.importorskip("pg8000", reason="pg8000 is not installed (extra postgres)")
    with pytest.raises(RegistryError, match=said) as caught:
        Registry.open(place)
    assert "s3cret" not in str(caught.value)
