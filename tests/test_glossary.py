"""One word, one meaning: the rooms that own the words of docs/glossary.md, and class names that take them elsewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/drystone"


def glossary() -> dict[str, tuple[str, str]]:
    """Return the owner and the meaning of each word."""
    lines = (ROOT / "docs/glossary.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    assert all(len(row) == 3 for row in rows)
    return {word: (room, meaning) for word, room, meaning in rows[1:]}


def classes() -> list[tuple[str, str]]:
    """Return room and name of each public class."""
    return [
        (path.relative_to(SOURCE).parts[0], node.name)
        for path in sorted(SOURCE.rglob("*.py"))
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]


def test_each_word_is_there_once_in_order_with_a_room_and_a_sentence() -> None:
    text = (ROOT / "docs/glossary.md").read_text()
    words = re.findall(r"^\| ([\w -]+?) \| \w+ \|", text, re.M)[1:]
    assert words == sorted(set(words), key=str.lower)
    for word, (room, meaning) in glossary().items():
        assert (SOURCE / room).is_dir(), f"{word}: {room} is no room"
        assert meaning[0].isupper(), word
        assert meaning.endswith((".", ").")), word


def test_no_room_names_a_class_after_another_rooms_word() -> None:
    owners = {word.replace(" ", "").lower(): room for word, (room, _) in glossary().items()}
    taken = [f"{room}: {name}" for room, name in classes() if owners.get(name.lower(), room) != room]
    assert taken == []
