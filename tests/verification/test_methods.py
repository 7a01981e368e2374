"""A request from its challenge to verified."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drystone.errors import RegistryError, UsageError
from drystone.registry import NewRequest, Registry
from drystone.registry.requests import subjects
from drystone.verification import VISITOR, Challenge, NotVerifiedError, check_request
from tests.verification.conftest import commit


def test_a_request_from_challenge_to_verified(walls: Path, tmp_path: Path) -> None:
    with Registry.open(tmp_path / "registry.sqlite") as registry:
        request, _ = registry.requests.receive(NewRequest([subjects.repository("git:walls")]))
        other, _ = registry.requests.receive(NewRequest([subjects.repository("git:walls")]))
        with pytest.raises(UsageError, match="no verification is under way"):
            check_request(registry, request.id, str(walls))
        opened = registry.requests.challenge(request.id, "file")
        registry.requests.challenge(other.id, "file")
        with pytest.raises(NotVerifiedError):
            check_request(registry, request.id, str(walls))
        commit(walls, ".drystone-opt-out", Challenge.of(opened).statement)
        fences = tmp_path / "fences"
        shutil.copytree(walls, fences)
        with pytest.raises(UsageError, match="not what this request is about"):
            check_request(registry, request.id, str(fences))
        with pytest.raises(UsageError, match="on no server"):
            check_request(registry, request.id, str(walls), reach=VISITOR)
        verified = check_request(registry, request.id, str(walls))
        assert verified.status == "verified"
        with pytest.raises(RegistryError, match="counts once"):
            check_request(registry, request.id, str(walls))
        with pytest.raises(NotVerifiedError, match="without the line"):
            check_request(registry, other.id, str(walls))
        kinds = [event.kind for event in registry.events.of(request.id)]
        assert kinds == ["received", "challenged", "verification_failed", "verified"]
        assert registry.audit().problems == ()
