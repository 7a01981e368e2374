"""Forms from elsewhere, guessing, and tokens."""

from __future__ import annotations

from pathlib import Path

from drystone.web.sessions import RateLimit, add_moderator
from drystone.web.state import RateLimits
from tests.web.pages import PASSWORD, Site, Visitor, site, unlimited


def test_a_form_from_elsewhere_is_refused(here: Site, visitor: Visitor) -> None:
    form = {"kind": "repository", "subject": "octocat/forged"}
    visitor.get("/request")
    other = Visitor(here.url)
    theirs = other.get("/request").text.partition('name="csrf" value="')[2][:64]
    mine = visitor.get("/request").text.partition('name="csrf" value="')[2][:64]
    before = len(here.registry.requests.all())
    assert visitor.post("/request", form).status_code == 422
    assert visitor.post("/request", {**form, "csrf": ""}).status_code == 422
    assert visitor.post("/request", {**form, "csrf": theirs}).status_code == 403
    assert visitor.post("/request", {**form, "csrf": "\u00e9" * 64}).status_code == 403
    assert Visitor(here.url).post("/request", {**form, "csrf": mine}).status_code == 403
    forged = visitor.post("/request", {**form, "csrf": mine}, headers={"Origin": "https://evil.example"})
    assert forged.status_code == 403
    assert visitor.post("/request", {**form, "csrf": mine}, headers={"Origin": "null"}).status_code == 403
    assert len(here.registry.requests.all()) == before
    assert visitor.post("/request", {**form, "csrf": mine}, headers={"Origin": here.url}).status_code == 200


def test_brute_force_is_slowed_down(tmp_path: Path) -> None:
    limits = unlimited()
    limits.logins, limits.names, limits.misses = RateLimit(6, 300), RateLimit(4, 900), RateLimit(5, 300)
    limits.requests, limits.lookups = RateLimit(2, 3600), RateLimit(3, 60)
    with site(tmp_path, limits) as here:
        guesser = Visitor(here.url)
        answers = [guesser.send("/login", "/login", name="ada", password=f"guess {n}") for n in range(5)]
        assert [a.status_code for a in answers] == [401, 401, 401, 401, 429]
        assert int(answers[-1].headers["retry-after"]) > 60
        right = guesser.send("/login", "/login", name="ada", password=PASSWORD)
        assert right.status_code == 429, "the right password does not tell either"
        tokens = [guesser.get(f"/status/{n:032d}").status_code for n in range(7)]
        assert tokens == [404] * 5 + [429] * 2
        assert [guesser.get("/lookup", params={"q": "a"}).status_code for _ in range(4)] == [200] * 3 + [429]
        asked = [
            guesser.send("/request", "/request", kind="repository", subject=f"a/{n}").status_code for n in range(3)
        ]
        assert asked == [200, 200, 429]
        assert len(here.registry.requests.all()) == 2


def test_nobody_keeps_a_moderator_out_by_guessing(tmp_path: Path) -> None:
    limits = unlimited()
    limits.logins, limits.names = RateLimit(6, 300), RateLimit(4, 900)
    with site(tmp_path, limits, hops=1, public_url="https://stones.example") as here:

        def attempt(visitor: Visitor, password: str, address: str) -> int:
            visitor.session.headers["X-Forwarded-For"] = f"8.8.8.8, {address}"
            visitor.session.headers["Origin"] = "https://stones.example"
            return visitor.send("/login", "/login", name="ada", password=password).status_code

        at_home = Visitor(here.url)
        assert attempt(at_home, PASSWORD, "192.0.2.1") == 200
        attempt(at_home, "", "192.0.2.1")
        guesser = Visitor(here.url)
        assert [attempt(guesser, f"guess {n}", "192.0.2.1") for n in range(9)][-1] == 429
        assert attempt(Visitor(here.url), PASSWORD, "192.0.2.2") == 200, "from elsewhere"
        assert attempt(Visitor(here.url), PASSWORD, "192.0.2.1") == 429, "from where the guesses come"
        assert attempt(at_home, PASSWORD, "192.0.2.1") == 200, "with the browser of before"


def test_what_changes_among_moderators_holds_at_once(tmp_path: Path) -> None:
    with site(tmp_path) as here:
        file = tmp_path / "moderators.txt"
        ada = Visitor(here.url)
        ada.log_in()
        add_moderator(file, "bob", "another fine password")
        assert ada.get("/queue").url.endswith("/queue"), "others come and go"
        bob = Visitor(here.url)
        assert bob.send("/login", "/login", name="bob", password="another fine password").url.endswith("/queue")
        add_moderator(file, "ada", "a new word for the wall")
        assert ada.get("/queue").url.endswith("/login"), "the old password's session"
        assert ada.send("/login", "/login", name="ada", password=PASSWORD).status_code == 401
        assert ada.send("/login", "/login", name="ada", password="a new word for the wall").url.endswith("/queue")
        file.write_text("".join(line for line in file.read_text().splitlines(True) if not line.startswith("bob ")))
        assert bob.get("/queue").url.endswith("/login"), "who is none any more"
        file.write_text("damaged\n")
        assert ada.get("/queue").url.endswith("/login")


def test_limits_keep_their_defaults_within_reason() -> None:
    limits = RateLimits()
    assert limits.logins.wait("a") == 0
    assert sum(limits.names.wait("192.0.2.1 ada") == 0 for _ in range(50)) == 10
    assert sum(limits.requests.wait("1.2.3.4") == 0 for _ in range(50)) == 20
