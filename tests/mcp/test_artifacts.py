"""The tools about the catalog: they fit, are under their schemas, and each value has the words that it rests on."""

from __future__ import annotations

import pytest

from drystone.errors import UsageError
from tests.mcp.conftest import Call, parts


def test_find_gives_artifacts_with_their_reasons(call: Call) -> None:
    found = call("find", need="have my code removed from a dataset")
    best = found.data["hits"][0]
    assert best["capability"] == "code.opt_out"
    assert best["reasons"]
    assert "does | leaves out what authors asked to leave out" in found.text
    nothing = call("find", need="bake bread with rye")
    assert (nothing.data["hits"], "nothing fits" in nothing.text) == ([], True)
    with pytest.raises(UsageError, match="is no SPDX licence"):
        call("find", need="code", license="whatever")


def test_compare_says_that_they_share_no_job(call: Call) -> None:
    asked = {"artifacts": ["the-stack-v2", "distilbert-base-cased-distilled-squad"]}
    every = list(parts(call, "compare", **asked))
    assert {one.data["state"] for one in every} == {"no_shared_job"}
    facts = [fact["name"] for one in every for fact in one.data["facts"]]
    assert len(facts) == len(set(facts)) > 10
    assert all("0" not in fact["values"] for one in every for fact in one.data["facts"])
    with pytest.raises(UsageError, match="no artifact of this name"):
        call("compare", artifacts=["the-stack-v2", "nothing"])


def test_passport_gives_each_fact_with_its_evidence(call: Call) -> None:
    every = list(parts(call, "passport", artifact="the-stack-v2"))
    facts = {fact["name"]: fact for one in every for fact in one.data["facts"]}
    assert sum(len(one.data["capabilities"]) for one in every) >= 8
    assert all(bool(fact["evidence"]) == (fact["status"] in {"known", "disputed"}) for fact in facts.values())
    assert "unknown" in {fact["value"] for fact in facts.values()}
    with pytest.raises(UsageError, match="Did you mean the-stack-v"):
        call("passport", artifact="the-stack-v")
