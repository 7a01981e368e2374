"""One TOML file per build: its settings, checked all at once, each problem with file, line and key."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Container, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from drystone.building.configuration.tables import ReleaseSettings, Settings
from drystone.errors import DrystoneError, SettingsError, UsageError, did_you_mean
from drystone.sources import Source, is_git, parse_source, source_from_table, table_problems
from drystone.work.remote.objects import url_of

__all__ = ["Lines", "Place", "ReleaseSettings", "Settings", "load_settings", "sources_from_arguments", "told"]

#: Where a value stands: names of tables and keys, and numbers in arrays.
Place = tuple[str | int, ...]


def load_settings(path: Path) -> tuple[Settings, list[Source]]:
    """Read a TOML file; return its settings and its sources. Relative paths are relative to the file.

    Raises `SettingsError` with every problem of the file.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([_syntax(path, text, str(error))]) from None
    lines = Lines(path, text)
    problems: list[str] = []
    settings: Settings | None = None
    try:
        # By way of JSON: only there does a strict check take arrays for tuples and strings for paths.
        settings = Settings.model_validate_json(json.dumps(content, default=str), strict=True)
    except ValidationError as error:
        problems += [lines.problem(*problem) for problem in problems_of(error)]
    sources: dict[str, Source] = {}
    tables = content.get("source", [])
    if tables == []:
        problems.append(lines.problem(("source",), "no sources; name at least one in a table [[source]]", None))
    for index, table in enumerate(tables if isinstance(tables, list) else []):
        if isinstance(table, dict):
            found = _source_problems(table, path.parent, sources)
            problems += [lines.problem(("source", index, key), problem, None) for key, problem in found]
            if not found:
                source = source_from_table(table, base=path.parent)
                sources[source.spec] = source
    if settings is not None:
        settings = _absolute(settings, path.parent)
        problems += [lines.problem(place, problem, None) for place, problem in _file_problems(settings)]
    if problems or settings is None:
        raise SettingsError(sorted(problems, key=_line_number))
    return settings, [*sources.values()]


def sources_from_arguments(
    arguments: tuple[str | Mapping[str, Any], ...], contents: str | None = None, agreement: str | None = None
) -> list[Source]:
    """Return the sources that are named, as on a command line or as tables of a settings file.

    Raises `UsageError` naming each that cannot be understood.
    """
    found: list[Source] = []
    problems: list[str] = []
    for number, argument in enumerate(arguments):
        if isinstance(argument, Mapping):
            wrong = _source_problems(argument, Path(), [source.spec for source in found])
            problems += [f"sources[{number}], {key!r}: {problem}" for key, problem in wrong]
            found += [] if wrong else [source_from_table(argument)]
            continue
        try:
            found.append(parse_source(argument, contents=contents, agreement=agreement))
        except DrystoneError as error:
            problems.append(str(error))
    if problems:
        raise UsageError("\n".join(problems))
    return found


def problems_of(error: ValidationError, table: Place = ()) -> Iterator[tuple[Place, str, object]]:
    """Yield the problems of a failed check as place, what is wrong, and the value; `table` is what was checked."""
    for each in error.errors():
        place = (*table, *each["loc"])
        yield place, _message({**each, "loc": place}), each.get("input")


def told(error: ValidationError, table: Place = ()) -> list[str]:
    """Return the problems of a failed check, one line each, where there is no file to point into."""
    return [problem_line(*problem) for problem in problems_of(error, table)]


def problem_line(place: Place, message: str, value: object) -> str:
    """Return key, what is wrong, and the value where it is short."""
    key = ".".join(str(part) for part in place)
    shown = f" (it is {value!r})" if isinstance(value, str | int | float) and "unknown key" not in message else ""
    return f"{key}: {message}{shown}"


def _absolute(settings: Settings, base: Path) -> Settings:
    def resolve(path: Path | None) -> Path | None:
        return path if path is None or url_of(path) is not None else Path(os.path.normpath(base / path))

    release = settings.release.model_copy(update={"output": resolve(settings.release.output)})
    engine = settings.engine.model_copy(
        update={name: resolve(getattr(settings.engine, name)) for name in ("work", "cache", "local")}
    )
    scanners = settings.malware.model_copy(update={"yara": tuple(str(resolve(Path(p))) for p in settings.malware.yara)})
    against = tuple(_based(each, resolve) for each in settings.decontamination.against)
    cleaned = settings.decontamination.model_copy(update={"against": against})
    changed = {"release": release, "engine": engine, "malware": scanners, "decontamination": cleaned}
    return settings.model_copy(update=changed)


def _based(benchmark: str, resolve: Callable[[Path | None], Path | None]) -> str:
    """Return PATH or NAME=PATH with its path resolved."""
    name, equals, path = benchmark.partition("=")
    return f"{name}={resolve(Path(path))}" if equals else str(resolve(Path(name)))


def _file_problems(settings: Settings) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong with the files that settings name beside sources."""
    try:
        _ = settings.malware.scanners
    except UsageError as error:
        yield ("malware", "yara"), str(error)
    try:
        _ = settings.decontamination.files
    except UsageError as error:
        yield ("decontamination", "against"), str(error)


def _source_problems(table: Mapping[str, Any], base: Path, before: Container[str]) -> list[tuple[str, str]]:
    """Return what is wrong with a source's table: its keys and values, its words, and what lies at a local path.

    `before` are the specs of the sources above it in the file: one that is named twice is wrong the second time.
    """
    problems = table_problems(table) or [*_words(table)]
    if not problems and "path" in table:
        problems += _path_problems(table["kind"], base / Path(table["path"]).expanduser())
    if not problems:
        try:
            spec = source_from_table(table, base=base).spec
        except DrystoneError as error:
            problems.append(("kind", str(error)))
        else:
            if spec in before:
                problems.append(("kind", f"{spec} is a source already; leave one of the two out"))
    return problems


def _words(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the words of a source's table that other rooms know."""
    from drystone.detect.languages import language_problem  # noqa: PLC0415  few say so much of a source
    from drystone.policy.licenses import expression_problem  # noqa: PLC0415

    if "language" in table and (problem := language_problem(table["language"])):
        yield "language", problem
    if table.get("license", "NOASSERTION") != "NOASSERTION" and (problem := expression_problem(table["license"])):
        yield "license", problem
    origin = table.get("origin")
    if origin is not None and (any(c.isspace() for c in origin) or not re.search("[:/]", origin)):
        yield (
            "origin",
            f"must be a URL or KIND:NAME, such as 'https://example.org/a/b' or 'git:b', not {origin!r}",
        )


def _path_problems(kind: str, path: Path) -> list[tuple[str, str]]:
    if not path.exists():
        if any(sign in path.name for sign in "*?["):
            return [("path", f"there is nothing at {path}; a path is no pattern: give each its own table [[source]]")]
        beside = sorted(each.name for each in path.parent.iterdir()) if path.parent.is_dir() else []
        return [("path", f"there is nothing at {path}{did_you_mean(path.name, beside)}")]
    is_of = {"git": is_git(path), "folder": path.is_dir(), "archive": path.is_file()}
    if is_of.get(kind, True):
        return []
    fits = "git" if is_of["git"] else "folder" if path.is_dir() else "archive"
    there = {"git": "a git repository", "folder": "a folder without git", "archive": "a file"}[fits]
    return [("kind", f"{path} is {there}; write kind = {fits!r}, or give the path of another")]


def _syntax(path: Path, text: str, message: str) -> str:
    """Return a syntax error in the form of the other problems; TOML's parser puts the place at the end."""
    what, _, where = message.partition(" (at ")
    line = re.match(r"line (\d+)", where)
    return f"{path}, line {line[1] if line else text.count(chr(10)) + 1}: not TOML: {what[0].lower() + what[1:]}"


#: Words of TOML where pydantic speaks of Python's types.
_TYPES = {"model_type": "a table", "dict_type": "a table", "tuple_type": "an array", "bool_type": "true or false",
          "int_type": "an integer", "int_from_float": "an integer",
          "float_type": "a number", "string_type": "a string", "path_type": "a string"}  # fmt: skip
#: What the patterns of settings ask for.
_PATTERNS = {"release.name": "must be up to 96 letters, digits, '.', '_' and '-', and begin with a letter or a digit",
             "release.version": "must be three numbers, such as 1.0.0",
             "limits.losses": "must be a share in percent, such as '1%' or '0%'"}  # fmt: skip
_SIZE = re.compile(r"\s*([\d.]+)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)


def _message(error: Mapping[str, Any]) -> str:
    place, kind, value = error["loc"], error["type"], error.get("input")
    if kind == "extra_forbidden":
        return f"unknown key{_other_key(place)}"
    if kind in _TYPES:
        return f"must be {_TYPES[kind]}{_size(str(place[-1]), value)}"
    if kind == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    if kind == "string_pattern_mismatch":
        return _PATTERNS[".".join(map(str, place))]
    message = str(error["msg"]).replace("Input should", "must").replace("String should", "must")
    if kind == "literal_error":
        return message + did_you_mean(str(value), re.findall(r"'([^']*)'", message))
    return message


def _size(key: str, value: object) -> str:
    """Return the number of bytes that a text such as "64 MiB" may mean, as a hint."""
    match = _SIZE.fullmatch(value) if key.endswith("_bytes") and isinstance(value, str) else None
    if match is None or match[1].count(".") > 1 or not match[1].strip("."):
        return ""
    scale = (1024 if match[3] else 1000) ** " kmgt".index(match[2].lower() or " ")
    return f", of bytes; did you mean {round(float(match[1]) * scale):_}?"


def _other_key(place: Place) -> str:
    """Return what an unknown key may mean: one of its table that is spelt alike, or one of that name in another."""
    key = str(place[-1])
    hint = did_you_mean(key, _known_keys(place[:-1]))
    homes = [table for table in Settings.model_fields if key in _known_keys((table,))]
    if not hint and homes:
        return f"; did you mean {homes[0] + '.' + key!r}?"
    return hint


def _known_keys(where: Place) -> list[str]:
    model: Any = Settings
    for part in where:
        model = model.model_fields[part].annotation if part in getattr(model, "model_fields", {}) else None
    return list(getattr(model, "model_fields", {}))


def _line_number(problem: str) -> int:
    match = re.search(r", line (\d+)", problem)
    return int(match[1]) if match else 0


class Lines:
    """Finds the line on which a key or a value stands. TOML's parser does not tell, and problems need it."""

    _HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
    _KEY = re.compile(
        r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
    )

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text.splitlines()
        self._at: dict[Place, int] = {}
        table: Place = ()
        counts: dict[str, int] = {}
        for number, line in enumerate(self._text, 1):
            if header := self._HEADER.match(line):
                parts = self._parts(header[2])
                table = tuple(parts)
                if header[1] == "[[":
                    counts[header[2]] = counts.get(header[2], -1) + 1
                    table = (*parts, counts[header[2]])
                self._at.setdefault(table, number)
            elif key := self._KEY.match(line):
                self._at.setdefault((*table, *self._parts(key[1])), number)

    @staticmethod
    def _parts(dotted: str) -> list[str]:
        return [part.strip().strip("\"'") for part in dotted.split(".")]

    def named(self) -> Iterator[tuple[str, int]]:
        """Yield the full name of every key, such as `release.name`, with its line."""
        yield from ((".".join(map(str, place)), line) for place, line in self._at.items())

    def of(self, place: Place, value: object = None) -> int | None:
        """Return the line of a key, or of a value in its array; None where the file does not name it."""
        if place in self._at:
            return self._at[place]
        if place and isinstance(place[-1], int) and isinstance(value, str) and (first := self._at.get(place[:-1])):
            following = enumerate(self._text[first - 1 :], first)
            return next((number for number, line in following if f'"{value}"' in line or f"'{value}'" in line), first)
        return None

    def problem(self, place: Place, message: str, value: object) -> str:
        """Return one line: file, line, key, what is wrong, and the value where it is short."""
        line, above = self.of(place, value), place
        while line is None and above:
            above = above[:-1]
            line = self.of(above)
        return f"{self._path}, line {line or 1}: {problem_line(place, message, value)}"


def work_folder(settings: Settings, output: Path) -> Path:
    """Return where a build into `output` keeps its intermediate work: a folder, or a URL."""
    output = output if url_of(output) is not None else output.absolute()
    return settings.engine.work or output.with_name(output.name + ".work")
