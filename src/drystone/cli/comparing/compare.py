"""`drystone compare`: datasets and readers side by side, on evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from drystone.catalog import verbs
from drystone.cli import _options
from drystone.cli._out import console, echo, inline, print_json, table, text, write_text
from drystone.web.verbs import draw_comparison

if TYPE_CHECKING:
    from drystone.catalog.comparing.shapes import Comparison, FactRow


@click.command()
@click.argument("artifacts", nargs=-1, required=True, metavar="ARTIFACT ARTIFACT...")
@_options.catalog
@_options.as_json
@click.option("--html", type=click.Path(path_type=Path), help="Write a page that needs no server to this file.")
@click.option("--badge", type=click.Path(path_type=Path), help="Write an SVG badge to this file.")
@click.option(
    "--evidence",
    is_flag=True,
    help="Say under each value where it was read, and of what is unknown or disputed what would settle it.",
)
def command(
    artifacts: tuple[str, ...],
    catalog: str | None,
    as_json: bool,
    html: Path | None,
    badge: Path | None,
    evidence: bool,
) -> None:
    """Compare two or more artifacts: which jobs they share, their facts side by side, who is ahead by which of them.

    An ARTIFACT is a name (drystone catalog list), or the path of a release, a reader, a card or a passport. Who is
    ahead is said only where no unknown or disputed value could turn it. Artifacts that share no job are not ranked.

    \b
    Examples:
      drystone compare distilbert-base-cased-distilled-squad the-stack-v2
      drystone compare mini mini-half --evidence
      drystone compare releases/mine the-stack-v2 --json
      drystone compare mini mini-half --html compare.html --badge compare.svg
    """
    found = verbs.compare(artifacts, catalog=catalog)
    if html is not None:
        write_text(html, draw_comparison(found))
    if badge is not None:
        write_text(badge, verbs.draw_badge(found))
    if as_json:
        print_json(found)
    else:
        _print(found, evidence)


def _print(found: Comparison, evidence: bool) -> None:
    titles = [one.title for one in found.artifacts]
    out = console()
    out.print(text(found.said, "bold"))
    for verdict in found.verdicts:
        out.print(text(verdict.said))
    rows = [(job.name, *("yes" if one is not None else "not said" for one in job.by)) for job in found.jobs]
    out.print()
    out.print(table(["job", *titles], rows))
    out.print()
    out.print(table(["fact", *titles], [_row(row) for row in found.facts]))
    if evidence:
        for row in found.facts:
            _print_evidence(row, titles)
    elif any(cell is not None and cell.settled_by for row in found.facts for cell in row.cells):
        echo("--evidence says where each value was read, and what would settle what is unknown or disputed", err=True)


def _row(row: FactRow) -> list[object]:
    cells: list[object] = [row.kind.title]
    for at, said in enumerate(row.texts):
        cells.append(text(said, "green") if at == row.ahead else said)
    return cells


def _print_evidence(row: FactRow, titles: list[str]) -> None:
    for title, cell in zip(titles, row.cells, strict=True):
        for claim in () if cell is None else cell.claims:
            for one in claim.evidence:
                quote = " ".join(one.quote.split())
                echo(f"{inline(row.kind.title)}, {inline(title)}: {inline(claim.text)}, {claim.basis}")
                echo(f"  “{inline(quote)}”  {inline(one.source)}{one.read_on}")
        if cell is not None and cell.settled_by:
            echo(f"{inline(row.kind.title)}, {inline(title)}: {cell.status}, settled by: {inline(cell.settled_by)}")
