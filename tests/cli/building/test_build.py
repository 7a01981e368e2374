"""What `drystone build` prints: names as they are, and commands that can be typed as they stand."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import drystone
from drystone.cli import cli
from drystone.cli._out import console


def _folder(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "[red]a.py").write_text("# SPDX-License-Identifier: MIT\nprint('a wall of dry stones')\n")
    return folder


def test_names_are_printed_as_they_are(tmp_path: Path) -> None:
    folder = _folder(tmp_path, ":one:")
    arguments = ["build", f"folder:{folder}", "-o", str(tmp_path / "release"), "--quiet"]
    registry = ["--registry", drystone.init_registry(str(tmp_path / "registry.sqlite"))]
    result = CliRunner().invoke(cli, [*arguments, *registry], catch_exceptions=False)
    assert f"why {tmp_path / 'release'} 'folder::one::/[red]a.py'" in result.output
    readme = (Path(__file__).parents[3] / "README.md").read_text("utf-8").partition("```text\n")[2].partition("```")[0]
    # The same head of the table, and the same stages.
    begins = re.compile(r"^(stage|[a-z]+(?: [a-z]+)?)  +(?=\d|files)", re.M)
    assert begins.findall(result.output) == begins.findall(readme) != []
    head, printed = (text[text.index("stage ") :].partition("\n")[0].split() for text in (readme, result.output))
    assert head == printed

    shown = CliRunner().invoke(cli, ["why", str(tmp_path / "release"), "*a.py"], catch_exceptions=False)
    assert "/[red]a.py in folder::one:" in shown.output


def test_every_console_prints_what_it_is_given(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as file:
        console(file=file).print(":one: [red]a[/red]")
    assert (tmp_path / "out").read_text() == ":one: [red]a[/red]\n"
    commands = Path(sys.modules["drystone.cli"].__path__[0])
    # Consoles are made in one place alone; elsewhere the class is a type, imported for `if TYPE_CHECKING:`.
    imports = {path.name: path.read_text().count("rich.console import") for path in commands.rglob("*.py")}
    typed = {
        path.name for path in commands.rglob("*.py") if "    from rich.console import Console\n\n" in path.read_text()
    }
    assert {name for name, count in imports.items() if count > (name in typed)} == {"_out.py"}


@pytest.mark.slow
def test_the_next_commands_can_be_typed(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "walls")
    command = [sys.executable, "-m", "drystone", "build", str(folder), "-o", "release", "--quiet"]
    # Without a `drystone` on the path, as in an environment that is not activated.
    environment = {**os.environ, "PATH": "/nowhere"}
    built = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    (verify,) = (line.strip() for line in built.stdout.splitlines() if " verify " in line)
    assert verify == f"{shlex.quote(sys.executable)} -m drystone verify release"
    subprocess.run(shlex.split(verify), cwd=tmp_path, check=True, capture_output=True)


def test_a_build_that_keeps_nothing_says_why_and_exits_3(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "walls")
    (tmp_path / "build.toml").write_text(
        f'[languages]\ninclude = ["Rust"]\n\n[[source]]\nkind = "folder"\npath = "{folder}"\n'
    )
    arguments = ["build", str(tmp_path / "build.toml"), "-o", str(tmp_path / "release"), "--quiet"]
    registry = ["--registry", drystone.init_registry(str(tmp_path / "registry.sqlite"))]
    result = CliRunner().invoke(cli, [*arguments, *registry])
    assert result.exit_code == 3
    assert "Nothing was kept:\n  1 file at stage language: excluded_language; look at [languages]" in result.stderr
    assert "note: languages.include names Rust, and no file of the release is in it" in result.stderr
    again = CliRunner().invoke(cli, [*arguments, *registry, "--json"])
    assert again.exit_code == 3
    assert len(json.loads(again.stdout)["why_nothing"]) == 1
    assert CliRunner().invoke(cli, [*arguments, *registry, "--dry-run"]).exit_code == 3


def test_settings_are_explained_and_nothing_is_built(tmp_path: Path) -> None:
    arguments = ["build", str(_folder(tmp_path, "walls")), "-o", str(tmp_path / "release"), "--explain-settings"]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert re.search(r"^release\.output +.*release\" +the argument output$", result.output, re.M)
    assert "folder:" in result.output.partition("sources (1)")[2]
    assert json.loads(CliRunner().invoke(cli, [*arguments, "--json"]).output)["sources"]
    assert not (tmp_path / "release").exists()
    nowhere = CliRunner().invoke(cli, ["build", arguments[1], "--explain-settings"], catch_exceptions=False)
    assert re.search(r"^release\.output +null +not given: -o DIR says where to build$", nowhere.output, re.M)
