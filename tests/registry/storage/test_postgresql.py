"""A registry on a server: its driver, and a server that goes away."""

from __future__ import annotations

import sys

import pytest

from drystone.errors import MissingExtraError, RegistryError
from drystone.registry import NewRequest, Registry
from drystone.registry.requests import subjects
from tests.registry.conftest import PostgreSQL


def test_a_password_is_never_said() -> None:
    pytest.importorskip("pg8000", reason="pg8000 is not installed (extra postgres)")
    with pytest.raises(RegistryError) as caught:
        Registry.open("postgresql://ann:s3cret@127.0.0.1:1/registry")
    assert "s3cret" not in str(caught.value)


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pg8000", None)
    with pytest.raises(MissingExtraError, match=r"drystone\[postgres\]"):
        Registry.open("postgresql://ann@127.0.0.1/registry")


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
