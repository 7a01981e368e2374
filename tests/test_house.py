"""The shape of the house: no crowded room, no circle of files, no long function, few names twice, few loose dicts.

`python tests/test_house.py` prints the figures and what exceeds them.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import grimp

SOURCE = Path(__file__).parents[1] / "src/drystone"
#: Modules beside each other in one folder.
CROWD = 15
#: Lines of a function.
LONG = 60
#: Public names that classes of two or more modules bear.
TWICE = 8
#: `dict[str, Any]` stands where the keys are not known: free JSON.
LOOSE = 120


@cache
def modules() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text("utf-8")) for path in sorted(SOURCE.rglob("*.py"))}


def crowded_rooms() -> dict[str, int]:
    """Folders by the number of their modules, `__init__` not counted."""
    rooms: dict[str, int] = defaultdict(int)
    for path in modules():
        rooms[path.parent.relative_to(SOURCE).as_posix()] += path.name != "__init__.py"
    return {room: count for room, count in rooms.items() if count > CROWD}


def long_functions() -> list[str]:
    return [
        f"{path.relative_to(SOURCE)}:{node.name} ({node.end_lineno - node.lineno + 1})"
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno > LONG
    ]


def names_of_two_classes() -> dict[str, list[str]]:
    homes: dict[str, list[str]] = defaultdict(list)
    for path, tree in modules().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(path.relative_to(SOURCE).as_posix())
    return {name: where for name, where in homes.items() if len(where) > 1}


def loose_dicts() -> int:
    return sum(path.read_text("utf-8").count("dict[str, Any]") for path in modules())


def circles(arrows: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Yield the sets of modules that can reach each other."""
    reach = {start: _reached(arrows, start) for start in arrows}
    done: set[str] = set()
    for start in sorted(arrows):
        together = {other for other in reach[start] if start in reach.get(other, ())}
        if together and start not in done:
            done |= together
            yield sorted(together)


def _reached(arrows: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        for other in arrows.get(todo.pop(), ()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def imports() -> dict[str, set[str]]:
    """Which modules import which; what is imported for types alone is no arrow."""
    graph = grimp.build_graph("drystone", exclude_type_checking_imports=True, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def test_no_room_is_crowded() -> None:
    assert crowded_rooms() == {}


def test_no_files_import_each_other_in_a_circle() -> None:
    assert list(circles(imports())) == []


def test_circles_are_found() -> None:
    arrows = {"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": {"e"}, "e": set(), "f": {"f"}}
    assert list(circles(arrows)) == [["a", "b", "c"], ["f"]]


def test_no_function_is_long() -> None:
    assert long_functions() == []


def test_few_names_stand_for_two_classes() -> None:
    twice = names_of_two_classes()
    assert len(twice) <= TWICE, twice


def test_few_dicts_are_loose() -> None:
    assert loose_dicts() <= LOOSE


if __name__ == "__main__":
    sys.stdout.write(f"crowded rooms (over {CROWD}): {crowded_rooms()}\n")
    sys.stdout.write(f"circles: {list(circles(imports()))}\n")
    sys.stdout.write(f"functions over {LONG} lines: {long_functions()}\n")
    sys.stdout.write(f"class names twice (at most {TWICE}): {names_of_two_classes()}\n")
    sys.stdout.write(f"dict[str, Any] (at most {LOOSE}): {loose_dicts()}\n")
