"""`kept:` and `reason:` over the ledger, against a plain reading of its rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from drystone.identity.swhid import parse
from drystone.release.read import Release
from drystone.search import verbs
from drystone.search.occurrences.shapes import FoundOccurrence, LedgerResult
from drystone.search.query import QueryError


@pytest.fixture(scope="module")
def ledger(release: Release) -> list[dict[str, Any]]:
    return [row for table in release.ledger() for row in table.to_pylist()]


@pytest.fixture(scope="module")
def texts(release: Release) -> dict[str, str]:
    return {row["swhid"]: row["content"] for row in release.files(columns=["swhid", "content"])}


def asked(release: Release, query: str, limit: int | None = None) -> tuple[list[FoundOccurrence], LedgerResult]:
    answer = verbs.search_ledger([release], query, limit=limit)
    found = list(answer)
    assert answer.occurrences == len(found)
    return found, answer


def keys(found: list[FoundOccurrence]) -> list[tuple[str, str]]:
    return sorted((one.origin, one.path) for one in found)


@pytest.mark.parametrize(
    ("query", "test"),
    [
        ("kept:no", lambda r: r["decision"] == "dropped"),
        ("kept:yes", lambda r: r["decision"] == "kept"),
        ("reason:duplicate", lambda r: "duplicate" in (r["reason"] or "")),
        ("reason:^near", lambda r: (r["reason"] or "").startswith("near")),
        ("kept:no -reason:duplicate", lambda r: r["decision"] == "dropped" and "duplicate" not in r["reason"]),
        ("kept:no repo:click file:\\.py$",
         lambda r: r["decision"] == "dropped" and "click" in r["origin"] and r["path"].endswith(".py")),
        ("kept:no lang:python or reason:near", lambda r: r["decision"] == "dropped" and (
            r["language"] == "Python" or r["reason"] == "near_duplicate")),
        ("kept:no license:mit", lambda r: r["decision"] == "dropped" and r["license_expression"] == "MIT"),
        ("kept:no type:filename init", lambda r: r["decision"] == "dropped" and "init" in r["path"].lower()),
        ("kept:no lang:none", lambda r: r["decision"] == "dropped" and r["language"] is None),
        ("kept:no is:doc", lambda r: r["decision"] == "dropped" and "LICENSE" in r["path"]),
    ],
)  # fmt: skip
def test_fields(release: Release, ledger: list[dict[str, Any]], query: str, test: Callable[..., bool]) -> None:
    expected = sorted((row["origin"], row["path"]) for row in ledger if test(row))
    found, answer = asked(release, query)
    assert expected
    assert keys(found) == expected
    assert (answer.exact, answer.reason, answer.at_most, answer.without_text) == (True, None, 0, 0)


def test_a_result_says_why_and_on_what_evidence(release: Release, ledger: list[dict[str, Any]]) -> None:
    (row,) = [row for row in ledger if row["reason"] == "near_duplicate"][:1]
    (one,) = [one for one in asked(release, "reason:near")[0] if (one.origin, one.path) == (row["origin"], row["path"])]
    assert (one.decision, one.stage, one.reason) == ("dropped", row["stage"], "near_duplicate")
    assert (one.kept_swhid, one.kept_path, one.similarity) == (row["kept_swhid"], row["kept_path"], row["similarity"])
    assert one.evidence == {"bytes": row["size"]}
    assert one.swhid is not None
    assert one.swhid.startswith(row["swhid"] + ";origin=")
    assert (one.release, one.version) == (release.manifest.facts.name, "1.0.0")


def test_texts_are_searched_where_the_release_has_them_and_counted_where_not(
    release: Release, ledger: list[dict[str, Any]], texts: dict[str, str]
) -> None:
    out = [row for row in ledger if row["decision"] == "dropped"]
    there = [row for row in out if row["swhid"] in texts]
    expected = [row for row in there if re.search("import", texts[row["swhid"]], re.I)]
    found, answer = asked(release, "kept:no content:import")
    assert 0 < len(expected) < len(there) < len(out)
    assert keys(found) == sorted((row["origin"], row["path"]) for row in expected)
    assert answer.without_text == answer.at_most == len(out) - len(there)
    assert (answer.exact, answer.reason) == (False, "text")


def test_bare_text_is_found_in_paths_without_a_text(release: Release, ledger: list[dict[str, Any]]) -> None:
    found, answer = asked(release, "kept:no metadata")
    expected = [r for r in ledger if r["decision"] == "dropped" and "metadata" in r["path"].lower()]
    assert expected
    assert {(r["origin"], r["path"]) for r in expected} <= set(keys(found))
    assert answer.without_text > 0


def test_a_text_that_is_at_hand_gives_lines_and_an_identifier_with_lines(
    release: Release, texts: dict[str, str]
) -> None:
    (one,) = asked(release, "reason:exact file:_compat content:/^def _is_binary_reader/")[0]
    assert one.swhid is not None
    named = parse(one.swhid)
    lines = texts[str(named.core)].split("\n")
    (shown,) = one.lines
    assert lines[shown.number - 1] == shown.text
    assert [shown.text[a:b] for a, b in shown.spans] == ["def _is_binary_reader"]
    assert named.lines == (shown.number, shown.number)
    assert not one.more
    assert all(not other.lines for other in asked(release, "reason:exact")[0])


def test_definitions_of_copies_are_found(release: Release, texts: dict[str, str]) -> None:
    found, answer = asked(release, "reason:exact sym:^_is_binary_reader$")
    assert [one.path for one in found] == ["/click/_compat.py"]
    assert answer.without_text < 5


def test_a_limit_is_said(release: Release) -> None:
    found, answer = asked(release, "kept:no", limit=3)
    assert len(found) == 3
    assert (answer.exact, answer.reason) == (False, "limit")
    assert answer.at_most > 0
    exact = asked(release, "reason:near count:all", limit=1)[1]
    assert exact.exact
    assert exact.occurrences > 1


def test_no_time_is_said(release: Release) -> None:
    answer = verbs.search_ledger([release], "kept:no", seconds=1e-9)
    assert list(answer) == []
    assert (answer.exact, answer.reason, answer.at_most) == (False, "time", release.manifest.counts.occurrences)


def test_which_queries_ask_the_ledger(release: Release) -> None:
    assert verbs.asks_ledger("lang:python -(kept:no x)")
    assert not verbs.asks_ledger("kept lang:python")
    with pytest.raises(QueryError, match="asks the ledger") as caught:
        verbs.search_releases([release], "x reason:near")
    assert caught.value.column == 10
