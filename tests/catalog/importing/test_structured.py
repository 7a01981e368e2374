"""JSON and YAML with places: what they say is what the standard readers say, and each part can be quoted."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.catalog.importing.structured import DocumentPart, Structured, from_json, from_yaml, top_keys
from drystone.errors import UsageError

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def plain(part: DocumentPart) -> Any:
    if isinstance(part.value, list):
        return [plain(one) for one in part.value]
    if isinstance(part.value, dict):
        return {key: plain(one) for key, one in part.value.items()}
    return part.value


def as_read(value: Any) -> Any:
    """Return JSON as `Structured` has it: numbers and truth as they are written, nothing for null."""
    if isinstance(value, list):
        return [as_read(one) for one in value]
    if isinstance(value, dict):
        return {key: as_read(one) for key, one in value.items()}
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


@given(PLAIN, st.sampled_from([None, 2]))
def test_json_is_read_as_the_standard_library_reads_it(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    root = from_json(f" {text}\n", "a.json").part()
    assert root is not None
    assert plain(root) == as_read(value)


@given(st.text(alphabet='{}[]",:\\tfn0123.eE- \n', max_size=40))
def test_what_is_no_json_is_refused_and_nothing_else_happens(text: str) -> None:
    with suppress(UsageError):
        from_json(text, "a.json")
        json.loads(text)  # what is read here is JSON


def test_a_part_is_quoted_as_it_stands_with_its_key() -> None:
    text = '{"a": 1,\n "list": [ {"b" : "x\\ny"}, 2 ] }'
    found = from_json(text, "a.json")
    assert found.quote("list", 0, "b") == '"b" : "x\\ny"'
    assert found.quote("list", 1) == "2"
    assert (found.text("list", 0, "b"), found.number("list", 1), found.text("no", 3)) == ("x\ny", 2.0, "")
    yaml = from_yaml("x: 1\nlist:\n- b: y\n", "a.yml")
    assert yaml.quote("list", 0, "b") == "b: y"
    assert yaml.keys() == ["x", "list"]


@pytest.mark.parametrize("read", [from_json, from_yaml])
def test_depth_is_bounded(read: Any) -> None:
    with pytest.raises(UsageError, match="deep"):
        read("[" * 100 + "]" * 100, "a")
    with pytest.raises(UsageError):
        read("[" * 100_000, "a")


@pytest.mark.parametrize(
    "text", ["", "{", '{"a"', '{"a":', '{"a":1', "[1 2]", "{a: 1}", '{"a":1}}', "nul", '"\t"', "1\v"]
)
def test_faults_of_json_name_the_file(text: str) -> None:
    with pytest.raises(UsageError, match=r"^a\.json is not JSON: "):
        from_json(text, "a.json")


def test_aliases_of_yaml_are_not_read() -> None:
    with pytest.raises(UsageError, match="aliases"):
        from_yaml("a: &x [1]\nb: *x\n", "a.yml")


def test_keys_at_the_top_tell_what_a_file_is() -> None:
    assert top_keys('{"a": 1, "b": {"c": 2}}') == {"a", "b"}
    assert top_keys("[1]") == top_keys("no") == set()
    assert Structured("", DocumentPart("", 0, 0)).keys() == []
