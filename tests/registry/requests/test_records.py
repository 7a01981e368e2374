"""Requests as they are read: in order, and late where they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from drystone.registry import Registry
from tests.registry.conftest import accept, receive


def test_deadlines(url: str) -> None:
    old = datetime.now(UTC) - timedelta(days=40)
    with Registry.open(url) as registry:
        late = receive(registry, received_at=old)
        fresh = receive(registry)
        decided = receive(registry, received_at=old)
        accept(registry, decided)
        assert [r.id for r in registry.requests.overdue()] == [late.id]
        later = datetime.now(UTC) + timedelta(days=31)
        found = {r.id: r.overdue(later) for r in registry.requests.overdue(later)}
        assert set(found) == {late.id, fresh.id, decided.id}
        assert "applied in no release" in str(found[decided.id])
        registry.optouts.applied(decided.id, "a" * 64, "1.0.0", 0, 0)
        assert decided.id not in [r.id for r in registry.requests.overdue(later)]
