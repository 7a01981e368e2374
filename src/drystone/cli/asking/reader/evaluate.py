"""`drystone reader evaluate`: exact match and F1 on a SQuAD file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from drystone._words import many
from drystone.cli import _options
from drystone.cli._out import console, echo, inline, print_json, table
from drystone.cli._progress import counter
from drystone.cli.asking.reader._options import align_to_words, load, model_options
from drystone.reader import verbs
from drystone.reader.options import OnError

if TYPE_CHECKING:
    from drystone.reader.evaluation.evaluate import SavedReport


@click.command()
@click.argument("model")
@click.argument("data", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@model_options
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N questions.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for predictions and report; a second run goes on from it.",
)
@_options.option_of(verbs.evaluate, "--max-answer-len", type=click.IntRange(min=1), help="In tokens.")
@align_to_words
@_options.option_of(
    verbs.evaluate,
    "--on-error",
    type=click.Choice(get_args(OnError)),
    help="A question that cannot be asked ends the run, or counts as answered wrong.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    model: str,
    data: Path,
    limit: int | None,
    out: Path | None,
    max_answer_len: int,
    align_to_words: bool,
    on_error: OnError,
    as_json: bool,
    **given: Any,
) -> None:
    """Measure exact match and F1 of MODEL on labelled questions.

    SQuAD v1.1 or v2.0, or rows as `datasets` has them, in JSON, JSON Lines, CSV or Parquet; also gzipped.

    Writes predictions.jsonl, report.json and calibration.png to --out. v2.0 is recognised by its unanswerable
    questions; there the empty answer competes.

    \b
    Examples:
      drystone reader evaluate ./model dev-v1.1.json --limit 1000
      drystone reader evaluate deepset/tinyroberta-squad2 dev-v2.0.json --out run1 --precision int8
    """
    report = verbs.evaluate(
        data,
        model=load(model, **given),
        limit=limit,
        out=out,
        max_answer_len=max_answer_len,
        align_to_words=align_to_words,
        on_error=on_error,
        progress=counter("questions"),
    )
    if as_json:
        print_json(report)
    else:
        _print_report(report, out)


def _print_report(report: SavedReport, folder: Path | None) -> None:
    out = console()
    out.print(f"{report['model']} on {many(report['questions'], 'question')}, SQuAD {report['version']} metrics")
    if report.get("errors"):
        out.print(f"  {report['errors']:,} of them could not be asked, and count as answered wrong")
    for name, value in report["metrics"].items():
        interval = report["interval"].get({"exact": "exact_match"}.get(name, name))
        around = f"  (95 % {interval[0]:.1f} to {interval[1]:.1f})" if interval else ""
        out.print(f"  {name:18} {value:8.3f}{around}")
    for title, groups in report["by"].items():
        rows = [
            (name, f"{row['questions']:,}", f"{row['exact_match']:.1f}", f"{row['f1']:.1f}")
            for name, row in groups.items()
        ]
        out.print(table((title, "questions", "exact", "F1"), rows, right=("questions", "exact", "F1")))
    out.print(f"calibration error {report['calibration']['error']:.3f}")
    for wrong in report["worst"][:5]:
        said = f"{wrong['question']!r} -> {wrong['prediction']!r}, not {wrong['golds'][:1]}"
        out.print(f"wrong at {wrong['score']:.2f}: {said}")
    if folder:
        echo(f"all of it in {inline(folder)}")
