"""Pages that need no server: one comparison in one file, or a whole catalog in a folder with relative links."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Final
from urllib.parse import quote

from drystone._words import many
from drystone.catalog.comparing.badge import badge
from drystone.catalog.comparing.compare import compare_passports
from drystone.catalog.comparing.shapes import Comparison
from drystone.catalog.passports.passport import Passport
from drystone.catalog.passports.reading import json_of
from drystone.catalog.passports.texts import FoundQuote
from drystone.catalog.passports.vocabulary import fact_kind
from drystone.errors import UsageError
from drystone.release.files import write_whole
from drystone.release.layout import shown
from drystone.web.drawing.environment import environment, style

_NAME: Final = "Drystone"
#: Artifacts of a catalog that is exported: each pair has a page, so that pages grow with the square.
_MOST: Final = 200


def comparison_page(found: Comparison) -> str:
    """Return a comparison as one HTML file, with its style and all evidence."""
    return _drawing(lambda *_: "")("compare.html", style=style(), found=found, failed=None)


def write_catalog(folder: Path, catalog: Sequence[tuple[Passport, list[FoundQuote]]]) -> list[str]:
    """Write a catalog's pages into a new folder and return their names: index.html, a page and a passport (JSON) of
    each artifact, a page and a badge of each pair.

    `catalog`: passports with what was found of their quotes. Memory holds one page at a time. Raises `UsageError` where
    the folder is there and holds something, or there are too many artifacts.
    """
    if len(catalog) > _MOST:
        raise UsageError(
            f"{many(len(catalog), 'artifact')} give too many pages of pairs; {_MOST} are exported at most."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{shown(str(folder))} is there already; name a new folder.")
    draw = _drawing(_address)
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for file, text in _pages(catalog, draw):
        write_whole(folder / file, text.encode())
        names.append(file)
    return names


def _pages(catalog: Sequence[tuple[Passport, list[FoundQuote]]], draw: Callable[..., str]) -> Iterator[tuple[str, str]]:
    passports = [passport for passport, _ in catalog]
    yield "style.css", style()
    yield "index.html", draw("catalog.html", passports=passports)
    for passport, quotes in catalog:
        name = passport.artifact.name
        states = {(one.reference.sha256, one.reference.quote): one.state for one in quotes}
        others = [other.artifact for other in passports if other.artifact.name != name]
        yield _file(name), draw("artifact.html", passport=passport, states=states, kind=fact_kind, others=others)
        yield f"{name}.json", json_of(passport).decode()
    for one, other in combinations(sorted(passports, key=lambda passport: passport.artifact.name), 2):
        found = compare_passports([one, other])
        pair = _pair(one.artifact.name, other.artifact.name)
        yield f"{pair}.html", draw("compare.html", found=found, failed=None)
        yield f"{pair}.svg", badge(found)


def _drawing(link: Callable[..., str]) -> Callable[..., str]:
    """Return what draws a template with values; each template is compiled once."""
    env = environment()
    env.globals.update(name=_NAME, frame="static.html", static=True, style=None, link=link)
    return lambda template, **values: env.get_template(template).render(**values)


def _address(*parts: str, **_: object) -> str:
    """Return the file that stands for an address of the server, as a relative link."""
    if parts[0] == "compare":
        return quote(f"{_pair(*parts[1:])}.html")
    assert parts[0] == "catalog", f"{parts[0]} has no page without a server"
    return quote(_file(parts[1]) if len(parts) > 1 else "index.html")


def _pair(one: str, other: str) -> str:
    return "--vs--".join(sorted((one, other)))


def _file(name: str) -> str:
    return "index-.html" if name == "index" else f"{name}.html"
