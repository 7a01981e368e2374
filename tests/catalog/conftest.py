from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.registry.conftest import start_postgresql


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[], str]]:
    """A server for all tests here; each call makes an empty database and returns its address."""
    server = start_postgresql()
    if isinstance(server, str):
        pytest.skip(server)
    try:
        yield lambda: server.database().replace("postgresql://", "postgresql+pg8000://")
    finally:
        server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty catalog's place, in each kind of database."""
    if request.param == "sqlite":
        return str(tmp_path / "catalog.sqlite")
    found: str = request.getfixturevalue("postgresql")()
    return found
