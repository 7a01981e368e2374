"""`drystone diff`: what changed from one release to another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from drystone._words import many
from drystone.cli import _options
from drystone.cli._out import console, echo, inline, print_json, print_top, text
from drystone.release import verbs
from drystone.release.layout import size_text

if TYPE_CHECKING:
    from drystone._json import Json
    from drystone.release.inspection.diff import Change, Delta, Diff

_SIGNS: Final = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--files", is_flag=True, help="List every occurrence that was added, removed or decided differently.")
@_options.top
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
            print_json(change, indent=False)
        else:
            _print_change(change)

    found = verbs.diff(old, new, each=each if files else None)
    if as_json:
        print_json(found, indent=not files)
    else:
        _print(found, top)


def _print_change(change: Change) -> None:
    sign, colour = _SIGNS[change.kind]
    what = " -> ".join(_decision(row) for row in (change.old, change.new) if row)
    if change.kind == "changed" and change.old and change.new and change.old["decision"] == change.new["decision"]:
        what = "; ".join(f"{n}: {change.old[n]} -> {change.new[n]}" for n in list(change.old)[1:])
    origin = inline(change.origin or change.repository_id)
    echo(f"{sign} {origin}:{inline(change.path)}  {inline(what)}", colour=colour)


def _decision(row: Mapping[str, Json]) -> str:
    if row["decision"] == "kept" or not row.get("reason"):
        return str(row["decision"])
    return f"dropped ({row.get('stage', '')}: {row['reason']})".replace("(: ", "(")


def _print(found: Diff, top: int) -> None:
    echo(f"old {inline(found.old_version)}  {found.old_root}")
    echo(f"new {inline(found.new_version)}  {found.new_root}")
    if found.old_root == found.new_root:
        echo("The same rows, configuration, registry and program: nothing differs.")
        return
    for line in found.configuration:
        console().print(text(line, "dim"))
    changes = found.changes
    echo(
        f"{many(changes['added'], 'occurrence')} added, {changes['removed']:,} removed, "
        f"{changes['changed']:,} changed; "
        f"{found.new_files:,} Parquet files differ, {found.same_files:,} hold the same rows"
    )
    for title, deltas in (
        ("Kept", {"all": found.kept}),
        ("Kept, by language", found.languages),
        ("Kept, by licence", found.licenses),
        ("Kept, by repository", found.repositories),
        ("Dropped, by reason", found.reasons),
    ):
        order = sorted(deltas, key=lambda name: (-abs(deltas[name].new_files - deltas[name].old_files), name))
        rows = [(name, *_cells(deltas[name])) for name in order]
        print_top(title, ("name", "old", "new", "files", "bytes"), rows, top, "name")


def _cells(delta: Delta) -> tuple[str, ...]:
    files, size = delta.new_files - delta.old_files, delta.new_bytes - delta.old_bytes
    signed = ("-" if size < 0 else "+") + size_text(abs(size))
    return f"{delta.old_files:,}", f"{delta.new_files:,}", f"{files:+,}", signed
