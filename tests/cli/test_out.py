"""No text of a release, a file or a model reaches a terminal raw: the helper, and the commands that print such text."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from drystone.cli import cli
from drystone.cli._out import console, echo, inline, print_json, table, tame, write_lines
from tests.release.sample import Row, write_sample

#: Sets a terminal's title, colours, erases a line, turns the writing direction, moves by C1's single byte.
EVIL = "\x1b]0;owned\x07\x1b[31m\r\x1b[2K\u202e\x9b1A\x7f"


def harmless(text: str) -> bool:
    return all(c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Zl", "Zp"} for c in text)


def test_control_characters_are_shown_and_lines_stay() -> None:
    assert tame(f"a{EVIL}b\n\tc") == "a\\x1b]0;owned\\x07\\x1b[31m\\x0d\\x1b[2K\\u202e\\x9b1A\\x7fb\n\tc"
    assert tame("größer, 你好 \U0001f600") == "größer, 你好 \U0001f600"
    assert inline("one\ntwo\tthree") == "one\\x0atwo\\x09three"


def test_all_ways_of_printing_are_tamed(capsys: pytest.CaptureFixture[str]) -> None:
    echo(f"said {EVIL}")
    echo(f"said {EVIL}", colour="red")
    print_json({EVIL: [EVIL, "\U0001f600"]})
    write_lines("-", [json.dumps({"text": EVIL}, ensure_ascii=False)])
    said = capsys.readouterr().out
    assert harmless(said)
    objects = said[said.index("{") :]
    assert json.loads(objects[: objects.rindex("{")]) == {EVIL: [EVIL, "\U0001f600"]}
    assert json.loads(objects[objects.rindex("{") :]) == {"text": EVIL}


def test_a_console_keeps_its_own_colours_and_no_others() -> None:
    file = io.StringIO()
    out = console(file=file, force_terminal=True, width=200, color_system="standard", no_color=False)
    out.print(table((EVIL, "n"), [(EVIL, 1)], title=EVIL))
    out.print(EVIL, style="green")
    said = file.getvalue()
    assert "\x1b[32m" in said
    for own in ("\x1b[32m", "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[1;2m"):
        said = said.replace(own, "")
    assert harmless(said)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two versions of a release whose names, paths and texts act on terminals."""
    home = tmp_path_factory.mktemp("evil")
    rows = [
        Row(f"own/{EVIL}", f"/src/{EVIL}{number}.py", f"# {EVIL}\nx = {number}\n".encode(), "Python")
        for number in range(3)
    ]
    near = Row(f"own/{EVIL}", f"/near{EVIL}.py", f"# {EVIL}\nx = 10\n".encode(), "Python")
    rows.append(replace(near, dropped="near_duplicates.near_duplicate", like=rows[0], similarity=0.9))
    write_sample(home / "one", rows)
    write_sample(home / "two", rows[1:])
    return [home / "one", home / "two"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["why", "{one}", "*"],
        ["why", "{one}", "*2.py"],
        ["why", "{one}", "near*"],
        ["why", "{one}", "*", "--json"],
        ["why", "{one}", EVIL],
        ["lookup", "{one}", "{two}", "own/x"],
        ["lookup", "{one}", "swh:1:cnt:" + "0" * 40],
        ["stats", "{one}"],
        ["stats", "{one}", "--json"],
        ["verify", "{one}"],
        ["licenses", "{one}"],
        ["licenses", "{one}", "--deny", "MIT", "--json"],
        ["diff", "{one}", "{two}", "--files"],
        ["diff", "{one}", "{two}", "--files", "--json"],
        ["scan", "{evil}"],
        ["export", "{one}", "--as", "stack-v2", "-o", "{out}", "--dry-run"],
        [EVIL],
    ],
    ids=lambda words: " ".join(words).encode("unicode-escape").decode()[:40],
)
def test_nothing_of_a_release_acts_on_a_terminal(words: list[str], releases: list[Path], tmp_path: Path) -> None:
    evil = tmp_path / "folder"
    evil.mkdir()
    (evil / f"\x1b[31m{'x' * 3}.env").write_text("password = 'hunter2-correct-horse'\n\x1b[31m")
    places = {"one": str(releases[0]), "two": str(releases[1]), "evil": str(evil), "out": str(tmp_path / "out")}
    arguments = [word.format(**places) if "{" in word else word for word in words]
    done = subprocess.run([sys.executable, "-m", "drystone", *arguments], capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert harmless(done.stdout) and harmless(done.stderr), (done.stdout, done.stderr)


@pytest.mark.parametrize("columns", [None, "80", "20"])
def test_a_piped_table_keeps_its_cells_whole(
    releases: list[Path], monkeypatch: pytest.MonkeyPatch, columns: str | None
) -> None:
    if columns is not None:  # what a shell says of its terminal is not said of the pipe
        monkeypatch.setenv("COLUMNS", columns)
    done = CliRunner().invoke(cli, ["why", str(releases[0]), "*2.py"], catch_exceptions=False)
    (line,) = (line for line in done.output.splitlines() if line.startswith("swhid"))
    assert line.split()[1].startswith("swh:1:cnt:") and ";origin=" in line
    assert all(line == line.rstrip() for line in done.output.splitlines())
