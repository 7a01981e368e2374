"""What a build opens and what its driver tells, counted at two sizes, and at full size from the same plan.

    python -m benchmarks.scale.page            count, and print the table of docs/scale.md
    python -m benchmarks.scale.page --write    put it there, and the counts into counts.json

A test counts the smaller pair again and compares.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import builds
from benchmarks.scale.growth import Counts, counted, exponent, write_sources
from drystone.work.exchange import Numbered, Readers, route
from drystone.work.store import Stage
from drystone.work.tasks import Summary, Task

COUNTS: Final = Path(__file__).with_name("counts.json")
PAGE: Final = Path(__file__).parents[2] / "docs/scale.md"
_BEGIN: Final = "<!-- printed by python -m benchmarks.scale.page -->"
_END: Final = "<!-- end of what a build opens -->"
#: Sources of so many files each: a pair that a test counts again, and a larger one.
PAIRS: Final = {"small": ((6, 48), 20), "large": ((50, 400), 100)}
#: The Stack v2: distinct files, and tasks that annotate them at 48 MB of its 67.5 TB each.
_FILES: Final = 3_280_000_000
_TASKS: Final = 1_340_000
_RANGES: Final = 50_000


def count(folder: Path, pair: str) -> list[dict[str, Any]]:
    """Return what builds of both sizes of a pair came to."""
    sizes, files = PAIRS[pair]
    folders = write_sources(folder / "sources", sizes[1], files)
    return [_record(counted(folders[:size], folder / f"release-{size}")) for size in sizes]


def _record(counts: Counts) -> dict[str, Any]:
    return {
        "sources": counts.sources,
        "occurrences": counts.occurrences,
        "tasks": counts.tasks.total(),
        "opens": counts.opens.total(),
    }


def planned(files: int, rows: int, readers: int) -> int:
    """Return how often files are opened to bring `rows` rows of `files` files to `readers`: the real plan, not run."""
    opens = 0

    def run(name: str, stage: Stage, tasks: Sequence[Task]) -> list[Summary]:
        nonlocal opens
        opens += sum(task.arguments["last"] - task.arguments["first"] for task in tasks)
        return []

    with tempfile.TemporaryDirectory() as folder:
        given = Numbered(Path(folder), files)
        sizes = [rows * (at + 1) // files - rows * at // files for at in range(files)]
        who = Readers(("id",), readers, lambda reader: (reader,))
        routed = route(run, "", Stage(Path(folder)), given, sizes, "", who)
        return opens + sum(len(routed.of(reader)) for reader in range(readers))


def table(counts: dict[str, list[dict[str, Any]]]) -> str:
    """Return the table as Markdown."""
    lines = ["| sources | occurrences | tasks | Parquet files opened | grows with the data to the power |"]
    lines.append("|---:|---:|---:|---:|---:|")
    for few, many in counts.values():
        grown = exponent(few["opens"], many["opens"], many["occurrences"] / few["occurrences"])
        for each, power in ((few, ""), (many, f"{grown:.2f}")):
            numbers = (f"{each[name]:,}" for name in ("sources", "occurrences", "tasks", "opens"))
            lines.append(f"| {' | '.join(numbers)} | {power} |")
    full, tenth = planned(_TASKS, _FILES, _RANGES), planned(_TASKS // 10, _FILES // 10, _RANGES // 10)
    lines += [
        "",
        f"At full size, {_FILES:,} distinct files that {_TASKS:,} tasks have annotated go to {_RANGES:,} ranges of ids "
        f"with {full:,} opens; a tenth of it takes {tenth:,}, so that opens grow as the data to the power "
        f"{exponent(tenth, full, 10):.2f}. Every range in every file would be {_TASKS * _RANGES:,}.",
    ]
    return "\n".join(lines) + "\n"


def page(text: str, found: str) -> str:
    """Return docs/scale.md with `found` in the place of what was there before."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{found}{_END}{after}"


def main() -> None:
    """Count, print, and perhaps write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the table into docs/scale.md")
    given = parser.parse_args()
    counts = {}
    for pair in PAIRS:
        with builds.workplace() as folder:
            counts[pair] = count(folder, pair)
    print(found := table(counts))
    if given.write:
        COUNTS.write_text(json.dumps(counts, indent=2) + "\n")
        PAGE.write_text(page(PAGE.read_text(), found))


if __name__ == "__main__":
    main()
