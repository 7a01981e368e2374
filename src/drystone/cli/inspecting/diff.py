"""`drystone diff`: what changed from one release to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from drystone.cli._console import console as new_console
from drystone.release.inspection.diff import ADDED, CHANGED, REMOVED, Change, Delta, Diff, diff
from drystone.release.layout import shown, size_text
from drystone.release.read import open_release

if TYPE_CHECKING:
    from drystone._json import Json

_SIGNS = {ADDED: ("+", "green"), REMOVED: ("-", "red"), CHANGED: ("~", "yellow")}


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--files", is_flag=True, help="List every occurrence that was added, removed or decided differently.")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="Rows of each table.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: with --files one line per change, totals last.")
def command(old: Path, new: Path, files: bool, top: int, as_json: bool) -> None:
    """Compare two releases: by language, licence, repository and reason, and file by file.

    A repository at another revision is another repository: its files show as removed and added.

    \b
    Examples:
      drystone diff releases/1.0 releases/1.1
      drystone diff releases/1.0 releases/1.1 --files | grep '^-'
      drystone diff releases/1.0 releases/1.1 --files --json > changes.jsonl
    """

    def each(change: Change) -> None:
        if as_json:
            click.echo(orjson.dumps(asdict(change)).decode())
        else:
            click.echo(_line(change))

    ignore = (lambda _: None) if not files else each
    found = diff(open_release(old), open_release(new), each=ignore)
    if as_json:
        options = 0 if files else orjson.OPT_INDENT_2
        click.echo(orjson.dumps(asdict(found), option=options).decode())
    else:
        _print(found, top)


def _line(change: Change) -> str:
    sign, colour = _SIGNS[change.kind]
    what = " -> ".join(_decision(row) for row in (change.old, change.new) if row)
    if change.kind == CHANGED and change.old and change.new and change.old["decision"] == change.new["decision"]:
        what = "; ".join(f"{n}: {change.old[n]} -> {change.new[n]}" for n in list(change.old)[1:])
    text = f"{sign} {shown(change.origin or change.repository_id)}:{shown(change.path)}  {shown(what)}"
    return click.style(text, fg=colour)


def _decision(row: Mapping[str, Json]) -> str:
    if row["decision"] == "kept" or not row.get("reason"):
        return str(row["decision"])
    return f"dropped ({row.get('stage', '')}: {row['reason']})".replace("(: ", "(")


def _print(found: Diff, top: int) -> None:
    console = new_console()
    console.print(Text(f"old {shown(found.old_version)}  {found.old_root}"))
    console.print(Text(f"new {shown(found.new_version)}  {found.new_root}"))
    if found.old_root == found.new_root:
        console.print("The same rows, configuration, registry and program: nothing differs.")
        return
    for line in found.configuration:
        console.print(Text(line, "dim"))
    changes = found.changes
    console.print(
        f"{changes[ADDED]:,} occurrences added, {changes[REMOVED]:,} removed, {changes[CHANGED]:,} changed; "
        f"{found.new_files:,} Parquet files differ, {found.same_files:,} hold the same rows"
    )
    _table(console, "Kept", {"all": found.kept}, top)
    _table(console, "Kept, by language", found.languages, top)
    _table(console, "Kept, by licence", found.licenses, top)
    _table(console, "Kept, by repository", found.repositories, top)
    _table(console, "Dropped, by reason", found.reasons, top)


def _table(console: Console, title: str, deltas: dict[str, Delta], top: int) -> None:
    if not deltas:
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("name", header_style="dim", overflow="fold")
    for name in ("old", "new", "files", "bytes"):
        table.add_column(name, justify="right", header_style="dim")
    order: Sequence[str] = sorted(deltas, key=lambda n: (-abs(deltas[n].new_files - deltas[n].old_files), n))
    for name in order[:top]:
        d = deltas[name]
        table.add_row(
            Text(shown(name)),
            f"{d.old_files:,}",
            f"{d.new_files:,}",
            f"{d.new_files - d.old_files:+,}",
            _signed(d.new_bytes - d.old_bytes),
        )
    console.print()
    console.print(table)
    if len(order) > top:
        console.print(Text(f"and {len(order) - top:,} more; --top {len(order)} shows all", "dim"))


def _signed(size: int) -> str:
    return ("-" if size < 0 else "+") + size_text(abs(size))
