"""The passports that come with the program: whole, found by all their names, and every quote stands in its text."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.catalog.importing.readers import import_reader
from drystone.catalog.passports.texts import find_quotes
from drystone.catalog.shelf.builtin import builtin_passports, builtin_texts
from drystone.catalog.shelf.shelf import names_of


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
    folder = Path(__file__).parents[3] / f"models/{name}/src/drystone_{name.replace('-', '_')}/model"
    if not (folder / "model.safetensors").exists():
        pytest.skip("no weights beside the source")
    kept = builtin_passports()[name]
    day = kept.references[0].date
    assert import_reader(folder, name, day).passport == kept, "python -m tools.make_example_passports writes it anew"
