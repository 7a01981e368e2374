"""One TOML file per build: its settings, checked all at once, each problem with file, line and key."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from drystone.dedup import near
from drystone.detect import secrets as secrets_room
from drystone.detect.secrets.settings import People
from drystone.errors import DrystoneError, SettingsError, UsageError
from drystone.policy.language import LanguagePolicy
from drystone.policy.licenses import LicensePolicy
from drystone.policy.quality import QualityPolicy
from drystone.sources import Source, parse_source, source_from_table, table_problems
from drystone.sources.base import Limits

_LIMITS = Limits()


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReleaseSettings(_Table):
    """What the release is called, where it goes, and how its files are cut."""

    name: str = Field("release", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")
    version: str = Field("1.0.0", pattern=r"^\d+\.\d+\.\d+$")
    output: Path | None = None
    description: str = ""
    authors: tuple[str, ...] = ()
    license: str = "ODC-By-1.0"
    url: str | None = None
    date: str | None = Field(None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    shard_bytes: int = Field(64 * 1024**2, ge=1024)
    zstd_level: int = Field(3, ge=1, le=19)


class LimitSettings(_Table):
    """Bounds on hostile input; see `drystone.sources.base.Limits`."""

    max_file_bytes: int = Field(_LIMITS.max_file_bytes, ge=1)
    max_total_bytes: int = Field(_LIMITS.max_total_bytes, ge=1)
    max_entries: int = Field(_LIMITS.max_entries, ge=1)
    max_ratio: float = Field(_LIMITS.max_ratio, ge=1)
    max_path_bytes: int = Field(_LIMITS.max_path_bytes, ge=1)


class DetectionSettings(_Table):
    """How detectors look; `scancode` asks ScanCode (extra `scancode`) about licence texts that stay unanswered."""

    scancode: bool = False


class NearDuplicateSettings(_Table):
    """The near-duplicate stage; see docs/near-duplicates.md."""

    scope: Literal["language", "repository", "all", "off"] = "language"
    threshold: float = Field(0.7, gt=0, le=1)
    recall: float = Field(0.99, gt=0, lt=1)
    sketch: Literal["oph", "permutations"] = "oph"
    size: int = Field(256, ge=16, le=4096)
    seed: int = Field(1, ge=0, lt=2**63)

    def method(self) -> near.Method | None:
        """Return the method of the near-duplicate room, or None where the stage is off."""
        if self.scope == "off":
            return None
        return near.Method(
            threshold=self.threshold, recall=self.recall, sketch=self.sketch, size=self.size, seed=self.seed
        )


_Level = Literal["off", "low", "balanced", "high"]


class SecretSettings(_Table):
    """What is redacted and how; see `drystone.detect.secrets.ScanSettings`.

    `people` says what becomes of authors and committers in repositories.parquet: `hash` (SHA-256, so that rows still
    join and an author's opt-out still finds them), `drop`, or `keep`.
    """

    email: _Level = "balanced"
    ip_address: _Level = "balanced"
    phone: _Level = "balanced"
    credit_card: _Level = "balanced"
    iban: _Level = "balanced"
    private_key: _Level = "balanced"
    token: _Level = "balanced"  # noqa: S105 -- a level, not a secret
    password: _Level = "balanced"  # noqa: S105
    high_entropy: _Level = "balanced"
    name: _Level = "off"
    keep: tuple[str, ...] = ()
    replacement: Literal["placeholder", "surrogate"] = "placeholder"
    people: People = "hash"

    @property
    def scan(self) -> secrets_room.ScanSettings:
        """The settings of the secrets detector."""
        return secrets_room.ScanSettings(**self.model_dump(exclude={"people"}))

    @model_validator(mode="after")
    def _known(self) -> SecretSettings:
        try:
            _ = self.scan
        except SettingsError as error:
            raise ValueError(str(error)) from None
        return self


class SearchSettings(_Table):
    """That the release is indexed when it is built (docs/search.md); none of it changes the root hash."""

    index: bool = True
    symbols: Literal["keywords", "trees"] | None = None


class EngineSettings(_Table):
    """Where the work runs; none of it changes the result."""

    kind: Literal["native", "ray"] = "native"
    threads: int | None = Field(None, ge=1, le=4096)
    ray_address: str | None = None
    work: Path | None = None
    cache: Path | None = None


class Settings(_Table):
    """All settings of a build, with their defaults."""

    release: ReleaseSettings = ReleaseSettings()
    source: tuple[dict[str, Any], ...] = ()
    limits: LimitSettings = LimitSettings()
    languages: LanguagePolicy = LanguagePolicy()
    licenses: LicensePolicy = LicensePolicy()
    quality: QualityPolicy = QualityPolicy()
    detection: DetectionSettings = DetectionSettings()
    secrets: SecretSettings = SecretSettings()
    near_duplicates: NearDuplicateSettings = NearDuplicateSettings()
    search: SearchSettings = SearchSettings(index=False)
    engine: EngineSettings = EngineSettings()
    registry: str | None = None

    @property
    def secret_settings(self) -> secrets_room.ScanSettings:
        """The settings of the secrets detector."""
        return self.secrets.scan

    def configuration(self) -> dict[str, Any]:
        """Return what decides the content of a release, JSON-able, without names of this machine."""
        chosen = self.model_dump(mode="json", include={"limits", "languages", "licenses", "quality", "detection"})
        method = self.near_duplicates.method()
        chosen["near_duplicates"] = {"scope": self.near_duplicates.scope, **(method.describe() if method else {})}
        chosen["licenses"]["no_license"] = self.licenses.takes_unlicensed  # whoever chose it, the profile or the key
        chosen["secrets"] = {**self.secret_settings.as_dict(), "people": self.secrets.people}
        chosen["shard_bytes"] = self.release.shard_bytes
        return chosen


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
    lines = _Lines(path, text)
    problems: list[str] = []
    settings: Settings | None = None
    try:
        # By way of JSON: only there does a strict check take arrays for tuples and strings for paths.
        settings = Settings.model_validate_json(json.dumps(content, default=str), strict=True)
    except ValidationError as error:
        problems += [lines.problem(e["loc"], _message(e), e.get("input")) for e in error.errors()]
    sources: list[Source] = []
    tables = content.get("source", [])
    if tables == []:
        problems.append(lines.problem(("source",), "no sources; name at least one in a table [[source]]", None))
    for index, table in enumerate(tables if isinstance(tables, list) else []):
        if isinstance(table, dict):
            found = _source_problems(table, path.parent)
            problems += [lines.problem(("source", index, key), problem, None) for key, problem in found]
            if not found:
                sources.append(source_from_table(table, base=path.parent))
    if problems or settings is None:
        raise SettingsError(sorted(problems, key=_line_number))
    return _absolute(settings, path.parent), sources


def sources_from_arguments(
    arguments: tuple[str, ...], contents: str | None = None, agreement: str | None = None
) -> list[Source]:
    """Return the sources named on a command line. Raises `UsageError` naming each that cannot be understood."""
    found: list[Source] = []
    problems: list[str] = []
    for argument in arguments:
        try:
            found.append(parse_source(argument, contents=contents, agreement=agreement))
        except DrystoneError as error:
            problems.append(str(error))
    if problems:
        raise UsageError("\n".join(problems))
    return found


def _absolute(settings: Settings, base: Path) -> Settings:
    def resolve(path: Path | None) -> Path | None:
        return Path(os.path.normpath(base / path)) if path is not None else None

    release = settings.release.model_copy(update={"output": resolve(settings.release.output)})
    engine = settings.engine.model_copy(
        update={"work": resolve(settings.engine.work), "cache": resolve(settings.engine.cache)}
    )
    return settings.model_copy(update={"release": release, "engine": engine})


def _source_problems(table: Mapping[str, Any], base: Path) -> list[tuple[str, str]]:
    """Return what is wrong with a source's table: its keys and values, and a local path at which nothing lies."""
    problems = table_problems(table)
    if not problems and "path" in table and not (base / Path(table["path"]).expanduser()).exists():
        problems.append(("path", f"there is nothing at {base / Path(table['path']).expanduser()}"))
    if not problems:
        try:
            source_from_table(table, base=base)
        except DrystoneError as error:
            problems.append(("kind", str(error)))
    return problems


def _syntax(path: Path, text: str, message: str) -> str:
    """Return a syntax error in the form of the other problems; TOML's parser puts the place at the end."""
    what, _, where = message.partition(" (at ")
    line = re.match(r"line (\d+)", where)
    return f"{path}, line {line[1] if line else text.count(chr(10)) + 1}: not TOML: {what[0].lower() + what[1:]}"


#: Words of TOML where pydantic speaks of Python's types.
_TYPES = {"model_type": "a table", "dict_type": "a table", "tuple_type": "an array", "bool_type": "true or false",
          "int_type": "an integer", "int_from_float": "an integer",
          "float_type": "a number", "string_type": "a string", "path_type": "a string"}  # fmt: skip


def _message(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        near = get_close_matches(str(error["loc"][-1]), _known_keys(error["loc"][:-1]), n=1)
        return "unknown key" + (f"; did you mean {near[0]!r}?" if near else "")
    if error["type"] in _TYPES:
        return f"must be {_TYPES[error['type']]}"
    if error["type"] == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    return str(error["msg"]).replace("Input should", "must").replace("String should", "must")


def _known_keys(where: tuple[str | int, ...]) -> list[str]:
    model: Any = Settings
    for part in where:
        model = model.model_fields[part].annotation if part in getattr(model, "model_fields", {}) else None
    return list(getattr(model, "model_fields", {}))


def _line_number(problem: str) -> int:
    match = re.search(r", line (\d+)", problem)
    return int(match[1]) if match else 0


class _Lines:
    """Finds the line on which a key stands. TOML's parser does not tell, and problems need it."""

    _HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
    _KEY = re.compile(
        r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
    )

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._at: dict[tuple[str | int, ...], int] = {}
        table: tuple[str | int, ...] = ()
        counts: dict[str, int] = {}
        for number, line in enumerate(text.splitlines(), 1):
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

    def problem(self, where: tuple[str | int, ...], message: str, value: object) -> str:
        """Return one line: file, line, key, what is wrong, and the value where it is short."""
        place = where
        while place and place not in self._at:
            place = place[:-1]
        key = ".".join(str(part) for part in where)
        shown = f" (it is {value!r})" if isinstance(value, str | int | float) and "unknown key" not in message else ""
        return f"{self._path}, line {self._at.get(place, 1)}: {key}: {message}{shown}"
