"""The pages against the program: a command, an option, a reason or a setting that is not documented fails here."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel

from drystone.building.settings import Settings
from drystone.policy.decision import LedgerStage, Reason

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def commands() -> ModuleType:
    spec = importlib.util.spec_from_file_location("commands", DOCS / "commands.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def walked() -> list[tuple[str, Any]]:
    module = commands()
    return [(name, command) for name, command, _ in module.walk(module.cli, "drystone")]


def rows(page: str, columns: int) -> list[list[str]]:
    """Return the cells of all rows of tables with so many columns, heads and rulers left out."""
    tables = [line[1:-1] for line in page.splitlines() if line.startswith("|") and line.endswith("|")]
    found = [[cell.strip() for cell in line.split("|")] for line in tables]
    return [cells for cells in found if len(cells) == columns]


def test_the_page_of_commands_is_fresh() -> None:
    # In a process of its own: click remembers on a command how its help was asked for first.
    code = f"import runpy; print(runpy.run_path({str(DOCS / 'commands.py')!r})['page'](), end='')"
    page = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert (DOCS / "commands.md").read_text() == page, "run `make docs`"


@pytest.mark.parametrize(("name", "command"), walked(), ids=[name for name, _ in walked()])
def test_every_command_and_option_has_help(name: str, command: Any) -> None:
    assert command.help, f"{name} has no help"
    for option in command.params:
        if option.param_type_name == "option":
            described = option.help or getattr(option.type, "choices", None)
            assert described, f"{name} {option.name} has no help"


@pytest.mark.parametrize("name", [name for name, _ in walked() if name.count(" ") == 1])
def test_every_command_shows_examples_that_name_it(name: str) -> None:
    page = (DOCS / "commands.md").read_text()
    section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
    assert "Examples:" in section
    assert f"  {name} " in section.split("Examples:")[1]


def test_the_readme_lists_every_command() -> None:
    listed = [cells[0].strip("`") for cells in rows((ROOT / "README.md").read_text(), 2) if "drystone " in cells[0]]
    assert sorted(listed) == sorted(name for name, _ in walked() if name.count(" ") == 1)


def test_the_readme_names_every_file_and_folder_at_the_top() -> None:
    page = (ROOT / "README.md").read_text()
    tracked = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    known = set(re.findall(r"^\| `([\w.]+)/?` \|", page, re.M))
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()]
    made = {name for name in tracked for pattern in ignored if fnmatch(name, pattern)}
    assert known == tracked - made - {"README.md"}


def test_every_reason_is_explained_in_the_order_of_judging() -> None:
    later = {LedgerStage.RETRACTION: "release-format.md", LedgerStage.MIXTURE: "training-output.md"}
    given = [(reason.stage.word, reason.word) for reason in Reason if reason.stage not in later]
    words = {word for _, word in given}
    stage, found = "", []
    for cells in rows((DOCS / "building.md").read_text(), 3):
        name = cells[1].strip("`")
        if cells[1].startswith("`") and name in words:
            stage = cells[0].strip("`") or stage
            found.append((stage, name))
    assert found == given
    for reason in Reason:
        if reason.stage in later:
            assert f"`{reason.word}`" in (DOCS / later[reason.stage]).read_text()


def shown(value: Any) -> str:
    """Return a default as the page writes it: in TOML, or "none"."""
    if value is None:
        return "none"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value)}`"


def test_every_setting_is_documented_with_its_default() -> None:
    page, defaults = (DOCS / "building.md").read_text(), Settings()
    expected: dict[str, dict[str, str]] = {}
    for table in Settings.model_fields:
        value = getattr(defaults, table)
        if isinstance(value, BaseModel):
            expected[table] = {key: shown(getattr(value, key)) for key in type(value).model_fields}
        elif table != "source":
            expected.setdefault("", {})[table] = shown(value)
    found: dict[str, dict[str, str]] = {}
    for section in page.split("\n## Settings\n")[1].split("\n### ")[1:]:
        if section.startswith("`[[source]]`"):
            continue
        heading = re.match(r"`\[(\w+)\]`", section)
        listed = rows(section, 3)
        found[heading[1] if heading else ""] = {c[0].strip("`"): c[1] for c in listed if c[0].startswith("`")}
    assert found == expected


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[<>=;\[ ]", text)[0] for text in project["dependencies"]}
    section = (DOCS / "design.md").read_text().split("\n## Dependencies\n")[1]
    listed = {name for cells in rows(section, 3) for name in cells[0].split(", ")}
    assert names - listed == set()
    assert listed - names <= {"package", "---", "nanobind", "scikit-build-core"}


def test_constraints_pin_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.+!-]+", line) for line in lines)
    pinned = {line.split("==")[0] for line in lines}
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert {re.split(r"[<>=;\[ ]", text)[0].lower() for text in wanted} - pinned == set()
    assert not pinned & {"torch", "tensorflow"}


@pytest.mark.parametrize("page", [*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md"))], ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target} is not there"


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda path: path.name)
def test_a_page_begins_with_what_one_wants_to_do_and_a_command(page: Path) -> None:
    head, _, rest = page.read_text().partition("\n\n")
    assert head.startswith("# ")
    begins, fence, block = rest.partition("\n```")
    paragraphs = [each for each in begins.split("\n\n") if each.strip() and not each.startswith("<!--")]
    assert paragraphs[0].startswith("To "), "begin with what one wants to do: To ..."
    assert fence
    assert len(paragraphs) <= 2, "the first command comes after the first sentence"
    assert re.match(r"(console\n\$ |python\n)", block), block[:40]


def test_make_bench_names_modules_that_are_there() -> None:
    names = re.search(r"for name in ([\w ]+);", (ROOT / "Makefile").read_text())
    assert names is not None
    for name in names[1].split():
        home = ROOT / "benchmarks" / name
        assert home.with_suffix(".py").exists() or (home / "__main__.py").exists(), name


def test_the_table_of_places_names_files_that_hold_what_it_says() -> None:
    section = (DOCS / "design.md").read_text().split("\n## Where is...\n")[1].split("\n## ")[0]
    listed = [cells for cells in rows(section, 3) if "](" in cells[1]]
    assert len(listed) >= 16
    for what, link, name in listed:
        path = re.search(r"\]\((.+)\)", link)
        assert path is not None, what
        code = (DOCS / path[1]).read_text()
        assert re.search(rf"\b{re.escape(name.strip('`'))}\b", code), f"{what}: {path[1]} has no {name}"


def test_the_floors_of_the_page_are_those_of_the_contract() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    source = ROOT / "src/drystone"
    floors = [{name.strip("() ") for name in layer.split("|")} for layer in contract["layers"]]
    expected = [{name for name in floor if (source / name).is_dir()} for floor in floors]
    section = (DOCS / "design.md").read_text().split("\n## Rooms and floors\n")[1].split("\n## ")[0]
    said: list[set[str]] = []
    for floor, room, _ in rows(section, 3)[1:]:
        if not room.startswith("`"):
            continue
        if floor:
            said.append(set())
        said[-1].add(room.strip("`"))
    assert said == [floor for floor in expected if floor]


@pytest.mark.parametrize("page", [*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md"))], ids=lambda path: path.name)
def test_files_that_a_page_names_are_there(page: Path) -> None:
    named = re.findall(r"(?<![\w/.-])((?:tests|kernel|benchmarks|src/drystone)/[\w./-]*\w)", page.read_text())
    recipes = re.compile("NAME|ROOM|JOB|MODULE")
    assert [name for name in named if not recipes.search(name) and not (ROOT / name).exists()] == []


def test_programs_outside_the_package_import_what_is_there() -> None:
    asked = set()
    for folder in ("benchmarks", "docs", "examples", "models", "tools"):
        for program in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(program.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "drystone":
                    asked |= {
                        (str(node.module), alias.name, program.relative_to(ROOT).as_posix()) for alias in node.names
                    }
    assert len(asked) > 100
    assert [each for each in sorted(asked) if not _is_there(*each[:2])] == []


def _is_there(module: str, name: str) -> bool:
    """Whether a module, looked at and not loaded, speaks of a name, or is a package with such a module."""
    if module.endswith("._kernel"):
        return hasattr(importlib.import_module(module), name)
    home = ROOT / "src" / module.replace(".", "/")
    file = home / "__init__.py" if home.is_dir() else home.with_suffix(".py")
    if not file.is_file():
        return False
    code = file.read_text("utf-8")
    beside = (home.is_dir() and any(home.glob(f"{name}.*"))) or (home / name).is_dir()
    return beside or re.search(rf"\b{name}\b", code) is not None
