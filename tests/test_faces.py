"""Faces translate and do nothing else: what no module of cli/, mcp/ or web/ may hold, and what help may load."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
import pytest

import drystone
from drystone.cli import cli
from drystone.cli._found import line_of

SOURCE = Path(drystone.__file__).parent
FACES = [path for face in ("cli", "mcp", "web") for path in sorted((SOURCE / face).rglob("*.py"))]
COMMANDS = cli.list_commands(click.Context(cli))

#: What a command may use of the rooms besides their verbs: names, defaults and forms of words that are light to load.
LIGHT = {
    "drystone._words",
    "drystone.catalog.matching",
    "drystone.catalog.papers",
    "drystone.catalog.shelf",
    "drystone.errors",
    "drystone.mcp.limits",
    "drystone.reader.options",
    "drystone.registry.place",
    "drystone.registry.plain",
    "drystone.release.exports.forms",
    "drystone.release.exports.tokens.choice",
    "drystone.release.layout",
    "drystone.search.limits",
}
#: Two reports that a room itself puts into words, and which a command loads when it prints them.
WORDED = {"drystone.reader.features.views", "drystone.release.checking.verify"}


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def verbs() -> Iterator[tuple[str, Any]]:
    """Yield every verb by its full name."""
    for path in sorted(SOURCE.glob("*/verbs.py")):
        module = importlib.import_module(f"drystone.{path.parent.name}.verbs")
        for name, found in vars(module).items():
            if inspect.isfunction(found) and found.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{module.__name__}.{name}", found


def defaults() -> dict[str, list[Any]]:
    """Return the defaults of all arguments of verbs by name, but for those that say nothing."""
    found: dict[str, list[Any]] = {}
    for _, verb in verbs():
        for name, parameter in inspect.signature(verb).parameters.items():
            value = parameter.default
            if value and isinstance(value, str | int | float) and not isinstance(value, bool):
                found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("path", FACES, ids=name_of)
def test_a_face_reads_no_database_and_no_table_itself(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\b(SELECT|INSERT|UPDATE|DELETE)\b .*\b(FROM|INTO|SET)\b", text)
    imported = {name.partition(".")[0] for name in _imports(ast.parse(text))}
    assert not imported & {"sqlalchemy", "sqlite3", "pyarrow", "duckdb", "polars", "pandas", "daft"}


@pytest.mark.parametrize("path", FACES, ids=name_of)
def test_a_face_has_no_default_that_a_verb_has(path: Path) -> None:
    if path.name == "verbs.py":
        return
    known = defaults()
    for name, value, line in _literals(ast.parse(path.read_text())):
        assert value not in known.get(name, []), f"{name_of(path)}:{line}: {name} = {value!r} is a verb's default"


@pytest.mark.parametrize("path", [path for path in FACES if path.parts[-2] != "web"], ids=name_of)
def test_a_command_uses_verbs_alone(path: Path) -> None:
    if "cli" not in path.relative_to(SOURCE).parts:
        return
    tree = ast.parse(path.read_text())
    _drop_types(tree)
    used = {name for name in _imports(tree) if name.startswith("drystone.") and not name.startswith("drystone.cli")}
    assert {name for name in used if not re.fullmatch(r"drystone\.\w+\.verbs", name)} <= LIGHT | WORDED


@pytest.mark.parametrize("path", sorted((SOURCE / "cli").rglob("*.py")), ids=name_of)
def test_all_that_is_printed_is_tamed(path: Path) -> None:
    if path.name == "_out.py":
        return
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    assert not calls & {"print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write", "Console"}


def test_no_function_of_the_command_line_is_long_and_no_folder_crowded() -> None:
    for path in (SOURCE / "cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= 60, f"{name_of(path)}: {node.name} has {length} lines"
    for folder in {path.parent for path in (SOURCE / "cli").rglob("*.py")}:
        assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= 15, folder


def test_every_verb_is_public() -> None:
    helpers = {"using", "who", "opened", "describe_optout", "place_of"}
    found = {name.rpartition(".")[2]: verb for name, verb in verbs()}
    public = {name for name in drystone.__all__ if inspect.isfunction(getattr(drystone, name))}
    assert set(found) - helpers == public - {"open_release"}
    for name, verb in found.items():
        if name not in helpers:
            assert getattr(drystone, name) is verb


def test_what_can_be_chosen_is_what_the_rooms_know() -> None:
    """The names that options offer stand in light modules; the rooms' own tables must agree with them."""
    from drystone.dedup.verbs import Sketch
    from drystone.policy.compatibility import POLICIES
    from drystone.policy.verbs import PolicyName
    from drystone.verification import METHODS
    from drystone.verification.verbs import MethodName

    assert set(get_args(PolicyName)) == set(POLICIES)
    assert set(get_args(MethodName)) == set(METHODS)
    assert get_args(Sketch) == ("oph", "permutations")


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_loads_no_library_but_click(name: str) -> None:
    code = f"""
import sys
before = set(sys.modules)
from click.testing import CliRunner
from drystone.cli import cli
import click
words = {name!r}.split()
paths = [words]
if words and isinstance(command := cli.get_command(click.Context(cli), words[0]), click.Group):
    paths += [[*words, sub] for sub in command.list_commands(click.Context(command))]
for path in paths:
    done = CliRunner().invoke(cli, [*path, "--help"])
    assert done.exit_code == 0 and "Usage:" in done.output, (path, done.output)
print(*sorted({{module.partition(".")[0] for module in set(sys.modules) - before}} - sys.stdlib_module_names))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert set(done.stdout.split()) <= {"click", "drystone"}


@pytest.mark.parametrize("command", [cli, cli.get_command(click.Context(cli), "reader")], ids=["drystone", "reader"])
def test_lists_of_commands_say_what_each_is_for(command: Any) -> None:
    for name, package in command.homes().items():
        said = line_of(package, name)
        assert 10 < len(said) <= 66, f"{name}: {said!r}"
    shown = command.get_help(click.Context(command, info_name="drystone", max_content_width=80, terminal_width=80))
    assert all(f"\n{heading}:\n" in shown for heading in command.folders.values())


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            known = [f"{node.module}.{alias.name}" for alias in node.names]
            verbs_of_room = [name for name in known if name.endswith(".verbs")]
            yield from verbs_of_room or [node.module]


def _drop_types(tree: ast.Module) -> None:
    """Take imports for the type checker out."""
    tree.body = [
        node for node in tree.body if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    ]


def _literals(tree: ast.AST) -> Iterator[tuple[str, Any, int]]:
    """Yield (name, value, line) of all literal defaults: of options, of arguments, of fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("click.option", "click.argument"):
            names = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            chosen = next((n for n in names if not n.startswith("-")), names[-1] if names else "")
            for keyword in node.keywords:
                if keyword.arg == "default" and isinstance(keyword.value, ast.Constant):
                    yield chosen.lstrip("-").replace("-", "_"), keyword.value.value, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = node.args
            positional = arguments.posonlyargs + arguments.args
            last = positional[len(positional) - len(arguments.defaults) :]
            pairs = [*zip(last, arguments.defaults, strict=True)]
            pairs += [(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None]
            for argument, default in pairs:
                if isinstance(default, ast.Constant):
                    yield argument.arg, default.value, node.lineno
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield from [(node.target.id, node.value.value, node.lineno)] if isinstance(node.value, ast.Constant) else []
