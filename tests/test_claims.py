"""What pages say that can be looked up: commands, options, modules, names in Python, variables, settings, tests."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import click
import pytest

import drystone
from drystone.building.mixing.recipe import Mixture
from drystone.building.settings import Settings
from drystone.cli import cli
from drystone.release.columns import TABLES

ROOT = Path(__file__).parents[1]
PAGES = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "models").rglob("README.md")),
]
#: Words after `drystone` that are no command: how files of an index begin.
NO_COMMANDS = {"copies", "segment"}
#: Names after `drystone.` that are no names in Python: an entry point of packages.
NO_NAMES = {"models", "toml"}


def fences(page: str) -> Iterator[tuple[str, str]]:
    """Yield the language and the text of each fenced block."""
    yield from re.findall(r"^```(\w*)[^\n]*\n(.*?)^```", page, re.M | re.S)


def shell(page: str) -> Iterator[str]:
    """Yield what a page tells to type: lines behind `$`, indented lines, and spans of code."""
    for language, block in fences(page):
        if language in ("console", "sh", "bash", ""):
            lines = block.replace("\\\n", " ").splitlines()
            yield from (line[2:] for line in lines if line.startswith("$ "))
    bare = re.sub(r"^```.*?^```", "", page, flags=re.M | re.S)
    yield from re.findall(r"^    (drystone .*)$", bare, re.M)
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", bare))


def commands(page: str) -> Iterator[list[str]]:
    """Yield the words of each call of ours, up to what the shell takes for itself."""
    for line in shell(page):
        for part in re.split(r"\s(?:\|\|?|&&|;)\s|\$\(", line):
            try:
                words = shlex.split(part, comments=True)
            except ValueError:
                words = part.split()
            ours = len(words) > 1 and words[0].rpartition("/")[2] == "drystone"
            if ours and words[1] not in NO_COMMANDS:
                yield words[1:]


def wrong(words: list[str]) -> str | None:
    """Return what of a call is not there: a command or an option; None where all is."""
    here: click.Command = cli
    left = list(words)
    while left:
        word = left.pop(0)
        if word.startswith("-") and len(word) > 1 and not re.fullmatch(r"-\d.*", word):
            name = re.sub(r"[,.:)]+$", "", word.partition("=")[0])
            options = {n: option for option in here.params for n in (*option.opts, *option.secondary_opts)}
            if name not in options and name not in ("--help", "-h", "--"):
                return f"{here.name} has no {name}"
            option = options.get(name)
            if (
                "=" not in word
                and isinstance(option, click.Option)
                and not option.is_flag
                and not option.count
                and left
            ):
                left.pop(0)
        elif isinstance(here, click.Group) and re.fullmatch(r"[a-z][a-z-]*", word):
            found = here.get_command(click.Context(here), word)
            if found is None:
                return f"{here.name} has no command {word}"
            here = found
        elif word in ("...", "…") or re.match(r"\d?[<>]", word):
            return None
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_commands_and_their_options_are_there(page: Path) -> None:
    called = list(commands(page.read_text("utf-8")))
    assert [(words, problem) for words in called if (problem := wrong(words))] == []


def test_the_test_above_finds_what_is_wrong() -> None:
    text = "```console\n$ drystone why x --raeson y | drystone vrify z\n$ drystone registry --registry a inti\n```\n"
    assert [wrong(words) for words in commands(text)] == [
        "why has no --raeson", "cli has no command vrify", "registry has no command inti",
    ]  # fmt: skip
    assert wrong(["registry", "--registry", "a", "init"]) is None


#: Options of programs that are not ours: Ray's.
OTHERS = {"--num-cpus"}


@cache
def all_options() -> frozenset[str]:
    """Return the options of all commands, and those that programs of the repository define for themselves."""
    found: set[str] = set()
    waiting: list[click.Command] = [cli]
    while waiting:
        here = waiting.pop()
        found.update(name for option in here.params for name in (*option.opts, *option.secondary_opts))
        if isinstance(here, click.Group):
            context = click.Context(here)
            below = (here.get_command(context, name) for name in here.list_commands(context))
            waiting += [each for each in below if each is not None]
    for folder in ("benchmarks", "examples", "models", "src", "tests", "tools"):
        for program in (ROOT / folder).rglob("*.py"):
            found.update(re.findall(r"[\"'](--[a-z][a-z-]+)[\"']", program.read_text("utf-8")))
    return frozenset(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_options_that_are_named_alone_are_there(page: Path) -> None:
    spans = re.findall(r"`(--[a-z][a-z-]+)[^`]*`", page.read_text("utf-8"))
    assert sorted({span for span in spans if span not in all_options() | OTHERS}) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_modules_that_are_run_are_there(page: Path) -> None:
    text = page.read_text("utf-8")
    named = re.findall(r"python3? -m ((?:benchmarks|tools|tests|drystone)(?:\.\w+)+)", text)
    places = [ROOT / ("src" if name.startswith("drystone") else ".") / name.replace(".", "/") for name in named]
    missing = [
        place.relative_to(ROOT).as_posix()
        for place in places
        if place.name != "NAME" and not place.with_suffix(".py").exists() and not (place / "__main__.py").exists()
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_names_in_python_are_there(page: Path) -> None:
    text = page.read_text("utf-8")
    blocks = "\n".join(block for language, block in fences(text) if language in ("python", "pycon"))
    spans = "\n".join(re.findall(r"`(drystone\.[A-Za-z_]+)\b[^`]*`", text))
    named = set(re.findall(r"(?<![\w./-])drystone\.([A-Za-z_]+)\b(?!\.\w+\.py)", f"{blocks}\n{spans}"))
    rooms = {path.name for path in (ROOT / "src/drystone").iterdir() if path.is_dir()} | {"errors"}
    known = {*rooms, *NO_NAMES, *drystone.__all__}
    assert sorted(name for name in named - known if not name.startswith("__")) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_variables_of_the_environment_are_read_somewhere(page: Path) -> None:
    named = set(re.findall(r"\bDRYSTONE_[A-Z_]+\b", page.read_text("utf-8")))
    assert sorted(name for name in named if not _read_somewhere(name)) == []


@cache
def _read_somewhere(name: str) -> bool:
    folders = ("src", "tests", "benchmarks", "tools", "kernel", "models")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".cc", ".h")]
    files += [ROOT / "Makefile", ROOT / "CMakeLists.txt", *(ROOT / ".ci").glob("*")]
    mine = Path(__file__)
    return any(name in path.read_text("utf-8") for path in files if path.is_file() and path != mine)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_settings_in_toml_are_settings(page: Path) -> None:
    for language, block in fences(page.read_text("utf-8")):
        if language == "toml":
            table = tomllib.loads(block)
            # A recipe of `drystone mix` has tables of its own.
            own = Mixture.model_fields.keys() - Settings.model_fields.keys()
            fields = (Mixture if own & table.keys() else Settings).model_fields
            assert sorted(set(table) - {*fields, "source", "project", "tool"}) == [], block
            for name, keys in table.items():
                model = fields[name].annotation if name in fields else None
                known = getattr(model, "model_fields", None)
                if known is not None and isinstance(keys, dict):
                    assert sorted(set(keys) - set(known)) == [], block


def test_columns_that_commands_and_queries_name_are_columns() -> None:
    known = {column.name for table in TABLES.values() for column in table}
    asked: set[str] = set()
    for page in PAGES:
        for words in commands(page.read_text("utf-8")):
            for option, value in pairwise(words):
                if option == "--columns":
                    asked.update(value.split(","))
                if option == "--where" and words[0] == "licenses":
                    asked.add(re.split(r"[=!<>]", value)[0])
    assert asked - {"all", "..."} <= known, asked - known
    assert len(asked) > 3


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_tests_that_a_page_names_are_there(page: Path) -> None:
    for file, name in re.findall(r"(tests/[\w/]+\.py)(?:::| -k )(\w+)", page.read_text("utf-8")):
        assert name in (ROOT / file).read_text("utf-8"), f"{file} has no {name}"
