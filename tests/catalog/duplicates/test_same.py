"""Whether two are one: what proves it, what forbids it, and the figures of the labelled pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drystone.catalog.duplicates.same import same_entity
from drystone.catalog.passports.passport import Identity

PAIRS = Path(__file__).parents[3] / "benchmarks/catalog/duplicates.jsonl"
PACKAGES = "https://packages.example/project/"
STACK = {"url": "https://huggingface.co/datasets/bigcode/starcoderdata"}


def identity(name: str, kind: str = "dataset", hashes: dict[str, str] | None = None, **more: Any) -> Identity:
    versions = [{"name": "1", "hashes": hashes}] if hashes else []
    given = {
        "kind": kind,
        "name": name.casefold().replace("/", "-").replace(" ", "-"),
        "title": name,
        "description": "x",
    }
    return Identity.model_validate_json(json.dumps({**given, "versions": versions, **more}))


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (identity("starcoderdata", **STACK), identity("starcoder-data", url=STACK["url"] + "/tree/main"), "one"),
        (identity("starcoderdata"), identity("bigcode/StarCoder_Data"), "one"),
        (identity("a", hashes={"sha256": "0" * 64}), identity("b", hashes={"SHA256": "0" * 64}), "one"),
        (identity("a", hashes={"sha256": "0" * 64}), identity("a/a", hashes={"sha256": "1" * 64}), "two"),
        (identity("squad"), identity("squad", kind="reader"), "two"),
        (identity("the-stack"), identity("the-stack-v2"), "two"),
        (identity("x/bert-base-cased"), identity("x/bert-base-uncased"), "two"),
        (identity("x/llama-2-7b"), identity("TheBloke/llama-2-7b-GGUF"), "two"),
        (identity("facebook/bart-base"), identity("google/bert-base"), "two"),
        (identity("one/test-model", description="A"), identity("other/test-model", description="B"), "maybe"),
        (identity("one/qa-model"), identity("two/qa-model", description="A fork of one/qa-model."), "two"),
        (identity("py-test", url=PACKAGES + "py-test/"), identity("pytest", url=PACKAGES + "pytest"), "two"),
        (identity("Py_Test", url=PACKAGES + "Py_Test/"), identity("x", url=PACKAGES + "py-test"), "one"),
    ],
)  # fmt: skip
def test_what_is_one(one: Identity, other: Identity, verdict: str) -> None:
    assert same_entity(one, other).verdict == verdict
    assert same_entity(other, one).verdict == verdict


def test_the_labelled_pairs() -> None:
    right = {(part, same): [0, 0] for part in ("tune", "held_out") for same in (True, False)}
    for line in PAIRS.read_text("utf-8").splitlines():
        pair = json.loads(line)
        one, other = (Identity.model_validate_json(json.dumps(pair[each])) for each in ("one", "other"))
        found = same_entity(one, other).verdict == "one"
        right[pair["part"], found][0] += found == pair["same"]
        right[pair["part"], found][1] += 1
    assert sum(count for _, count in right.values()) == 500
    for part in ("tune", "held_out"):
        hits, said = right[part, True]
        missed = right[part, False][1] - right[part, False][0]
        assert hits / said >= 0.98
        assert hits / (hits + missed) >= 0.93
