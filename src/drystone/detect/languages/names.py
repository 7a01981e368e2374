"""Languages that a file's name allows. Looks at the last part of the path only, never at content."""

from __future__ import annotations

from functools import cache
from typing import Final

from drystone.detect.languages.tables import by_alias, by_extension, by_filename

#: Suffixes that say how a file is used, not what it is written in: the name without them counts.
_WRAPPINGS: Final = frozenset(
    ".in .am .ac .bak .backup .back .orig .original .old .save .saved .new .tmp .dist .sample .example .default "
    ".template .tmpl .tpl .skel .skeleton .j2 .erb .ejs .mustache .disabled .off .swp .rej .cached .expected "
    ".out .actual .golden .snap .ok".split()
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
    found = by_filename().get(name)
    if found:
        return found, ""
    suffix = extension(name)
    if not suffix:
        return (), ""
    found = by_extension().get(suffix)
    if found:
        return found, suffix
    # `page.html+django`: some tools name files by a language's alias.
    alias = by_alias().get(suffix[1:])
    if alias:
        return (alias,), suffix
    if "+" in suffix:
        parts = suffix[1:].split("+")
        for part in reversed(parts):
            found = by_extension().get("." + part)
            if found:
                return found, "." + part
    if suffix in _WRAPPINGS and len(name) > len(suffix):
        return by_name(name[: -len(suffix)])
    return (), suffix
