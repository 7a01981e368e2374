"""A newcomer's first hour, counted: recipes that run as printed, wrong settings refused with the right hint, and what
`benchmarks.releases` counts of formats, NOTICE and detectors. `python -m benchmarks.first_hour` prints the table.

`--only recipes`, `settings` or `releases` counts one part. Exits with 1 where a figure is below what it must be.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.recipes import run_recipes
from drystone.building.settings import load_settings
from drystone.errors import SettingsError

WRONG: Final = Path(__file__).with_name("first_hour_settings.jsonl")


@dataclass(frozen=True)
class Figure:
    """One row of the table: what is counted, the count, what it must be, and whether it is; what failed, by name."""

    name: str
    found: str
    wanted: str
    holds: bool
    failed: tuple[str, ...] = ()


def recipes() -> Iterator[Figure]:
    """Count the recipes of docs/recipes.md that do what the page says."""
    with tempfile.TemporaryDirectory() as home:
        started = time.perf_counter()
        ran = run_recipes(Path(home))
        seconds = time.perf_counter() - started
    failed = tuple(f"{each.name}: {each.problem}" for each in ran if each.problem)
    found = f"{len(ran) - len(failed)} of {len(ran)} in {seconds:.0f} s"
    yield Figure("recipes that run as printed", found, "20 of 20", not failed and len(ran) == 20, failed)


def settings() -> Iterator[Figure]:
    """Count the wrong settings that are refused once, with the right line and hint."""
    wrong = [json.loads(line) for line in WRONG.read_text("utf-8").splitlines()]
    failed = []
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "walls").mkdir()
        for each in wrong:
            said = _said(Path(home) / "build.toml", each["text"])
            if len(said) != 1 or f", line {each['line']}: " not in said[0] or each["hint"] not in said[0]:
                failed.append(f"{each['text']!r} says {said}")
    good = len(wrong) - len(failed)
    name = "wrong settings refused with the right line and hint"
    yield Figure(name, f"{good} of {len(wrong)}", "58 of 60", good >= 58 and len(wrong) == 60, tuple(failed))


def _said(file: Path, text: str) -> list[str]:
    file.write_text(text, "utf-8")
    try:
        load_settings(file)
    except SettingsError as error:
        return error.problems
    return []


def releases() -> Iterator[Figure]:
    """Count kept formats that verify and read, texts of NOTICE that nothing kept rests on, and files of a detector."""
    from benchmarks.releases import files_for_a_detector, older_formats, unnamed_texts

    older = older_formats()
    yield Figure(
        "releases of kept formats that verify and read", f"{older.good} of {older.all}", "all",
        older.good == older.all > 0, older.wrong,
    )  # fmt: skip
    texts = unnamed_texts()
    unnamed = sum(each.unnamed for each in texts)
    yield Figure(
        f"NOTICE texts that no kept file's evidence names, in {len(texts)} corpora",
        f"{unnamed} of {sum(each.all for each in texts)}", "0", unnamed == 0 and len(texts) == 3,
        tuple(f"{each.corpus}: {each.unnamed}" for each in texts if each.unnamed),
    )  # fmt: skip
    files = files_for_a_detector()
    yield Figure(
        "files touched to add a detector with a column and a test", f"{len(files)}: {', '.join(files)}", "at most 4",
        len(files) <= 4,
    )  # fmt: skip


PARTS: Final[dict[str, Callable[[], Iterator[Figure]]]] = {
    "recipes": recipes, "settings": settings, "releases": releases,
}  # fmt: skip


def main() -> int:
    """Print the table as it is counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--quick", action="store_true", help="The settings alone.")
    given = parser.parse_args()
    only = "settings" if given.quick else given.only
    holds = True
    sys.stdout.write("| figure | found | at least |\n|---|---|---|\n")
    for part in [only] if only else PARTS:
        for figure in PARTS[part]():
            sys.stdout.write(f"| {figure.name} | {figure.found} | {figure.wanted} |\n")
            sys.stdout.flush()
            sys.stderr.writelines(f"{each}\n" for each in figure.failed)
            holds = holds and figure.holds
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
