"""`drystone stats`: what a release holds, as tables, as JSON, and as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from drystone.cli._console import console as new_console
from drystone.release.documents.picture import draw
from drystone.release.inspection.stats import Share, Stats, stats
from drystone.release.layout import shown, size_text
from drystone.release.read import open_release


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option("--picture", type=click.Path(path_type=Path), metavar="FILE", help="Draw it too: FILE.svg or FILE.png.")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="Rows of each table.")
@click.option("--json", "as_json", is_flag=True, help="Print all counts as JSON.")
def command(release: Path, picture: Path | None, top: int, as_json: bool) -> None:
    """Count a release by stage, reason, language and licence.

    \b
    Examples:
      drystone stats releases/mine
      drystone stats releases/mine --picture mine.svg
      drystone stats releases/mine --json | jq '.languages[0]'
    """
    found = stats(open_release(release))
    if picture is not None:
        draw(found, picture)
    if as_json:
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        plain = asdict(found) | {
            "counts": found.counts.model_dump(),
            "funnel": [step.model_dump() for step in found.funnel],
        }
        click.echo(orjson.dumps(plain, option=options).decode(), nl=False)
        return
    _print(found, top)
    if picture is not None:
        click.echo(f"Picture: {shown(str(picture))}")


def _print(found: Stats, top: int) -> None:
    console = new_console()
    counts = found.counts
    console.print(Text(f"{shown(found.name)} {shown(found.version)}", "bold"), Text(found.root, "dim"))
    console.print(
        f"{counts.occurrences:,} occurrences = {counts.kept:,} kept + {counts.dropped:,} dropped, from "
        f"{counts.repositories:,} repositories ({counts.opted_out_repositories:,} more opted out); "
        f"{size_text(counts.text_bytes)} of text"
    )
    steps = [(s.stage, f"{s.files:,}", size_text(s.bytes)) for s in found.funnel]
    _table(console, "Left after each stage", ("stage", "files", "bytes"), steps, len(steps))
    reasons = [(r.stage, r.reason, f"{r.files:,}", size_text(r.bytes)) for r in found.reasons]
    _table(console, "Dropped, by reason", ("stage", "reason", "files", "bytes"), reasons, top)
    for title, shares in (
        ("Languages", found.languages),
        ("Licence types", found.license_types),
        ("Licences", found.licenses),
    ):
        head = ("name", "kept", "bytes", "dropped", "bytes")
        _table(console, title, head, _share_rows(shares), top)


def _share_rows(shares: Iterable[Share]) -> list[tuple[str, ...]]:
    return [
        (s.name, f"{s.kept:,}", size_text(s.kept_bytes), f"{s.dropped:,}", size_text(s.dropped_bytes)) for s in shares
    ]


def _table(console: Console, title: str, head: Sequence[str], rows: Sequence[Sequence[Any]], top: int) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    words = {"stage", "reason", "name"}
    for name in head:
        table.add_column(name, justify="left" if name in words else "right", header_style="dim", overflow="fold")
    for row in rows[:top]:
        table.add_row(*(Text(shown(cell)) for cell in row))
    console.print()
    console.print(table)
    if len(rows) > top:
        console.print(Text(f"and {len(rows) - top:,} more; --top {len(rows)} shows all", "dim"))
