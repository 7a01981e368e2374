"""A request from its challenge to verified."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drystone.errors import RegistryError, UsageError
from drystone.registry import NewRequest, Registry, Subject
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
        with pytest.raises(UsageError, match="shows nothing that this request still has to show"):
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


def test_each_subject_is_shown_for_itself(walls: Path, tmp_path: Path) -> None:
    fences = tmp_path / "fences"
    shutil.copytree(walls, fences)
    with Registry.open(tmp_path / "registry.sqlite") as registry:
        asked = [subjects.repository("git:walls"), subjects.repository("git:fences"), subjects.owner("somebody")]
        request, _ = registry.requests.receive(NewRequest(asked))
        opened = registry.requests.challenge(request.id, "file")
        commit(walls, ".drystone-opt-out", Challenge.of(opened).statement)
        found = check_request(registry, request.id, str(walls))
        assert (found.status, found.verified) == ("verified", {1})
        with pytest.raises(UsageError, match=r"subject 2, subject 3 \(of 3\)"):
            registry.requests.decide(request.id, "accepted", "mo")
        with pytest.raises(UsageError, match="subject 2"):
            registry.requests.decide(request.id, "partly", "mo", "the others are not theirs", [1, 2])
        again = registry.requests.challenge(request.id, "file")
        with pytest.raises(UsageError, match="still has to show"):
            check_request(registry, request.id, str(walls))
        commit(fences, ".drystone-opt-out", Challenge.of(again).statement)
        assert check_request(registry, request.id, str(fences)).verified == {1, 2}
        assert registry.requests.decide(request.id, "partly", "mo", "not the owner", [1, 2]).status == "partly"
        assert registry.audit().problems == ()


def test_the_newest_of_many_challenges_of_a_second_is_the_one_that_counts(tmp_path: Path) -> None:
    with Registry.open(tmp_path / "registry.sqlite") as registry:
        request, _ = registry.requests.receive(NewRequest([subjects.owner("somebody")]))
        opened = [registry.requests.challenge(request.id, "file").nonce for _ in range(12)]
        assert [found.nonce for found in registry.requests.get(request.id).verifications] == opened
        assert registry.requests.pending(request.id).nonce == opened[-1]


@pytest.mark.parametrize(
    "asked",
    [
        subjects.repository("https://archive.softwareheritage.org/browse/origin/?origin_url=https://github.com/a/b"),
        subjects.owner("https://gist.github.com/ann/0123456789abcdef"),
    ],
    ids=lambda subject: subject.kind,
)
def test_a_subject_whose_own_place_shows_nothing_is_told(asked: Subject, tmp_path: Path) -> None:
    with Registry.open(tmp_path / "registry.sqlite") as registry:
        request, _ = registry.requests.receive(NewRequest([asked]))
        registry.requests.challenge(request.id, "file")
        with pytest.raises(UsageError, match="names no repository to look at"):
            check_request(registry, request.id, reach=VISITOR)
