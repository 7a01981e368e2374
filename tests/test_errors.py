"""What the errors' room gives beside errors: the word that was likely meant."""

from __future__ import annotations

from drystone.errors import did_you_mean


def test_the_nearest_word_is_named_as_it_is_written() -> None:
    assert did_you_mean("languges", ["languages", "licenses"]) == "; did you mean 'languages'?"
    assert did_you_mean("json", ["JSON", "YAML"]) == "; did you mean 'JSON'?"
    assert did_you_mean("xyz", ["languages"]) == ""
    assert did_you_mean("xyz", []) == ""
