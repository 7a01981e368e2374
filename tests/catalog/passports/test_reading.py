from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.catalog.passports.reading import (
    LARGEST,
    file_problems,
    json_of,
    load_passport,
    read_passport,
    read_with_texts,
    schema,
)
from drystone.catalog.passports.texts import kept_by_hash
from drystone.errors import UsageError
from tests.catalog.passports.made import TEXT, claim, does, known, passport, plain, unknown


def test_what_is_written_is_read_again() -> None:
    one = passport(
        "a", known("size.files", 3, unit="files"), known("formats", ["x", "y"]), known("search.index", True),
        known("quality.f1", 0.5, low=0.25, high=1.0), capabilities=[does("a.b", inputs=["text"])],
    )  # fmt: skip
    assert read_passport(json_of(one), "a") == one
    fact = one.fact("search.index")
    assert fact is not None
    assert fact.claim is not None
    assert fact.claim.value is True, "a truth stays one: it is no number and no word"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "p: is not JSON"),
        (b"\xff{}", "p: is not UTF-8 (byte 0)"),
        (b"[]", "p: is no JSON object"),
        (b"{}", "p: format: is null; this program reads 1"),
        (b'{"format": 2}', "p: format: is 2; this program reads 1"),
        (b'{"format": true}', "p: format: is true; this program reads 1"),
        (b'{"format": "\x1b[31m"}', "p: is not JSON"),
        (b'{"format": NaN}', "p: format: is NaN"),
        (b"[" * 100_000, "p: lies more than 20 deep"),
        (b'{"a":' * 30 + b"1" + b"}" * 30, "p: lies more than 20 deep"),
        (b" " * (LARGEST + 1), "p: is larger than"),
        (b'{"format": 1, "artifact": ' + b"9" * 5000 + b"}", "p: is not JSON"),
        (b'{"a": "' + b"]" * 100 + b'", "b": ' + b"[" * 50 + b"]" * 50 + b"}", "p: lies more than 20 deep"),
        (b'"' + b'\\"' * 2_000_000 + b"\\", "p: is not JSON"),
        (b'{"format": 1, "texts": [1]}', "p: texts: is no list of at most 200 texts"),
        (b'{"format": 1, "texts": ["", "\\ud800"]}', "p: texts.1: holds half a character"),
    ],
    ids=range(16),
)
def test_what_is_no_passport_is_refused(data: bytes, said: str) -> None:
    start = time.process_time()
    with pytest.raises(UsageError) as caught:
        read_passport(data, "p")
    assert str(caught.value).startswith(said)
    assert "\x1b" not in str(caught.value)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"facts": [{**unknown("license"), "status": "lost"}]}, "p: facts.0.status: Input should be 'known'"),
        ({"facts": 3}, "p: facts: should be a list"),
        ({"artifact": {}}, "p: artifact.kind: Field required"),
        ({"artifact": {**plain("a")["artifact"], "hack": "<script>"}}, "p: artifact.hack: Extra inputs"),
        ({"capabilities": [{**does("a.b"), "description": "x" * 5000}]}, "p: capabilities.0.description: "),
        ({"facts": [known("size.files", "x" * 10_000_000)]}, "p: is larger than"),
        ({"facts": [{**unknown("a"), "claims": [{**claim(1), "evidence": [3]}]}]}, "p: facts.0.claims.0.evidence.0: "),
        ({"facts": [known("size.files", "x" * 5000)]}, "p: facts.0.claims.0.value: String should have at most 4000"),
        ({"facts": [known("size.files", "a\x1b[31m")]}, "p: facts.0.claims.0.value: holds a control character"),
        ({"facts": [unknown(f"a{n}") for n in range(2001)]}, "p: facts: should have at most 2,000 items, not 2,001"),
        ({"artifact": {**plain("a")["artifact"], "title": "a\nb"}}, "p: artifact.title: holds a line end or another"),
    ],
    ids=range(11),
)  # fmt: skip
def test_faults_are_named_by_field(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_passport(json.dumps({**plain("a"), **change}).encode(), "p")
    assert said in str(caught.value)


def test_many_faults_are_counted() -> None:
    with pytest.raises(UsageError, match="and 80 more"):
        read_passport(json.dumps({**plain("a"), "facts": [3] * 100}).encode(), "p")


_KEYS = st.sampled_from(["artifact", "facts", "name", "claims", "value", "capabilities"]) | st.text()
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner),
    max_leaves=20,
)


@given(_JSON)
def test_any_json_is_a_passport_or_refused(found: Any) -> None:
    given = {**found, "format": 1} if isinstance(found, dict) else found
    with pytest.raises(UsageError):
        read_passport(json.dumps(given).encode(), "p")


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    assert "cannot be read: No such file" in file_problems(path, {})[0]
    path.write_text("{}")
    assert file_problems(path, {}) == [f"{path}: format: is null; this program reads 1"]
    path.write_bytes(json_of(passport("a")))
    assert file_problems(path, {}) == []
    assert load_passport(path) == passport("a")
    quoting = known("size.files", 1)
    path.write_bytes(json_of(passport("a", quoting), [TEXT]))
    assert file_problems(path, {}) == []
    quoting["claims"][0]["evidence"][0]["quote"] = "words that nobody wrote"
    path.write_bytes(json_of(passport("a", quoting), [TEXT]))
    assert file_problems(path, {}) == [f"{path}: the quote “words that nobody wrote” of card: not there"]
    path.write_bytes(json_of(passport("a", quoting)))
    assert file_problems(path, {}) == [], "its text is not at hand"
    assert len(file_problems(path, kept_by_hash([TEXT]))) == 1


def test_a_file_may_quote_texts_with_any_brackets() -> None:
    text = "[" * 60 + '"' + "\\" + "}" * 90
    found, texts = read_with_texts(json_of(passport("a"), [text]), "p")
    assert (found, list(texts.values())) == (passport("a"), [text])


def test_the_schema_takes_files_as_they_are_written() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    whole = json.loads(json_of(passport("a", known("price", "free"), capabilities=[does("answer.span")]), ["a text"]))
    check = jsonschema.Draft202012Validator(json.loads(schema()))
    assert list(check.iter_errors(whole)) == []
    for wrong in ({"texts": [1]}, {"format": 2}, {"more": 1}, {"facts": 3}):
        assert list(check.iter_errors(whole | wrong)), wrong
