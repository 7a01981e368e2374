"""Questions from a name and what is said of it."""

from __future__ import annotations

from tests.reader.questions.asked import asked_of


def test_options_settings_and_variables_ask_for_their_names_and_defaults() -> None:
    listed = asked_of(
        "a.md", "- `--limit`: Most rows to print. Defaults to `20`.\n- `LOG_PATH`: The file that is written.\n"
    )
    assert listed["Which environment variable is the file that is written?"] == "LOG_PATH"
    assert listed["What is the default of --limit?"] == "20"
    table = "| Name | Meaning |\n|---|---|\n| `--deep` | Reads every byte again |\n"
    assert asked_of("a.md", table)["Which option reads every byte again?"] == "--deep"
    directive = ".. confval:: pages.width\n   :type: int\n\n   Sets the width of a printed page.\n"
    assert asked_of("a.rst", directive)["Which setting sets the width of a printed page?"] == "pages.width"
    assert asked_of("a.txt", "SIZE_LIMIT\n----------\n\nDefault: ``2048``\n") == {
        "What is the default of SIZE_LIMIT?": "2048"
    }
