"""Export and import: Drystone's own lines, and BigCode's shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drystone.errors import RegistryError
from drystone.registry import NewRequest, Registry
from drystone.registry.requests import exchange, subjects

BIGCODE = [
    {"issue": 1, "author": "ann", "optout_repos": ["ann/x", "y"], "optout_owners": []},
    {"issue": 2, "author": "ben", "optout_repos": [], "optout_owners": ["ben", "bens-org"]},
    {"author": "cat", "optout_repos": ["https://github.com/cat/z.git"], "optout_owners": []},
]


def test_bigcode_comes_in_once_as_accepted(url: str) -> None:
    lines = [json.dumps(row) for row in BIGCODE]
    with Registry.open(url) as registry:
        assert len(exchange.import_lines(registry.requests, [*lines, "", lines[0]], "mo")) == 3
        assert exchange.import_lines(registry.requests, lines, "mo") == []
        snapshot = registry.optouts.snapshot()
        for place in ("ann/x", "Ann/Y", "ben/anything", "bens-org/z", "cat/z"):
            assert snapshot.repository(f"https://github.com/{place}") is not None, place
        assert snapshot.repository("https://github.com/ann/z") is None
        assert registry.audit().problems == ()
        log = json.dumps([e.as_dict() for e in registry.events.all()])
        assert '"author"' not in log
        assert '"cat"' not in log
        first = registry.requests.all()[0]
        assert registry.contacts.get(first.id)["contact"] in ("ann", "ben", "cat")
        out = [json.loads(line) for line in exchange.export_bigcode(registry.requests)]
        found = {name for row in out for name in (*row["optout_repos"], *row["optout_owners"])}
        assert found == {"ann/x", "ann/y", "ben", "bens-org", "cat/z"}
        assert all(row["author"].startswith("R-") for row in out)


def test_what_bigcodes_rows_say_beside_names_is_understood_or_refused_with_the_row(tmp_path: Path) -> None:
    def row(author: str, *repositories: str, owners: tuple[str, ...] = ()) -> str:
        return json.dumps({"author": author, "optout_repos": list(repositories), "optout_owners": list(owners)})

    with Registry.open(tmp_path / "registry.sqlite") as registry:
        taken = [row("ann", "All"), row("ben", "all repos."), row("cat", "x", owners=("ALL",))]
        exchange.import_lines(registry.requests, taken, "mo")
        snapshot = registry.optouts.snapshot()
        for place in ("ann/anything", "ben/new", "cat/other"):
            assert snapshot.repository(f"https://github.com/{place}") is not None, place
        assert snapshot.repository("https://github.com/ann/all") is not None, "by its owner"
        assert not any(s.value.endswith("/all") for r in registry.requests.all() for s in r.subjects)
        refusals = {
            "Commits": "e-mail address",
            "all my commits": "--author",
            "please remove me": "no name",
            "everything I wrote in 2019": "no name",
            "ann/*": "no name",
        }
        for text, why in refusals.items():
            with pytest.raises(RegistryError, match=why) as refused:
                exchange.import_lines(registry.requests, [taken[0], row("dan", "dan/x"), row("eve", text)], "mo")
            assert "line 3: " in str(refused.value)
        assert len(registry.requests.all()) == 3, "all rows, or none"


def test_undecided_rows_wait(url: str) -> None:
    with Registry.open(url) as registry:
        exchange.import_lines(registry.requests, map(json.dumps, BIGCODE), "mo", undecided=True)
        assert [r.status for r in registry.requests.all()] == ["received"] * 3
        assert not registry.optouts.snapshot()


def test_an_export_goes_elsewhere_and_says_the_same(url: str, tmp_path: Path) -> None:
    with Registry.open(url) as registry, Registry.open(tmp_path / "other.sqlite") as other:
        things = [
            subjects.owner("ann"), subjects.path("ben/x", "a b/ü"), subjects.object_("swh:1:dir:" + "ab" * 20),
            *subjects.author("Dan <dan@example.org>"), subjects.repository("https://gitlab.com/a/b/c.git"),
        ]  # fmt: skip
        request, _ = registry.requests.receive(NewRequest(things, contact="secret@example.org", forks=False))
        registry.requests.vouch(request.id, "mo", "known")
        registry.requests.decide(request.id, "partly", "mo", "not all", [1, 2, 3, 4])
        registry.requests.receive(NewRequest([subjects.owner("eve")]))
        lines = list(exchange.export(registry.requests))
        assert "secret@example.org" not in "".join(lines)
        assert len(exchange.import_lines(other.requests, lines, "mo")) == 2
        assert exchange.import_lines(other.requests, lines, "mo") == []
        ours, theirs = registry.optouts.snapshot(), other.optouts.snapshot()
        for name in ("owners", "repositories", "directories", "authors", "paths"):
            assert set(getattr(ours, name)) == set(getattr(theirs, name)), name
        assert len(theirs.forks) == 0
        assert sorted(r.status for r in other.requests.all()) == ["accepted", "received"]
        assert other.audit().problems == ()


@pytest.mark.parametrize(
    "line",
    [
        "{", "[]", "1", "null", "{}", "[" * 100_000, '{"author": 3, "optout_repos": [], "optout_owners": []}',
        '{"author": "a", "optout_repos": [], "optout_owners": []}',
        '{"author": "a", "optout_repos": "a/b", "optout_owners": []}',
        '{"author": "a", "optout_repos": [1], "optout_owners": []}',
        '{"author": "a", "optout_repos": [], "optout_owners": ["gооgle"]}',
        '{"author": "a", "optout_repos": ["../../etc"], "optout_owners": ["a/b/c"]}',
        json.dumps({"id": "R-X", "status": "accepted", "received_at": "2026-01-01", "due_at": "", "forks": True,
                    "copies": True, "source": None, "decisions": [], "subjects": []}),
        json.dumps({"id": "R-X", "status": "received", "received_at": "2026-01-01T00:00:00+00:00", "forks": True,
                    "copies": True, "source": None, "decisions": [],
                    "subjects": [{"kind": "owner", "value": "github.com/ann", "prefix": None,
                                  "place": "https://github.com/ben"}]}),
    ],
)  # fmt: skip
def test_a_bad_line_lets_nothing_in(tmp_path: Path, line: str) -> None:
    with Registry.open(tmp_path / "registry.sqlite") as registry:
        with pytest.raises(RegistryError, match="line 2:") as caught:
            exchange.import_lines(registry.requests, [json.dumps(BIGCODE[0]), line], "mo")
        assert len(str(caught.value)) < 3000
        assert registry.requests.all() == []
