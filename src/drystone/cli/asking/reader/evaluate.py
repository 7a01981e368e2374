"""`drystone reader evaluate`: exact match and F1 on a SQuAD file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from drystone.cli._console import console as new_console
from drystone.cli.asking.reader._options import load, model_options, progress

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
@click.option("--max-answer-len", type=click.IntRange(min=1), default=30, show_default=True, help="In tokens.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(model: str, data: Path, limit: int | None, out: Path | None, as_json: bool, **given: Any) -> None:
    """Measure exact match and F1 of MODEL on a SQuAD file, v1.1 or v2.0 (JSON, also gzipped).

    Writes predictions.jsonl, report.json and calibration.png to --out. v2.0 is recognised by its unanswerable
    questions; there the empty answer competes.

    \b
    Examples:
      drystone reader evaluate ./model dev-v1.1.json --limit 1000
      drystone reader evaluate deepset/tinyroberta-squad2 dev-v2.0.json --out run1 --precision int8
    """
    from dataclasses import replace
    from tempfile import TemporaryDirectory

    from drystone.reader.evaluation.evaluate import plot_calibration, predict, read_squad, summarize

    longest = given.pop("max_answer_len")
    dataset = read_squad(data)
    if limit:
        dataset = replace(dataset, questions=dataset.questions[:limit])
    reader = load(model, **given)
    with TemporaryDirectory() as scratch:
        folder = out or Path(scratch)
        predictions = predict(
            reader,
            dataset.questions,
            folder / "predictions.jsonl",
            report=progress("questions"),
            max_answer_len=longest,
            handle_impossible_answer=dataset.v2,
        )
        report: SavedReport = {"model": reader.name, "engine": reader.reason, **summarize(dataset, predictions)}
        if out:
            (out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
            plot_calibration(report, out / "calibration.png")
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        _print_report(report, out)


def _print_report(report: SavedReport, out: Path | None) -> None:
    console = new_console()
    console.print(f"{report['model']} on {report['questions']:,} questions, SQuAD {report['version']} metrics")
    for name, value in report["metrics"].items():
        interval = report["interval"].get({"exact": "exact_match"}.get(name, name))
        around = f"  (95 % {interval[0]:.1f} to {interval[1]:.1f})" if interval else ""
        console.print(f"  {name:18} {value:8.3f}{around}")
    for title, groups in report["by"].items():
        table = Table(title, "questions", "exact", "F1", title_justify="left")
        for name, row in groups.items():
            table.add_row(name, f"{row['questions']:,}", f"{row['exact_match']:.1f}", f"{row['f1']:.1f}")
        console.print(table)
    console.print(f"calibration error {report['calibration']['error']:.3f}")
    for wrong in report["worst"][:5]:
        said, gold = wrong["prediction"], wrong["golds"][:1]
        console.print(f"wrong at {wrong['score']:.2f}: {wrong['question']!r} -> {said!r}, not {gold}")
    if out:
        console.print(f"all of it in {out}")
