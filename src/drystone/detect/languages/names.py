"""Languages that a file's name allows. Looks at the last part of the path only, never at content."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from drystone.detect.languages.tables import by_alias, by_extension, by_filename

#: Suffixes that say how a file is used, not what it is written in: the name without them counts.
_WRAPPINGS: Final = frozenset(
    {
        ".in", ".bak", ".backup", ".back", ".orig", ".original", ".old", ".save", ".saved", ".new", ".tmp", ".dist",
        ".sample", ".example", ".default", ".template", ".tmpl", ".skel", ".skeleton", ".disabled", ".off", ".rej",
        ".expected", ".actual", ".golden", ".ok", ".flow",
    }
)  # fmt: skip


#: Extensions that tools give a language and Linguist does not list (Pygments 2.21's file patterns, BSD-2-Clause).
_MORE: Final = {
    ".1p": "Roff Manpage", ".aplf": "APL", ".apln": "APL", ".docker": "Dockerfile", ".exheres-0": "Shell",
    ".exlib": "Shell", ".inf": "INI", ".jdn": "Janet", ".kki": "Koka", ".mxx": "C++", ".ndjson": "JSON", ".pom": "XML",
    ".pr": "Promela", ".prm": "Promela", ".prom": "Promela", ".py3tb": "Python traceback", ".rakudoc": "Raku",
    ".rakutest": "Raku", ".rvt": "Tcl", ".rx": "REXX", ".shell-session": "ShellSession", ".siv": "Sieve",
    ".vm": "Velocity Template Language",
}  # fmt: skip


#: Names that say what a file is whatever stands behind a dot or a hyphen: `Dockerfile.prod`, `Makefile-test`.
_FIRST_NAMES: Final = re.compile(
    r"(?P<name>Dockerfile|Containerfile|Vagrantfile|Jenkinsfile|Procfile|(?:GNU)?[Mm]akefile|Rakefile|Gemfile)[.-][\w.-]+"
)


@cache
def _compound() -> frozenset[str]:
    return frozenset(e for e in by_extension() if e.count(".") > 1)


def base_name(path: str) -> str:
    """Return what stands after the last slash."""
    return path.rpartition("/")[2]


def extension(name: str) -> str:
    """Return the lower-case extension with its dot, two-part where Linguist has it (`.html.erb`); "" where none.

    A leading dot alone starts no extension (`.bashrc`).
    """
    last = name.rfind(".")
    if last < 0:
        return ""
    if last > 0:
        previous = name.rfind(".", 0, last)
        if previous >= 0:
            lowered = name.lower()
            longer = lowered[previous:]
            if longer in _compound():
                return longer
            return lowered[last:]
    return name[last:].lower()


def by_name(name: str) -> tuple[tuple[str, ...], str]:
    """Return the languages that a file name allows, and the extension that allowed them ("" for a whole name)."""
    outer = None
    # Few files are wrapped twice, and none ten times.
    for _ in range(10):
        found, suffix = _directly(name)
        outer = suffix if outer is None else outer
        if found:
            return found, suffix
        if suffix not in _WRAPPINGS or len(name) == len(suffix):
            break
        name = name[: -len(suffix)]
    if (first := _FIRST_NAMES.fullmatch(name)) is not None:
        return by_filename().get(first["name"], ()), outer or ""
    return (), outer or ""


def _directly(name: str) -> tuple[tuple[str, ...], str]:
    found = by_filename().get(name)
    if found:
        return found, ""
    suffix = extension(name)
    found = by_extension().get(suffix)
    if found or not suffix:
        return found or (), suffix
    if suffix in _MORE:
        return (_MORE[suffix],), suffix
    # `page.html+django`: some tools name files by a language's alias.
    alias = by_alias().get(suffix[1:])
    if alias:
        return (alias,), suffix
    for part in reversed(suffix[1:].split("+")) if "+" in suffix else ():
        found = by_extension().get("." + part)
        if found:
            return found, "." + part
    return (), suffix
