"""`drystone catalog duplicates` and `merge` as commands."""

from __future__ import annotations

from click.testing import CliRunner

from drystone.cli.comparing.catalog import command as catalog
from tests.catalog.duplicates.test_merging import place  # noqa: F401  (a fixture)


def test_commands(place: str) -> None:  # noqa: F811
    def run(*words: str) -> str:
        return CliRunner().invoke(catalog, [*words, "--catalog", place]).output

    both = ("merge", "rockcoderdata", "rockcoder-data")
    assert "rockcoder-data" in run("duplicates")
    assert "would be rockcoderdata" in run(*both, "--dry-run")
    assert "1 of 5 facts are disputed" in run(*both)
    assert run("duplicates") == "Nothing is listed twice.\n"
