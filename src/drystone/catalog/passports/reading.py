"""Passports from JSON and to JSON: bounded, and every fault is named by its field."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from drystone.catalog.passports.passport import FORMAT, Passport
from drystone.errors import UsageError
from drystone.release.files import read_bounded
from drystone.release.layout import shown

#: Bytes of a passport, and how deep its lists and objects lie in each other (its own form needs eight).
LARGEST: Final = 8 * 1024**2
_DEEPEST: Final = 20
#: Faults that are named before the rest is counted only.
_NAMED: Final = 20


def file_problems(path: Path) -> list[str]:
    """Return what is wrong with a passport's file, each fault with its field; none where it is right."""
    try:
        load_passport(path)
    except UsageError as error:
        return str(error).split("\n")
    return []


def read_passport(data: bytes, name: str) -> Passport:
    """Return the passport in JSON. Raises `UsageError`, which names `name` and each field at fault."""
    try:
        return _parse(data)
    except UsageError as error:
        lines = str(error).split("\n")
        raise UsageError("\n".join(f"{shown(name)}: {line}" for line in lines)) from None


def load_passport(path: Path) -> Passport:
    """Return the passport in a file. Raises `UsageError`."""
    return read_passport(read_bounded(path, LARGEST), str(path))


def json_of(passport: Passport) -> bytes:
    """Return a passport as JSON for people and programs: UTF-8, indented, with what was set only."""
    plain = passport.model_dump(mode="json", exclude_defaults=True)
    return json.dumps({"format": FORMAT, **plain}, ensure_ascii=False, indent=2).encode() + b"\n"


def _parse(data: bytes) -> Passport:
    if len(data) > LARGEST:
        raise UsageError(f"is larger than {LARGEST:,} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"is not UTF-8 (byte {error.start})") from None
    if _depth(text) > _DEEPEST:
        raise UsageError(f"lies more than {_DEEPEST} deep")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise UsageError("is no JSON object")
    given = found.get("format")
    if given != FORMAT or isinstance(given, bool):
        raise UsageError(f"format: is {shown(json.dumps(given))[:40]}; this program reads {FORMAT}")
    try:
        return Passport.model_validate(found)
    except ValidationError as error:
        raise UsageError("\n".join(problems_of(error))) from None


def _depth(text: str) -> int:
    """Return how deep brackets lie in each other; those inside strings count too, which only makes it stricter."""
    deepest = depth = 0
    for sign in text:
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest


def problems_of(error: ValidationError) -> Iterable[str]:
    """Yield each fault with its field."""
    faults = error.errors(include_url=False, include_input=False)
    for fault in faults[:_NAMED]:
        where = ".".join(shown(str(part))[:100] for part in fault["loc"] if part not in _UNION)
        said = fault["msg"].removeprefix("Value error, ")
        yield f"{where}: {said}" if where else said
    if len(faults) > _NAMED:
        yield f"and {len(faults) - _NAMED:,} more"


#: Names that pydantic gives to the choices of a value.
_UNION: Final = frozenset({"str", "bool", "int", "float", "tuple[constrained-str, ...]"})
