"""Linguist's table as it came."""

from drystone.detect.languages import languages
from drystone.detect.languages.tables import by_alias, by_extension, by_filename, by_interpreter, facts


def test_every_language_of_linguist_9_6_0() -> None:
    table = languages()
    assert facts()["linguist_version"] == "9.6.0"
    assert len(table) == 829
    assert len({language.id for language in table.values()}) == 829
    assert {language.type for language in table.values()} == {"programming", "data", "markup", "prose"}
    assert list(table) == sorted(table)


def test_one_language() -> None:
    python = languages()["Python"]
    assert (python.id, python.type, python.color) == (303, "programming", "#3572A5")
    assert ".py" in python.extensions
    assert "python3" in python.interpreters


def test_lookups() -> None:
    assert by_extension()[".rs"] == ("RenderScript", "Rust", "XML")
    assert by_filename()["Makefile"] == ("Makefile",)
    assert by_interpreter()["ruby"] == ("Ruby",)
    assert by_alias()["golang"] == "Go"
    assert by_alias()["c++"] == "C++"


def test_the_licence_travels_with_the_table() -> None:
    assert "Copyright (c) 2017 GitHub, Inc." in facts()["license"]
    assert "The above copyright notice and this permission notice shall be included" in facts()["license"]
