"""What a repository's .gitattributes files say of its files' languages. Knows nothing of how files are found.

Git's rules for patterns (gitattributes(5), gitignore(5)) and GitHub Linguist's attributes (docs/overrides.md upstream):
the last line that fits decides, and files in deeper folders go before those above them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import re2

from drystone.detect.languages.tables import by_alias

#: Lines of one file that are read, and bytes of one pattern: real ones have dozens.
_MOST_LINES: Final = 500
_LONGEST_PATTERN: Final = 500
#: The attributes that are read, by the field that they set.
_FLAGS: Final = {
    "linguist-vendored": "vendored",
    "linguist-generated": "generated",
    "linguist-documentation": "documentation",
}
#: What makes a pattern more than the text of a path.
_SPECIAL: Final = re.compile(r"[*?\[\\]")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t]+(.*)')


class LanguageAttributes(NamedTuple):
    """What attributes say of one file; None where they say nothing."""

    language: str | None = None
    vendored: bool | None = None
    generated: bool | None = None
    documentation: bool | None = None

    def to_json(self) -> str:
        """Return the fields that say something as a JSON object."""
        return json.dumps({name: value for name, value in self._asdict().items() if value is not None})

    @classmethod
    def from_json(cls, text: str) -> LanguageAttributes:
        """Return what `to_json` wrote."""
        return cls(**json.loads(text))


def read_attributes(text: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Return pattern and fields of each line of a .gitattributes file that is about languages, in order.

    A language that nobody knows, and what is no valid line, is left out.
    """
    rules = []
    for line in text.decode("utf-8", "replace").splitlines()[:_MOST_LINES]:
        line = line.strip()  # noqa: PLW2901
        if not line or line.startswith(("#", "[attr]")):
            continue
        quoted = _QUOTED.match(line)
        pattern, _, rest = (quoted[1], "", quoted[2]) if quoted else line.replace("\t", " ").partition(" ")
        fields = _fields(rest.split())
        if fields and len(pattern) <= _LONGEST_PATTERN and not pattern.startswith("!"):
            rules.append((pattern, fields))
    return rules


def _fields(attributes: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for attribute in attributes:
        name, equals, value = attribute.partition("=")
        bare = name.lstrip("-!")
        if bare in _FLAGS:
            fields[_FLAGS[bare]] = None if name[0] == "!" else name[0] != "-" and value.lower() not in ("false", "0")
        elif bare == "linguist-language":
            language = by_alias().get(value.lower()) if equals else None
            if language or name[0] in "-!":
                fields["language"] = language
    return fields


@lru_cache(maxsize=4096)
def _matcher(pattern: str) -> Callable[[str], object] | None:
    """Return what tells whether a pattern fits a path relative to its file; None where it is no pattern.

    Most are `*.ending`, `folder/**` or a name, for which no expression is needed.
    """
    body = pattern.strip("/")
    anywhere = "/" not in pattern.rstrip("/") or not body
    if body and not _SPECIAL.search(body):
        below = "/" + body
        return (lambda path: path == body or path.endswith(below)) if anywhere else (lambda path: path == body)
    if anywhere and body[:1] == "*" and body[1:] and not _SPECIAL.search(body, 1):
        return lambda path: path.endswith(body[1:])
    if not anywhere and body.endswith("/**") and not _SPECIAL.search(body[:-2]):
        return lambda path: path.startswith(body[:-2])
    made = []
    at = 0
    while at < len(body):
        if body.startswith("**/", at) and (at == 0 or body[at - 1] == "/"):
            made.append("(?:[^/]+/)*")
            at += 3
        elif body.startswith("**", at) and at + 2 == len(body):
            made.append(".*")
            at += 2
        elif body[at] == "*":
            made.append("[^/]*")
            at += 1
        elif body[at] == "?":
            made.append("[^/]")
            at += 1
        elif body[at] == "[" and (end := _class_end(body, at)) > 0:
            made.append(_class(body[at + 1 : end]))
            at = end + 1
        else:
            at += body[at] == "\\" and at + 1 < len(body)
            made.append(re2.escape(body[at]))
            at += 1
    try:
        return re2.compile("(?s)" + ("(?:.*/)?" if anywhere else "") + "".join(made)).fullmatch  # type: ignore[no-any-return]
    except re2.error:
        return None


def _class_end(body: str, at: int) -> int:
    """Return where a class that begins at `at` ends, -1 where it does not; a bracket that comes first is one of it."""
    return body.find("]", at + (3 if body[at + 1 : at + 2] in ("!", "^") else 2))


def _class(inner: str) -> str:
    """Return a class of characters as an expression; none of them is a slash where it is negated."""
    negated = inner[0] in "!^"
    inner = inner[negated:].replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    inner = "\\-" + inner[1:] if inner[0] == "-" else inner
    return f"[^/{inner}]" if negated else f"[{inner}]"


class AttributeTree:
    """All .gitattributes files of a repository: folder ("" is the root) -> its rules."""

    def __init__(self, files: Mapping[str, list[tuple[str, dict[str, Any]]]]) -> None:
        self._files = {
            folder: [(fits, said) for pattern, said in rules if (fits := _matcher(pattern)) is not None]
            for folder, rules in files.items()
        }
        self._folders: dict[str, list[tuple[int, list[tuple[Callable[[str], object], dict[str, Any]]]]]] = {}

    def of(self, path: str) -> LanguageAttributes | None:
        """Return what is said of a file (no leading slash); None where nothing is. Linear in rules and path."""
        folder = path.rpartition("/")[0]
        above = self._folders.get(folder)
        if above is None:
            above = self._folders[folder] = self._above(folder)
        fields: dict[str, Any] = {}
        for length, rules in above:
            below = path[length:]
            for fits, said in rules:
                if fits(below):
                    fields.update(said)
        if not fields:
            return None
        found = LanguageAttributes(**fields)
        return found if any(value is not None for value in found) else None

    def _above(self, folder: str) -> list[tuple[int, list[tuple[Callable[[str], object], dict[str, Any]]]]]:
        """Return the rules of a folder and those above it, the root's first, with the length of what stands before."""
        parts = folder.split("/") if folder else []
        folders = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
        return [(len(name) + 1 if name else 0, self._files[name]) for name in folders if self._files.get(name)]
