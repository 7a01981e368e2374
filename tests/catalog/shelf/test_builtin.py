"""The passports that come with the program: whole, found by all their names, and every quote stands in its text."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.catalog.importing.readers import import_reader
from drystone.catalog.passports.passport import Passport
from drystone.catalog.passports.reading import load_with_texts
from drystone.catalog.passports.texts import find_quotes
from drystone.catalog.shelf.builtin import builtin_passports, builtin_texts
from drystone.catalog.shelf.shelf import names_of

ROOT = Path(__file__).parents[3]


def test_every_quote_is_found_again() -> None:
    for passport in builtin_passports().values():
        for found in find_quotes(passport, builtin_texts()):
            assert found.state == "stands", (passport.artifact.name, found.reference.quote)


def test_no_name_stands_for_two() -> None:
    names = [name for passport in builtin_passports().values() for name in names_of(passport.artifact)]
    assert len(set(names)) == len(names)


def test_no_text_is_kept_for_nothing() -> None:
    quoted = {one.sha256 for passport in builtin_passports().values() for one in passport.references}
    assert builtin_texts().keys() == quoted


@pytest.mark.parametrize("name", ["mini", "mini-half"])
def test_our_readers_are_as_their_files_are(name: str) -> None:
    folder = ROOT / f"models/{name}/src/drystone_{name.replace('-', '_')}/model"
    if not (folder / "model.safetensors").exists():
        pytest.skip("no weights beside the source")
    kept = builtin_passports()[name]
    day = kept.references[0].date
    found = import_reader(folder, name, day)
    assert found.passport == kept, "python -m tools.make_example_passports writes it anew"
    assert load_with_texts(folder / "passport.json") == (kept, found.texts), "beside its card lies the same"


def test_the_demo_s_passport_is_of_the_demo_of_the_readme() -> None:
    """That it is what a build of the demo writes, tests/end_to_end/test_readme.py asks."""
    (version,) = builtin_passports()["demo"].artifact.versions
    assert version.hashes["drystone-root"] in (ROOT / "README.md").read_text("utf-8")


def test_the_seed_s_pair_is_whole_and_known_slips_are_disputed_with_both_sources() -> None:
    reader, dataset = (builtin_passports()[name] for name in ("distilbert-base-cased-distilled-squad", "the-stack-v2"))
    assert (len(reader.capabilities), len(dataset.capabilities)) == (6, 8)
    assert all(one.evidence for one in (*reader.capabilities, *dataset.capabilities))
    said: list[tuple[Passport, str, set[object]]] = [
        (reader, "quality.squad_v1_1.f1", {86.9965, 87.1, 88.5}),
        (reader, "quality.share_of_teacher", {"over 95 %, on GLUE", "97 %"}),
        (dataset, "licenses.rule", {"permissive, or no licence found", "permissive only"}),
        (dataset, "size.deduplicated_bytes", {32_100_000_000_000, 67_000_000_000_000}),
    ]
    for passport, name, values in said:
        fact = passport.fact(name)
        assert fact is not None and fact.status == "disputed"
        assert {claim.value for claim in fact.claims} == values
        assert len({claim.evidence[0].quote for claim in fact.claims}) == len(values)
    serving = reader.fact("serving")
    assert serving is not None and serving.status == "disputed"
    assert serving.claims[0].value == "self-hosted by TGI, Ollama"
