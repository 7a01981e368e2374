"""Passports from JSON and to JSON: bounded, and every fault is named by its field.

A file may hold the texts that its passport quotes, in a list `texts` beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from drystone.catalog.passports.passport import FORMAT, LINE, PROSE, Passport
from drystone.catalog.passports.texts import find_quotes, kept_by_hash
from drystone.errors import UsageError
from drystone.release.files import read_bounded, read_bounded_text
from drystone.release.layout import shown

#: Bytes of a passport, and how deep its lists and objects lie in each other (its own form needs eight).
LARGEST: Final = 8 * 1024**2
_DEEPEST: Final = 20
#: Texts that a file may hold beside its passport.
_TEXTS: Final = 200
#: A string of JSON; one that nothing ends goes to the end, so that each sign is looked at once.
_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
#: Faults that are named before the rest is counted only.
_NAMED: Final = 20


def file_problems(path: Path, kept: Mapping[str, str]) -> list[str]:
    """Return what is wrong with a passport's file, each fault with its field; none where it is right.

    A quote is looked for where its text is in the file or `kept` (by SHA-256).
    """
    try:
        passport, texts = load_with_texts(path)
    except UsageError as error:
        return str(error).split("\n")
    wrong = [one for one in find_quotes(passport, {**kept, **texts}) if one.state in {"not there", "changed"}]
    return [f"{shown(str(path))}: {one.said}" for one in wrong]


def read_passport(data: bytes, name: str) -> Passport:
    """Return the passport in JSON. Raises `UsageError`, which names `name` and each field at fault."""
    return read_with_texts(data, name)[0]


def read_with_texts(data: bytes, name: str) -> tuple[Passport, Mapping[str, str]]:
    """Return the passport in JSON, and the texts that came with it by their SHA-256. Raises as `read_passport`."""
    try:
        return _parse(data)
    except UsageError as error:
        lines = str(error).split("\n")
        raise UsageError("\n".join(f"{shown(name)}: {line}" for line in lines)) from None


def load_passport(path: Path) -> Passport:
    """Return the passport in a file. Raises `UsageError`."""
    return load_with_texts(path)[0]


def load_with_texts(path: Path) -> tuple[Passport, Mapping[str, str]]:
    """Return the passport in a file, and the texts that came with it by their SHA-256. Raises `UsageError`."""
    return read_with_texts(read_bounded(path, LARGEST), str(path))


def load_object(path: Path, largest: int) -> dict[str, Any]:
    """Return what JSON beside an artifact records, of at most `largest` bytes. Raises `UsageError` for no object."""
    try:
        found = json.loads(read_bounded_text(path, largest))
    except (ValueError, RecursionError):
        raise UsageError(f"{shown(str(path))} is not JSON") from None
    if not isinstance(found, dict):
        raise UsageError(f"{shown(str(path))} is no JSON object")
    return found


def json_of(passport: Passport, texts: Iterable[str] = ()) -> bytes:
    """Return a passport as JSON for people and programs: UTF-8, indented, with what was set only.

    `texts` that it quotes come with it, so that each quote can be found again in the file alone.
    """
    plain = passport.model_dump(mode="json", exclude_defaults=True)
    beside = {"texts": list(texts)} if texts else {}
    return json.dumps({"format": FORMAT, **plain, **beside}, ensure_ascii=False, indent=2).encode() + b"\n"


def schema() -> str:
    """Return the JSON Schema (draft 2020-12) of a passport's file, as JSON."""
    found = Passport.model_json_schema()
    found["properties"]["texts"] = {"type": "array", "maxItems": _TEXTS, "items": {"type": "string"}}
    found["required"].insert(0, "format")
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **found}, indent=2) + "\n"


def _parse(data: bytes) -> tuple[Passport, Mapping[str, str]]:
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
    texts = found.pop("texts", [])
    if not isinstance(texts, list) or len(texts) > _TEXTS or not all(isinstance(text, str) for text in texts):
        raise UsageError(f"texts: is no list of at most {_TEXTS} texts")
    for at, one in enumerate(texts):
        if _SURROGATE.search(one):
            raise UsageError(f"texts.{at}: holds half a character, which no text has")
    try:
        return Passport.model_validate(found), kept_by_hash(texts)
    except ValidationError as error:
        raise UsageError("\n".join(problems_of(error))) from None


def _depth(text: str) -> int:
    """Return how deep brackets lie in each other outside strings, which may quote any."""
    deepest = depth = 0
    for sign in _STRING.sub("", text):
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
        said = _said(fault)
        yield f"{where}: {said}" if where else said
    if len(faults) > _NAMED:
        yield f"and {len(faults) - _NAMED:,} more"


def _said(fault: ErrorDetails) -> str:
    """Say a fault without the names that Python has for types."""
    if fault["type"] == "tuple_type":
        return "should be a list"
    if fault["type"] == "too_long" and "field_type" in fault["ctx"]:
        return f"should have at most {fault['ctx']['max_length']:,} items, not {fault['ctx']['actual_length']:,}"
    if fault["type"] == "string_pattern_mismatch" and fault["ctx"]["pattern"] in _SIGNS:
        return f"holds {_SIGNS[fault['ctx']['pattern']]}"
    return fault["msg"].removeprefix("Value error, ")


#: Patterns of texts, and what a text holds that does not match.
_SIGNS: Final = {LINE: "a line end or another control character", PROSE: "a control character"}
#: Names that pydantic gives to the choices of a value.
_UNION: Final = frozenset({"constrained-str", "bool", "int", "float", "tuple[constrained-str, ...]"})
