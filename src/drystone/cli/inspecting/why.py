"""`drystone why`: why a file is in or out of a release, with its evidence."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from drystone.building.stages.contents import packed_blob
from drystone.cli._console import console as new_console
from drystone.release.columns import LedgerRow, LicensePiece, Redaction
from drystone.release.inspection.why import Explained, Lookup, explain, find, folder_lookup
from drystone.release.layout import shown, size_text
from drystone.release.read import open_release

_EXPLAINED = 5


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.argument("file", metavar="PATH|SWHID")
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with the repository's files, for the diff of a near duplicate to the kept file "
    "(default: the work folder that the build left).",
)
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Matches to list.")
@click.option("--json", "as_json", is_flag=True, help="Print every match in full, one JSON object a line.")
def command(release: Path, file: str, folder: Path | None, limit: int, as_json: bool) -> None:
    """Say why a file is in or out of a release.

    FILE is a SWHID or a link to one, or a path: whole, its end, or a glob; REPOSITORY:PATH names one repository (its
    name or origin).

    \b
    Examples:
      drystone why releases/mine src/flask/app.py
      drystone why releases/mine 'flask:*/setup.py'
      drystone why releases/mine swh:1:cnt:94a9ed024d3859793618152ea559a168bbcbb5e2 --json
    """
    opened = open_release(release)
    rows = find(opened, file, limit=limit)
    if as_json:
        for row in rows:
            decision = explain(opened, row, lookup=_lookup(release, folder, row))
            click.echo(orjson.dumps(decision.as_dict(), default=_plain).decode())
        return
    console = new_console()
    if len(rows) > _EXPLAINED:
        _list(console, rows, limit)
        return
    for number, row in enumerate(rows):
        if number:
            console.print()
        _show(console, explain(opened, row, lookup=_lookup(release, folder, row)))


def _lookup(release: Path, folder: Path | None, row: LedgerRow) -> Lookup | None:
    """Return where a dropped file's text may be had: the folder given, or the work folder that the build left."""
    if folder is not None:
        return folder_lookup(folder, row["path"])
    work = release.absolute().with_name(release.absolute().name + ".work")
    return partial(packed_blob, work) if work.is_dir() else None


def _plain(value: Any) -> str:
    if isinstance(value, bytes):  # a path that is not UTF-8
        return value.hex()
    raise TypeError(type(value).__name__)


def _list(console: Console, rows: list[LedgerRow], limit: int) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("decision", "reason", "origin", "path"):
        table.add_column(name, header_style="dim", overflow="fold")
    for row in rows:
        reason = "" if row["decision"] == "kept" else f"{row['stage']}: {row['reason']}"
        cells = (row["origin"] or row["repository_id"], row["path"])
        table.add_row(_verdict(row), Text(shown(reason)), *(Text(shown(cell)) for cell in cells))
    console.print(table)
    more = " or more" if len(rows) == limit else ""
    console.print(Text(f"{len(rows):,}{more} occurrences match; name one of them to see its evidence.", "dim"))


def _verdict(row: LedgerRow) -> Text:
    kept = row["decision"] == "kept"
    return Text(shown(str(row["decision"])), "green" if kept else "red")


def _show(console: Console, decision: Explained) -> None:
    row = decision.ledger
    console.print(Text.assemble((shown(row["path"]), "bold"), " in ", shown(row["origin"] or row["repository_id"])))
    facts = Table(box=None, pad_edge=False, show_header=False)
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    for name, value in _facts(decision):
        facts.add_row(name, value if isinstance(value, Text) else Text(shown(str(value))))
    console.print(facts)
    if decision.diff:
        console.print(Syntax(_tame(decision.diff), "diff", background_color="default", word_wrap=True))
    elif decision.diff_missing:
        console.print(Text(f"No diff: {decision.diff_missing}.", "dim"))


def _facts(decision: Explained) -> list[tuple[str, Any]]:
    row, file, repository = decision.ledger, decision.file, decision.repository
    verdict = _verdict(row)
    if row["decision"] != "kept":
        verdict.append(shown(f" at stage {row['stage']}: {row['reason']}"), "default")
    found: list[tuple[str, Any]] = [("decision", verdict)]
    if row["kind"] != "file":
        found.append(("kind", row["kind"]))
    if isinstance(decision.evidence, dict):
        found += [(f"  {shown(name)}", line) for name, value in decision.evidence.items() for line in _lines(value)]
    elif decision.evidence is not None:
        found.append(("evidence", decision.evidence))
    if row["kept_swhid"] and row["decision"] != "kept":
        like = "" if row["similarity"] is None else f", Jaccard similarity {row['similarity']:.4f}"
        standing = decision.standing
        where = f"{row['kept_path']} of {standing['origin'] if standing else row['kept_repository_id']}"
        found.append(("stands for it", f"{where}{like}"))
        found.append(("", row["kept_swhid"]))
        if standing is not None and standing["decision"] == "dropped":
            found.append(("", f"itself dropped at stage {standing['stage']}: {standing['reason']}"))
    found.append(("swhid", decision.swhid or "not read"))
    if decision.link is not None:
        found.append(("link", decision.link))
    if row["size"] is not None:
        found.append(("size", size_text(row["size"])))
    found.append(("language", row["language"] or "unknown"))
    found.append(("licence", f"{row['license_expression'] or 'none found'} ({row['license_type'] or 'unknown'})"))
    if row["decision"] == "kept":
        found.append(("shard", row["shard"]))
        found += [("licence from", _source(e)) for e in (file["license_evidence"] if file else None) or []]
        found += [("replaced", _redaction(e)) for e in (file["redactions"] if file else None) or []]
    if repository is not None and repository["revision_id"]:
        found.append(("revision", repository["revision_id"]))
    return found


def _source(evidence: LicensePiece) -> str:
    lines = "" if evidence["start_line"] is None else f" lines {evidence['start_line']} to {evidence['end_line']}"
    sure = "" if evidence["confidence"] is None else f", confidence {evidence['confidence']:.2f}"
    return f"{evidence['expression']}: {evidence['path']}{lines} ({evidence['rule']}{sure})"


def _redaction(span: Redaction) -> str:
    sure = "" if span["confidence"] is None else f", confidence {span['confidence']:.2f}"
    return f"{span['kind']} at bytes {span['start']} to {span['end']} ({span['rule']}{sure})"


def _lines(value: Any) -> list[str]:
    """Show a piece of evidence: a list one item a line, an object as its names and values."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return [_brief(item) for item in value]
    return [_brief(value)]


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_brief(inner)}" for name, inner in value.items() if inner is not None)
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _tame(text: str) -> str:
    return "\n".join(shown(line.replace("\t", "    ")) for line in text.split("\n"))
