"""`drystone why`: why a file is in or out of a release, with its evidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from drystone.building import verbs
from drystone.cli import _options
from drystone.cli._out import console, echo, inline, print_json, table, tame, text
from drystone.release import verbs as release_verbs
from drystone.release.layout import size_text

if TYPE_CHECKING:
    from rich.text import Text

    from drystone.release.columns import LedgerRow, LicensePiece, Redaction
    from drystone.release.inspection.why import Explained

#: More occurrences than these are listed, and not explained.
_EXPLAINED: Final = 5


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.argument("file", metavar="[PATH|SWHID]", required=False)
@click.option("--reason", help="Only what was dropped for this reason, such as near_duplicate (docs/building.md).")
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with the repository's files, for the diff of a near duplicate to the kept file "
    "(default: the work folder).",
)
@click.option(
    "--work",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The work folder that the build left (default: RELEASE.work).",
)
@click.option(
    "--against",
    multiple=True,
    metavar="[NAME=]FILE",
    help="A benchmark, to show a file beside the task that it holds (default: those that the build left in the work "
    "folder). Can be given several times.",
)
@_options.option_of(release_verbs.occurrences, "--limit", type=click.IntRange(1), help="Matches to list.")
@click.option("--json", "as_json", is_flag=True, help="Print every match in full, one JSON object a line.")
def command(
    release: Path,
    file: str | None,
    reason: str | None,
    folder: Path | None,
    work: Path | None,
    against: tuple[str, ...],
    limit: int,
    as_json: bool,
) -> None:
    """Say why a file is in or out of a release.

    It is named by a SWHID or a link to one, or by a path: whole, its end, or a glob; REPOSITORY:PATH names one
    repository (its name or origin). With --reason alone, every file that was dropped for it is meant.

    \b
    Examples:
      drystone why releases/mine src/flask/app.py
      drystone why releases/mine 'flask:*/setup.py'
      drystone why releases/mine --reason near_duplicate --limit 3
      drystone why releases/mine swh:1:cnt:94a9ed024d3859793618152ea559a168bbcbb5e2 --json
    """
    opened = release_verbs.opened(release)
    if file is None and reason is None:
        raise click.UsageError("name a file by PATH or SWHID, or a reason with --reason")
    rows = release_verbs.occurrences(opened, file, limit=limit, reason=reason)
    if len(rows) > _EXPLAINED and not as_json:
        _print_list(rows, limit)
        return
    for number, row in enumerate(rows):
        (decision,) = verbs.why(opened, row, folder=folder, work=work, against=against)
        if as_json:
            print_json(decision.as_dict(), indent=False)
            continue
        if number:
            echo()
        _print(decision)


def _print_list(rows: Sequence[LedgerRow], limit: int) -> None:
    def cells(row: LedgerRow) -> tuple[object, ...]:
        reason = "" if row["decision"] == "kept" else f"{row['stage']}: {row['reason']}"
        return _verdict(row), reason, row["origin"] or row["repository_id"], row["path"]

    out = console()
    out.print(table(("decision", "reason", "origin", "path"), map(cells, rows)))
    more = " or more" if len(rows) == limit else ""
    out.print(text(f"{len(rows):,}{more} occurrences match; name one of them to see its evidence.", "dim"))


def _verdict(row: LedgerRow) -> Text:
    return text(row["decision"], "green" if row["decision"] == "kept" else "red")


def _print(decision: Explained) -> None:
    row = decision.ledger
    out = console()
    out.print(text(row["path"], "bold").append(f" in {inline(row['origin'] or row['repository_id'])}", "default"))
    out.print(table(("fact", "value"), ((text(name, "dim"), value) for name, value in _facts(decision)), head=False))
    if decision.diff:
        _print_diff(decision.diff)
    elif decision.diff_missing:
        out.print(text(f"No diff: {decision.diff_missing}.", "dim"))
    if decision.beside:
        echo(decision.beside)
    elif decision.beside_missing:
        out.print(text(f"Not beside the task: {decision.beside_missing}.", "dim"))


def _print_diff(diff: str) -> None:
    from rich.syntax import Syntax

    out = console()
    if out.is_terminal:
        out.print(Syntax(tame(diff).expandtabs(4), "diff", background_color="default", word_wrap=True))
    else:
        echo(diff)


def _facts(decision: Explained) -> list[tuple[str, object]]:
    row, file, repository = decision.ledger, decision.file, decision.repository
    verdict = _verdict(row)
    if row["decision"] != "kept":
        verdict.append(inline(f" at stage {row['stage']}: {row['reason']}"), "default")
    found: list[tuple[str, object]] = [("decision", verdict)]
    if row["kind"] != "file":
        found.append(("kind", row["kind"]))
    if isinstance(decision.evidence, dict):
        found += [(f"  {inline(name)}", line) for name, value in decision.evidence.items() for line in _lines(value)]
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
    if decision.preferred is not None:
        found.append(("preferred", f"{decision.preferred}, which has most of its repository"))
    found.append(("swhid", decision.swhid or "not read"))
    if decision.link is not None:
        found.append(("link", decision.link))
    if row["size"] is not None:
        found.append(("size", size_text(row["size"])))
    found.append(("language", _language(row)))
    found.append(("licence", f"{row['license_expression'] or 'none found'} ({row['license_type'] or 'unknown'})"))
    if row["decision"] == "kept":
        found.append(("shard", row["shard"]))
        found += [("licence from", _source(e)) for e in (file["license_evidence"] if file else None) or []]
        found += [("replaced", _redaction(e)) for e in (file["redactions"] if file else None) or []]
    if repository is not None and repository["revision_id"]:
        found.append(("revision", repository["revision_id"]))
    return found


def _language(row: LedgerRow) -> str:
    """Return the language with what says so and how sure it is; a guess that was not sure enough is in the evidence."""
    if row["language"] is None:
        return "none is settled" if row["reason"] == "unknown_language" else "not asked"
    if row["language_confidence"] is None:
        return row["language"]
    return f"{row['language']} (by {row['language_evidence']}, confidence {row['language_confidence']:.2f})"


def _source(evidence: LicensePiece) -> str:
    lines = "" if evidence["start_line"] is None else f" lines {evidence['start_line']} to {evidence['end_line']}"
    sure = "" if evidence["confidence"] is None else f", confidence {evidence['confidence']:.2f}"
    place = evidence["path"] or "the table of its source"
    return f"{evidence['expression']}: {place}{lines} ({evidence['rule']}{sure})"


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
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
