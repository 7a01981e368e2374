"""What a repository's .gitattributes files say of its files' languages. Knows nothing of how files are found.

Git's rules for patterns (gitattributes(5), gitignore(5)) and GitHub Linguist's attributes (docs/overrides.md upstream):
the last line that fits decides, and files in deeper folders go before those above them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
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
        if not line or line[0] in "#[":
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
def _matcher(pattern: str) -> Any:
    """Return a pattern as a regular expression over paths relative to its file; None where it is none."""
    body = pattern.strip("/")
    anywhere = "/" not in pattern.rstrip("/") or not body
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
        elif body[at] == "[" and (end := body.find("]", at + 2)) > 0:
            inner = body[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            made.append("[" + ("^" + inner[1:] if inner[0] in "!^" else inner) + "]")
            at = end + 1
        else:
            at += body[at] == "\\" and at + 1 < len(body)
            made.append(re2.escape(body[at]))
            at += 1
    try:
        return re2.compile(("(?:.*/)?" if anywhere else "") + "".join(made))
    except re2.error:
        return None


class AttributeTree:
    """All .gitattributes files of a repository: folder ("" is the root) -> its rules."""

    def __init__(self, files: Mapping[str, list[tuple[str, dict[str, Any]]]]) -> None:
        self._files = files

    def of(self, path: str) -> LanguageAttributes | None:
        """Return what is said of a file (no leading slash); None where nothing is. Linear in rules and path."""
        fields: dict[str, Any] = {}
        folders = path.split("/")[:-1]
        for depth in range(len(folders) + 1):
            folder = "/".join(folders[:depth])
            below = path[len(folder) + 1 :] if folder else path
            for pattern, said in self._files.get(folder, ()):
                matcher = _matcher(pattern)
                if matcher is not None and matcher.fullmatch(below):
                    fields.update(said)
        found = LanguageAttributes(**fields)
        return found if any(value is not None for value in found) else None
