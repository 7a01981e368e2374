"""The passports that come with the program: whole, found by all their names, and every quote stands in its text."""

from __future__ import annotations

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
