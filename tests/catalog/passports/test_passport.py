from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drystone.catalog.passports.passport import Fact, Passport, text_of
from tests.catalog.passports.made import claim, disputed, does, known, passport, plain, reference, unknown


def fact(**given: Any) -> Fact:
    return Fact.model_validate({"name": "size.files", **given})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"status": "known"}, "has one claim"),
        ({"status": "known", "claims": [claim(1), claim(2)]}, "has one claim"),
        ({"status": "known", "claims": [{"value": 1, "basis": "declared"}]}, "rests on evidence"),
        ({"status": "known", "claims": [claim(1, basis="measured")]}, "names its method"),
        ({"status": "known", "claims": [claim(1, basis="guessed")]}, "'measured', 'declared'"),
        ({"status": "known", "claims": [claim(1, low=0.5)]}, "two ends"),
        ({"status": "known", "claims": [claim(1, low=2.0, high=3.0)]}, "holds its value"),
        ({"status": "known", "claims": [claim("many", low=2.0, high=3.0)]}, "holds its value, a number"),
        ({"status": "disputed", "claims": [claim(1)], "settled_by": "x"}, "two claims that differ"),
        ({"status": "disputed", "claims": [claim(1), claim(1)], "settled_by": "x"}, "two claims that differ"),
        ({"status": "disputed", "claims": [claim(1), claim(2)]}, "by what it would be settled"),
        ({"status": "unknown"}, "by what it would be settled"),
        ({"status": "unknown", "claims": [claim(0)], "settled_by": "x"}, "has no claims"),
        ({"status": "not_applicable", "claims": [claim(0)]}, "has no claims"),
        ({"status": "maybe"}, "'known', 'unknown', 'not_applicable' or 'disputed'"),
    ],
)
def test_a_fact_is_one_of_four_states_and_rests_on_something(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        fact(**given)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (known("size.files", 1234567, unit="files"), "1,234,567 files"),
        (known("size.files", 1, unit="files"), "1 file"),
        (known("size.repositories", 1, unit="repositories"), "1 repository"),
        (known("size.text_bytes", 12.9e6, unit="bytes", low=8e6, high=2e7), "12.9 MB (8.0 MB to 20.0 MB)"),
        (known("quality.f1", 87.1, unit="%", low=86.0, high=88.0), "87.1% (86 to 88)"),
        (known("contents", "identifiers only"), "identifiers only"),
        (known("search.index", True), "yes"),
        (known("formats", ["ONNX", "OpenVINO"]), "ONNX, OpenVINO"),
        (disputed("quality.f1", 87.1, 88.5, unit="%"), "disputed: 87.1% or 88.5%"),
        (unknown("size.files"), "unknown"),
        ({"name": "size.files", "status": "not_applicable"}, "not applicable"),
    ],
)
def test_facts_for_people(given: dict[str, Any], text: str) -> None:
    assert Fact.model_validate(given).text == text


def test_what_a_passport_does_not_speak_of_is_unknown() -> None:
    assert text_of(None) == "unknown"
    assert passport("a").fact("size.files") is None


@given(st.sampled_from(["unknown", "not_applicable"]), st.integers() | st.floats(allow_nan=False) | st.text(max_size=9))
def test_what_nobody_knows_has_no_value(status: str, value: object) -> None:
    with pytest.raises(ValidationError):
        fact(status=status, settled_by="x", claims=[claim(value)])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"facts": [unknown("license"), unknown("maintainer")]}, "'price' is missing"),
        ({"facts": [*plain("a")["facts"], unknown("price")]}, "facts: 'price' stands twice"),
        ({"capabilities": [does("a.b"), does("a.b")]}, "capabilities: 'a.b' stands twice"),
        ({"capabilities": [{**does("a.b"), "intents": []}]}, "at least 1 item"),
        ({"rank": 58}, "Extra inputs are not permitted"),
        ({"artifact": {**plain("a")["artifact"], "name": "../a"}}, "should match pattern"),
        ({"artifact": {**plain("a")["artifact"], "kind": "agent"}}, "'dataset' or 'reader'"),
        ({"artifact": {**plain("a")["artifact"], "title": "a\x1b[31mb"}}, "should match pattern"),
    ],
)
def test_a_passport_is_whole(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Passport.model_validate({**plain("a"), **change})


def test_all_that_it_rests_on() -> None:
    shown = does("a.b", evidence=[reference("F1")])
    one = passport("a", known("size.files", 1), disputed("quality.f1", 1, 2), capabilities=[shown])
    assert [each.quote for each in one.references] == ["F1", "F1 of 87.1", "F1 of 87.1", "F1 of 87.1"]
