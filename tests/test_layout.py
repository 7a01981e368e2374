"""Where tests lie: in the rooms they test, named after modules. `python tests/test_layout.py` lists what has none."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE, TESTS = ROOT / "src/drystone", ROOT / "tests"
#: Modules without a test file of their name. This number only ever falls.
WITHOUT = 99


def modules_without_tests() -> list[str]:
    """Return modules for which the tests of their room hold no `test_MODULE.py`, at whatever depth."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE)
        if path.name.startswith("__") or "versions" in name.parts[-2:-1]:
            continue
        room = TESTS / name.parts[0] if len(name.parts) > 1 else TESTS
        if not any(room.rglob(f"test_{path.stem.lstrip('_')}.py")):
            found.append(name.as_posix())
    return found


def test_modules_without_a_test_file_of_their_name_become_fewer() -> None:
    without = modules_without_tests()
    assert len(without) <= WITHOUT, "name a new module's tests after it: " + ", ".join(without)


def test_every_folder_of_tests_is_a_room() -> None:
    others = {"data", "end_to_end", "kernel", "oracles", "tools"}
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    folders = {path.name for path in TESTS.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= rooms | others


if __name__ == "__main__":
    missing = modules_without_tests()
    sys.stdout.write("\n".join([*missing, f"{len(missing)} modules without a test file of their name", ""]))
