"""How answers look on a terminal and in a file."""

from __future__ import annotations

import io

import click
from click.testing import CliRunner

from drystone.answer.shapes import Citation, CitedAnswer, CitedAnswers
from drystone.cli._out import console
from drystone.cli.asking._answers import _answer, print_answers

PREFIX, QUOTE, SUFFIX = "# Ports\n\nThe server \x1b[2Jlistens on ", "8080\nor\t8081", ", unless told\notherwise."


def cited(**changed: object) -> Citation:
    values: dict[str, object] = {
        "quote": QUOTE, "release": "stones", "version": "1.0.0", "root": "0" * 64, "repository": "own/arch",
        "origin": "https://example.org/own/arch", "revision": None, "path": "/doc/\u202eports.md", "lines": (12, 13),
        "bytes": (100, 110), "swhid": "swh:1:cnt:" + "0" * 40, "released_sha256": "0" * 64, "language": "Markdown",
        "license": None, "attribution": "own/arch. no licence was found.", "date": None, "prefix": PREFIX,
        "suffix": SUFFIX, "asks": (), "permalink": "drystone:cite?",
    }  # fmt: skip
    return Citation(**{**values, **changed})  # type: ignore[arg-type]


def test_the_quote_is_marked_in_its_numbered_lines() -> None:
    lines = list(_answer(CitedAnswer(QUOTE, 0.91, (cited(),) * 5), several=True))
    shown = [line.plain for line in lines]
    assert shown[0] == "8080 or 8081  score 0.91"
    assert shown[1] == "    stones 1.0.0 own/arch:/doc/\\u202eports.md:12-13  Markdown, no licence found"
    assert shown[2:7] == [
        "        10  # Ports",
        "        11  ",
        "        12  The server \\x1b[2Jlistens on 8080",
        "        13  or  8081, unless told",
        "        14  otherwise.",
    ]
    marked = [line.plain[span.start : span.end] for line in lines for span in line.spans if span.style == "bold red"]
    assert marked == ["8080", "or  8081"]
    assert shown[-1] == "    and 2 more places; --json shows all"


def test_colour_goes_to_terminals_alone_and_nothing_of_a_text_acts_there() -> None:
    for terminal in (True, False):
        file = io.StringIO()
        out = console(file=file, force_terminal=terminal, color_system="standard" if terminal else None, width=200)
        for line in _answer(CitedAnswer(QUOTE, 0.91, (cited(),)), several=False):
            out.print(line)
        written = file.getvalue()
        assert ("\x1b[1;31m8080" in written) == terminal
        assert "\x1b[2J" not in written and "\u202e" not in written
        assert ("\x1b" in written) == terminal


def test_what_is_not_found_says_so_with_what_to_know() -> None:
    done = CliRunner().invoke(click.command()(lambda: print_answers(CitedAnswers("Q", (), ("a note",)), False)))
    assert done.stdout == "not found: no answer is sure enough (--least 0 shows what comes nearest)\n"
    assert done.stderr == "note: a note\n"
