"""The life of a request, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from drystone.errors import DrystoneError, RegistryError, UsageError
from drystone.registry import NewRequest, Registry
from drystone.registry.requests import subjects
from drystone.registry.requests.life import MAX_SUBJECTS
from drystone.registry.requests.records import Request


def receive(registry: Registry, *things: subjects.Subject, **more: object) -> Request:
    chosen = things or (subjects.repository("https://github.com/Ann/Walls"),)
    return registry.requests.receive(NewRequest(chosen, **more))[0]  # type: ignore[arg-type]


def accept(registry: Registry, request: Request, **more: object) -> Request:
    registry.requests.vouch(request.id, "mo", "a call to the number on their page")
    return registry.requests.decide(request.id, "accepted", "mo", **more)  # type: ignore[arg-type]


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
        verified = registry.requests.verified(opened.nonce, {"commit": "abc"})
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


def test_every_kind_of_subject_reaches_the_snapshot(url: str) -> None:
    blob, tree = "swh:1:cnt:" + "ab" * 20, "swh:1:dir:" + "cd" * 20
    with Registry.open(url) as registry:
        everything = [
            subjects.owner("ann"),
            subjects.repository("https://gitlab.com/ben/x.git"),
            subjects.path("cat/y", "/src/./lib/"),
            subjects.object_(blob + ";path=/a"),
            subjects.object_(tree),
            *subjects.author("Dan <Dan@example.org>"),
        ]
        request = accept(registry, receive(registry, *everything, forks=False))
        snapshot = registry.optouts.snapshot()
        assert snapshot.repository("git@github.com:Ann/z.git") == request.id
        assert snapshot.repository("https://gitlab.com/ben/X/") == request.id
        assert snapshot.path("https://github.com/cat/y", b"src/lib/a.c") == request.id
        assert snapshot.content(blob) == snapshot.directory(tree) == request.id
        assert snapshot.repository("git:z", ["dan@example.org"]) == request.id
        assert snapshot.forks == frozenset()
        assert "dan@example.org" not in json.dumps([e.as_dict() for e in registry.events.all()])


def test_copies_count_while_the_request_is_in_force_and_asks_for_it(url: str) -> None:
    blobs = [bytes([n]) * 20 for n in range(1, 200)]
    ids = [f"swh:1:cnt:{blob.hex()}" for blob in blobs]
    empty = "swh:1:cnt:e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    with Registry.open(url) as registry:
        request = accept(registry, receive(registry))
        other = accept(registry, receive(registry, copies=False))
        assert registry.optouts.block(request.id, [*ids[:150], empty], "release 1.0.0") == 150
        assert registry.optouts.block(request.id, blobs[100:], "release 1.1.0") == 49
        assert registry.optouts.block(request.id, blobs[100:], "release 1.1.0") == 0
        registry.optouts.block(other.id, ["swh:1:cnt:" + "ff" * 20], "the repository")
        snapshot = registry.optouts.snapshot()
        assert [snapshot.content(id_) for id_ in ids] == [request.id] * len(ids)
        assert snapshot.content(empty) is None
        assert snapshot.content("swh:1:cnt:" + "ff" * 20) is None
        assert registry.audit().problems == ()
        registry.requests.withdraw(request.id, "ann")
        assert not registry.optouts.snapshot().blobs
        with pytest.raises(UsageError, match="no such request"):
            registry.optouts.block("R-NOSUCH", blobs, "x")


def test_renames_redirects_and_forks(url: str) -> None:
    with Registry.open(url) as registry:
        request = accept(registry, receive(registry, subjects.owner("ann")))
        place = registry.optouts.record_place("rename", "ann", "https://github.com/Anna/", "mo", "their page says so")
        assert registry.optouts.record_place("rename", "github.com/ann", "anna", "mo") == place
        registry.optouts.record_place("redirect", "git.ann.example/ann/x", "github.com/ann/x", "mo")
        registry.optouts.record_place("fork", "github.com/ben/x", "github.com/anna/x", "mo")
        snapshot = registry.optouts.snapshot()
        for origin in ("anna/new", "https://git.ann.example/ann/x", "https://github.com/ben/x"):
            assert snapshot.repository(origin) == request.id, origin
        registry.optouts.remove_place(place.event, "mo")
        assert registry.optouts.snapshot().repository("anna/new") is None
        assert registry.audit().problems == ()
        for old, new in (("ann", "ann/x"), ("ann/x", "https://github.com/Ann/X.git"), ("", "x")):
            with pytest.raises(UsageError):
                registry.optouts.record_place("rename", old, new, "mo")
        with pytest.raises(UsageError, match="forks are of"):
            registry.optouts.record_place("fork", "ann", "ben", "mo")
        with pytest.raises(RegistryError, match="no place"):
            registry.optouts.remove_place(place.event, "mo")


def test_of_several_in_one_second_the_first_counts(url: str) -> None:
    """Ids are drawn at random; which request a release names must not be."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with Registry.open(url) as registry:
        made = [accept(registry, receive(registry, received_at=moment)).id for _ in range(8)]
        early = receive(registry, received_at=moment - timedelta(days=1))
        assert [r.id for r in registry.requests.all()] == [early.id, *made]
        assert registry.optouts.snapshot().repository("ann/walls") == made[0]
        assert registry.optouts.snapshot().requests == tuple(made)


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
        registry.requests.verified(opened.nonce, {})
        with pytest.raises(RegistryError, match="counts once"):
            registry.requests.verified(opened.nonce, {})
        assert registry.requests.get(other.id).status == "received"
        with pytest.raises(RegistryError, match="no such challenge"):
            registry.requests.verified("0" * 32, {})
        late = registry.requests.challenge(other.id, "file", days=-1)
        with pytest.raises(RegistryError, match="time for this challenge"):
            registry.requests.verified(late.nonce, {})
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


def test_contact_data_are_apart_encrypted_and_erased(tmp_path: Path) -> None:
    path, key = tmp_path / "registry.sqlite", Fernet.generate_key().decode()
    secret = "ann@stonework-atelier.example"
    with Registry.open(path) as registry:
        plain = receive(registry, contact=secret, words="It is mine.")
        assert registry.contacts.get(plain.id) == {"contact": secret, "words": "It is mine."}
    with Registry.open(path, key) as registry:
        sealed = receive(registry, contact=secret)
        assert registry.contacts.encrypt_all() == 2
        assert registry.contacts.get(plain.id)["contact"] == secret
    everything = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert secret.encode() not in everything
    with Registry.open(path) as registry, pytest.raises(RegistryError, match="are encrypted"):
        registry.contacts.get(sealed.id)
    with (
        Registry.open(path, Fernet.generate_key().decode()) as registry,
        pytest.raises(RegistryError, match="not the key"),
    ):
        registry.contacts.get(sealed.id)
    with Registry.open(path, f"{Fernet.generate_key().decode()},{key}") as registry:
        assert registry.contacts.get(sealed.id) == {"contact": secret}
    with pytest.raises(UsageError, match="no key"):
        Registry.open(path, "not a key")


def test_erased_contact_data_are_gone_and_the_chain_is_whole(url: str, tmp_path: Path) -> None:
    secret = "ann@stonework-atelier.example"
    with Registry.open(url) as registry:
        request = accept(registry, receive(registry, contact=secret))
        before = registry.optouts.snapshot()
        assert registry.contacts.erase(request.id, "mo")
        assert not registry.contacts.erase(request.id, "mo")
        assert registry.contacts.get(request.id) == {}
        assert registry.audit().problems == ()
        assert registry.optouts.snapshot() == before
    assert all(secret.encode() not in p.read_bytes() for p in tmp_path.iterdir() if p.is_file())


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: subjects.path("ann/x", "../etc"), "upwards"),
        (lambda: subjects.path("ann/x", "a/../../b"), "upwards"),
        (lambda: subjects.path("ann/x", "/"), "whole repository"),
        (lambda: subjects.path("ann/x", "a\0b"), "control"),
        (lambda: subjects.path("ann/x", "a" * 5000), "4096"),
        (lambda: subjects.object_("swh:1:rev:" + "0" * 40), "neither"),
        (lambda: subjects.object_("swh:1:cnt:xyz"), "not a SWHID"),
        (lambda: subjects.author("not an address"), "e-mail"),
        (lambda: subjects.author("a" * 10_000_000 + "@example.org"), "e-mail"),
        (lambda: subjects.repository("https://x:y@github.com/" + "a" * 10_000_000), "1 to 2048"),
        (lambda: subjects.owner("pаypal"), "only looks like"),
    ],
)
def test_wrong_subjects_are_refused(make: object, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        make()  # type: ignore[operator]
    assert len(str(caught.value)) < 500


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
