"""YAML and JSON with where each part stands in the text, so that a fact can quote it. Builds no objects of theirs."""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Final, NamedTuple

import yaml

from drystone.errors import UsageError

#: How deep lists and objects lie in each other at most.
_DEEPEST: Final = 40
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_PLAIN: Final = re.compile(r"[-+.0-9A-Za-z]+")


class DocumentPart(NamedTuple):
    """A text, list or object of a document, and where it stands: characters from and to, from its key where it has one.

    `value` of a number is as it is written, of true, false and null too; null is empty.
    """

    value: str | list[DocumentPart] | dict[str, DocumentPart]
    start: int
    end: int


class Structured:
    """A document read by paths of keys and numbers. What is not there, or of another kind, is empty."""

    def __init__(self, text: str, root: DocumentPart) -> None:
        self._text, self._root = text, root

    def part(self, *path: str | int) -> DocumentPart | None:
        """Return the part at a path; None where there is none."""
        found: DocumentPart | None = self._root
        for key in path:
            value = None if found is None else found.value
            if isinstance(key, int) and isinstance(value, list) and key < len(value):
                found = value[key]
            elif isinstance(key, str) and isinstance(value, dict):
                found = value.get(key)
            else:
                return None
        return found

    def length(self, *path: str | int) -> int:
        """Return how many entries the list at a path has."""
        found = self.part(*path)
        return len(found.value) if found is not None and isinstance(found.value, list) else 0

    def keys(self, *path: str | int) -> list[str]:
        """Return the keys of the object at a path."""
        found = self.part(*path)
        return list(found.value) if found is not None and isinstance(found.value, dict) else []

    def text(self, *path: str | int) -> str:
        """Return the text at a path."""
        found = self.part(*path)
        return found.value if found is not None and isinstance(found.value, str) else ""

    def number(self, *path: str | int) -> float | None:
        """Return the number at a path."""
        try:
            value = float(self.text(*path))
        except ValueError:
            return None
        return value if abs(value) < 1e12 else None

    def all(self, *path: str | int) -> list[str]:
        """Return the texts of the list at a path, or the one text."""
        one = self.text(*path)
        return [one] if one else [text for at in range(self.length(*path)) if (text := self.text(*path, at))]

    def quote(self, *path: str | int) -> str:
        """Return the part at a path as it stands in the document, with its key."""
        found = self.part(*path)
        assert found is not None
        return self._text[found.start : found.end].rstrip()


def from_yaml(text: str, source: str, start: int = 0, end: int | None = None) -> Structured:
    """Read the YAML that stands in `text` from `start` to `end`. Raises `UsageError`; aliases are not read."""
    yaml_text = text[start:end]
    try:
        _check_events(yaml_text, source)
        node = yaml.compose(yaml_text, Loader=yaml.SafeLoader)
        root = DocumentPart("", start, start) if node is None else _of_yaml(node, start, node.start_mark.index, 0)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        said = " ".join(str(error).split())[:300]
        raise UsageError(f"{source} is no YAML: {said}") from None
    return Structured(text, root)


def _check_events(text: str, source: str) -> None:
    """Refuse aliases and depth while they are read: composing takes time that grows with the square of the depth."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise UsageError(f"{source}: YAML with aliases is not read")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise ValueError(f"lies more than {_DEEPEST} deep")


def _of_yaml(node: yaml.Node, offset: int, begins: int, depth: int) -> DocumentPart:
    """Return a node as a part; `begins` is where its key begins."""
    if depth > _DEEPEST:
        raise ValueError(f"lies more than {_DEEPEST} deep")
    value: str | list[DocumentPart] | dict[str, DocumentPart] = ""
    if isinstance(node, yaml.SequenceNode):
        value = [_of_yaml(one, offset, one.start_mark.index, depth + 1) for one in node.value]
    elif isinstance(node, yaml.MappingNode):
        value = {str(key.value): _of_yaml(one, offset, key.start_mark.index, depth + 1) for key, one in node.value}
    elif node.tag != "tag:yaml.org,2002:null":
        value = str(node.value)
    return DocumentPart(value, offset + begins, offset + node.end_mark.index)


def from_json(text: str, source: str) -> Structured:
    """Read JSON. Raises `UsageError` where it is none, or lies too deep."""
    try:
        root, end = _of_json(text, _skip(text, 0), None, 0)
        if _skip(text, end) < len(text):
            raise ValueError(f"more follows after its end (character {end})")
    except (ValueError, IndexError, RecursionError) as error:
        said = str(error) or "it ends too early"
        raise UsageError(f"{source} is not JSON: {said}") from None
    return Structured(text, root)


def top_keys(text: str) -> set[str]:
    """Return the keys of a JSON object; none where it is no object, or no JSON."""
    try:
        return set(from_json(text, "").keys())
    except UsageError:
        return set()


def _of_json(text: str, at: int, begins: int | None, depth: int) -> tuple[DocumentPart, int]:
    """Return the value at a place, and where it ends; `begins` is where its key begins."""
    if depth > _DEEPEST:
        raise ValueError(f"lies more than {_DEEPEST} deep")
    start = at if begins is None else begins
    sign = text[at]
    if sign == '"':
        value, end = scanstring(text, at + 1, True)
        return DocumentPart(value, start, end), end
    if sign in "{[":
        return _of_container(text, at, start, depth)
    found = _PLAIN.match(text, at)
    if found is None:
        raise ValueError(f"no value at character {at}")
    plain = json.loads(found.group())  # a number, true, false or null
    return DocumentPart("" if plain is None else found.group(), start, found.end()), found.end()


def _of_container(text: str, at: int, start: int, depth: int) -> tuple[DocumentPart, int]:
    closing = "}" if text[at] == "{" else "]"
    items: list[DocumentPart] = []
    members: dict[str, DocumentPart] = {}
    at = _skip(text, at + 1)
    while text[at] != closing:
        if items or members:
            if text[at] != ",":
                raise ValueError(f"a comma is missing at character {at}")
            at = _skip(text, at + 1)
        if closing == "]":
            item, at = _of_json(text, at, None, depth + 1)
            items.append(item)
        else:
            begins = at
            if text[at] != '"':
                raise ValueError(f"a name is missing at character {at}")
            key, at = scanstring(text, at + 1, True)
            at = _skip(text, at)
            if text[at] != ":":
                raise ValueError(f"a colon is missing at character {at}")
            members[key], at = _of_json(text, _skip(text, at + 1), begins, depth + 1)
        at = _skip(text, at)
    return DocumentPart(members if closing == "}" else items, start, at + 1), at + 1


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()
