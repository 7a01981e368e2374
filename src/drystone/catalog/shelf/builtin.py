"""The passports that come with the program, each made from sources that it names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from drystone.catalog.passports.passport import Passport
from drystone.catalog.passports.reading import read_passport
from drystone.catalog.passports.texts import kept_by_hash


@cache
def builtin_passports() -> Mapping[str, Passport]:
    """Return them by name."""
    found = {}
    for file in sorted(files("drystone.catalog.shelf").joinpath("examples").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".json"):
            passport = read_passport(file.read_bytes(), file.name)
            found[passport.artifact.name] = passport
    return found


@cache
def builtin_texts() -> Mapping[str, str]:
    """Return the texts that they quote, by SHA-256."""
    folder = files("drystone.catalog.shelf").joinpath("examples").joinpath("texts")
    return kept_by_hash(file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".txt"))
