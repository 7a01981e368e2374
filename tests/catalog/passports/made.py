"""Passports for tests, made in code."""

from __future__ import annotations

from typing import Any

from drystone.catalog.passports.passport import Passport
from drystone.catalog.passports.texts import sha256_of

TEXT = "The model reaches an F1 of 87.1 and has 65 million parameters. It is licensed under Apache-2.0.\n"


def reference(quote: str, text: str = TEXT) -> dict[str, Any]:
    return {"source": "card", "sha256": sha256_of(text), "quote": quote, "date": "2026-11-30"}


def claim(value: object, quote: str = "F1 of 87.1", **more: object) -> dict[str, Any]:
    return {"value": value, "basis": "declared", "evidence": [reference(quote)], **more}


def known(name: str, value: object, **more: object) -> dict[str, Any]:
    return {"name": name, "status": "known", "claims": [claim(value, **more)]}


def disputed(name: str, *values: object, unit: str | None = None) -> dict[str, Any]:
    claims = [claim(value, unit=unit) for value in values]
    return {"name": name, "status": "disputed", "claims": claims, "settled_by": "measuring it"}


def unknown(name: str) -> dict[str, Any]:
    return {"name": name, "status": "unknown", "settled_by": "asking the maintainer"}


def does(id: str, **more: object) -> dict[str, Any]:
    return {"id": id, "name": more.pop("name", id), "description": "It does.", "intents": ["do it"], **more}


def plain(name: str, *facts: dict[str, Any], kind: str = "reader", capabilities: Any = ()) -> dict[str, Any]:
    there = {fact["name"] for fact in facts}
    always = [unknown(one) for one in ("license", "maintainer", "price") if one not in there]
    return {
        "format": 1,
        "artifact": {"kind": kind, "name": name, "title": name.title(), "description": "An artifact."},
        "capabilities": list(capabilities),
        "facts": [*always, *facts],
    }


def passport(name: str, *facts: dict[str, Any], **more: Any) -> Passport:
    import json

    from drystone.catalog.passports.reading import read_passport

    return read_passport(json.dumps(plain(name, *facts, **more)).encode(), name)
