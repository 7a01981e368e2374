"""Writes the tables of columns in docs/release-format.md from the program's: `make docs`. A test fails where stale."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from drystone.release import columns

PAGE = Path(__file__).with_name("release-format.md")
_BEGIN, _END = "<!-- columns of {}, written by docs/columns.py: run `make docs` -->", "<!-- end of columns -->"


def page(text: str) -> str:
    """Return the page with its tables as the program has them."""
    for name, table in columns.TABLES.items():
        begin = _BEGIN.format(name)
        between = re.compile(re.escape(begin) + r".*?" + re.escape(_END), re.DOTALL)
        fresh = "\n".join([begin, "", *_lines(table), "", _END])
        text, count = between.subn(lambda _, fresh=fresh: fresh, text)
        if count != 1:
            raise SystemExit(f"{PAGE.name}: has {count} places for the columns of {name}, not one")
    return text


def _lines(table: Sequence[columns.Column]) -> Iterator[str]:
    foreign = any(column.stack_v2 and column.origin is not columns.ColumnOrigin.REPOSITORY for column in table)
    yield "| column | type | of the | since | meaning |" + (" in The Stack v2 |" if foreign else "")
    yield "|---|---|---|---|---|" + ("---|" if foreign else "")
    for column in table:
        cells = [
            f"`{column.name}`",
            columns.type_text(column.type),
            column.origin.value,
            str(column.since),
            column.meaning,
        ]
        if foreign:
            cells.append("yes" if column.stack_v2 else "")
        yield f"| {' | '.join(cells)} |".replace("|  |", "| |")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
