"""The life of a request, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from drystone.errors import DrystoneError, RegistryError, UsageError
from drystone.registry import NewRequest, Registry
from drystone.registry.log import events
from drystone.registry.requests import exchange, subjects
from drystone.registry.requests.life import MAX_SUBJECTS
from tests.registry.conftest import receive


def test_from_received_to_withdrawn(url: str) -> None:
    with Registry.open(url) as registry:
        request, token = registry.requests.receive(
            NewRequest([subjects.owner("Ann"), subjects.repository("ben/x")], contact="ann@example.org", words="please")
        )
        assert request.status == "received"
        assert registry.requests.by_token(token) == request
        assert registry.requests.by_token("guess") is None
        opened = registry.requests.challenge(request.id, "file")
        assert registry.requests.pending(request.id).nonce == opened.nonce
        registry.requests.failed(opened.nonce, "there is no such file")
        verified = registry.requests.verified(opened.nonce, {"commit": "abc"}, [1])
        assert verified.status == "verified"
        decided = registry.requests.decide(
            request.id, "partly", "mo", "ben is somebody else", [1], seen=verified.revision
        )
        assert [s.accepted for s in decided.subjects] == [True, False]
        snapshot = registry.optouts.snapshot()
        assert snapshot.repository("https://github.com/ann/walls") == request.id
        assert snapshot.repository("https://github.com/ben/x") is None
        registry.optouts.applied(request.id, "f" * 64, "1.0.1", 12, 3400)
        registry.optouts.applied(request.id, "f" * 64, "1.0.1", 12, 3400)
        (application,) = registry.requests.get(request.id).applications
        assert (application.version, application.occurrences, application.bytes) == ("1.0.1", 12, 3400)
        assert registry.optouts.snapshot().head == snapshot.head, "a report of what fell changes no build"
        withdrawn = registry.requests.withdraw(request.id, "ann", "changed my mind")
        assert withdrawn.status == "withdrawn"
        assert not registry.optouts.snapshot()
        assert registry.optouts.snapshot().head != snapshot.head
        assert [e.kind for e in registry.events.of(request.id)] == [
            "received", "challenged", "verification_failed", "verified", "decided", "applied", "withdrawn",
        ]  # fmt: skip
        assert registry.audit().problems == ()


def test_what_is_not_verified_is_not_accepted(url: str) -> None:
    with Registry.open(url) as registry:
        request = receive(registry)
        with pytest.raises(UsageError, match="not verified"):
            registry.requests.decide(request.id, "accepted", "mo")
        with pytest.raises(UsageError, match="reason"):
            registry.requests.decide(request.id, "rejected", "mo")
        assert registry.requests.decide(request.id, "rejected", "mo", "a robot wrote it").status == "rejected"
        assert not registry.optouts.snapshot()
        with pytest.raises(UsageError, match="nothing left to verify"):
            registry.requests.challenge(request.id, "file")


def test_a_challenge_counts_once_and_not_for_ever(url: str) -> None:
    with Registry.open(url) as registry:
        request, other = receive(registry), receive(registry)
        opened = registry.requests.challenge(request.id, "file")
        registry.requests.verified(opened.nonce, {}, [1])
        with pytest.raises(RegistryError, match="counts once"):
            registry.requests.verified(opened.nonce, {}, [1])
        assert registry.requests.get(other.id).status == "received"
        with pytest.raises(RegistryError, match="no such challenge"):
            registry.requests.verified("0" * 32, {}, [1])
        late = registry.requests.challenge(other.id, "file", days=-1)
        with pytest.raises(RegistryError, match="time for this challenge"):
            registry.requests.verified(late.nonce, {}, [1])
        assert registry.requests.get(other.id).status == "received"


def test_of_two_moderators_the_second_is_told(url: str) -> None:
    with Registry.open(url) as registry:
        request = registry.requests.vouch(receive(registry).id, "mo", "known")
        outcomes: list[object] = []
        gate = threading.Barrier(8)

        def decide(number: int) -> None:
            gate.wait()
            try:
                with Registry.open(url) as mine:
                    mine.requests.decide(
                        request.id, "rejected" if number % 2 else "accepted", f"mo{number}", "so be it"
                    )
                outcomes.append(number)
            except DrystoneError as error:
                outcomes.append(error)

        threads = [threading.Thread(target=decide, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        first = [o for o in outcomes if isinstance(o, int)]
        refused = [o for o in outcomes if isinstance(o, RegistryError)]
        assert (len(first), len(refused)) == (1, 7), outcomes
        assert all("decided already" in str(o) for o in refused)
        after = registry.requests.get(request.id)
        assert [d.moderator for d in after.decisions] == [f"mo{first[0]}"]
        with pytest.raises(RegistryError, match="since you looked"):
            registry.requests.decide(request.id, "accepted", "mo", seen=request.revision)
        again = registry.requests.decide(request.id, "accepted", "mo", again=True, seen=after.revision)
        assert [len(again.decisions), again.status] == [2, "accepted"]
        assert registry.audit().problems == ()


def test_wrong_requests_leave_nothing_behind(url: str) -> None:
    one = subjects.repository("ann/x")
    wrong = [NewRequest([]), NewRequest([one] * (MAX_SUBJECTS + 1)), NewRequest([one], contact="a" * 10_000_000),
             NewRequest([one], words="a" * 10_001), NewRequest([one], due_days=0)]  # fmt: skip
    with Registry.open(url) as registry:
        for new in wrong:
            with pytest.raises(UsageError):
                registry.requests.receive_all([NewRequest([one]), new])
        assert registry.requests.all() == []
        assert registry.events.all() == []
        for text in ("", "R-", "x", "R-00%", "R-'; DROP TABLE requests", "R-00000000000000"):
            with pytest.raises(UsageError):
                registry.requests.get(text)


def test_odd_texts_are_kept_as_they_are(url: str) -> None:
    odd = "'; DROP TABLE events; -- <script>\u202e \\x00 日本 🎈 %s {}"
    with Registry.open(url) as registry:
        request = registry.requests.vouch(receive(registry, contact=odd, words="nul\0 and \ud800").id, "mo", odd)
        assert registry.requests.decide(request.id, "rejected", odd, odd).decisions[0].reason == odd.strip()
        assert registry.contacts.get(request.id)["contact"] == odd
        assert registry.audit().problems == ()


def test_words_of_both_sides_are_kept_apart_and_go_when_they_are_erased(tmp_path: Path) -> None:
    with Registry.open(tmp_path / "registry.sqlite") as registry:
        request, _ = registry.requests.receive(
            NewRequest([subjects.repository("ann/walls")], contact="ann@example.org")
        )
        registry.requests.vouch(request.id, "mo", "met Ann Smith in person")
        registry.requests.decide(request.id, "accepted", "mo")
        contested = registry.requests.contest(request.id, "ben", "ben/x", "Ben Jones wrote it in 2019")
        assert (contested.status, contested.overdue()) == ("contested", None)
        late = events.now() + timedelta(days=31)
        assert "contested, and not decided again" in (contested.overdue(late) or "")
        undecided = receive(registry)
        assert registry.requests.contest(undecided.id, "ben", "ben/x", "mine").overdue(late) == (
            f"not decided by {undecided.due_at[:10]}"
        )
        with pytest.raises(UsageError, match="its owner withdraws"):
            registry.requests.contest(request.id, "ann", "https://github.com/Ann/walls.git", "mine")
        said = registry.contacts.get(request.id)
        assert {"met Ann Smith in person", "Ben Jones wrote it in 2019", "ann@example.org"} <= set(said.values())
        everything = json.dumps([event.as_dict() for event in registry.events.all()])
        everything += "".join(exchange.export(registry.requests))
        for secret in ("Ann Smith", "Ben Jones", "ann@example.org"):
            assert secret not in everything
        decided = registry.requests.decide(request.id, "rejected", "mo", "ben's is older")
        assert decided.status == "rejected"
        with pytest.raises(UsageError, match="takes nothing"):
            registry.requests.contest(request.id, "ben", "ben/x", "again")
        registry.requests.withdraw(request.id, "ann", "I was wrong, says Ann Smith")
        assert registry.contacts.erase(request.id, "mo")
        assert registry.contacts.get(request.id) == {}
        assert registry.audit().problems == ()
    assert b"Ann Smith" not in (tmp_path / "registry.sqlite").read_bytes()


def test_words_that_come_after_contact_data_were_erased_are_not_those_that_were(url: str) -> None:
    with Registry.open(url) as registry:
        for note in ("changed my mind", "", "odd \udcff"):
            request = receive(registry, contact="ann@example.org")
            assert registry.contacts.erase(request.id, "mo")
            registry.requests.withdraw(request.id, "ann", note)
            assert list(registry.contacts.get(request.id).values()) == [note] * bool(note)
        assert registry.audit().problems == ()


def test_evidence_that_names_neither_subjects_nor_a_place_shows_nothing(url: str) -> None:
    with Registry.open(url) as registry:
        request = receive(registry)

        def shown(method: str, evidence: dict[str, str]) -> frozenset[int]:
            (known,) = registry.requests.vouch(receive(registry).id, "mo", "known").verifications
            return replace(request, verifications=(replace(known, method=method, evidence=evidence),)).verified

        assert shown("file", {"commit": "abc"}) == frozenset()
        assert shown("file", {"place": str(request.subjects[0].place)}) == {1}
        assert shown("manual", {"moderator": "mo"}) == {1}
