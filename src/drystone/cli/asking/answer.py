"""`drystone answer`: how good the answers of releases are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drystone._words import many
from drystone.answer import verbs
from drystone.cli._options import as_json, option_of
from drystone.cli._out import console, echo, print_json, table
from drystone.cli._progress import counter
from drystone.cli.asking.reader._options import load, max_answer_len, model_options_of

if TYPE_CHECKING:
    from drystone.answer.evaluation.measures import AnswerReport, NotFoundScore


@click.group()
def command() -> None:
    """Answers on labelled questions: how good they are, and where they are lost.

    \b
    Examples:
      drystone answer evaluate questions.jsonl releases/mine
    """


@command.command()
@click.argument("file", metavar="SET", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("releases", metavar="RELEASE...", nargs=-1, required=True)
@option_of(verbs.evaluate_answers, "--model", help="Installed model, folder or Hub id.")
@model_options_of(verbs.evaluate_answers)
@max_answer_len
@option_of(verbs.evaluate_answers, "--least", type=click.FloatRange(0, 1), help="How sure an answer must be.")
@option_of(verbs.evaluate_answers, "--where", help="Ask files alone that this query matches (docs/search.md).")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N questions.")
@click.option(
    "--rows", type=click.Path(dir_okay=False, path_type=Path), help="File for one line of JSON for each question."
)
@click.option("--quiet", is_flag=True, help="Show no progress.")
@as_json
def evaluate(file: Path, releases: tuple[str, ...], as_json: bool, quiet: bool, **given: Any) -> None:
    """Ask the questions of SET of releases, and measure the answers.

    SET is JSON Lines, a JSON list or SQuAD's JSON: questions with right answers and their places (docs/answers.md).
    Questions about a repository that the releases do not have are left out. Exact match and F1 are those of the surest
    answer, however sure it is. --rows tells for each question where its right answer was lost.

    \b
    Examples:
      drystone answer evaluate questions.jsonl releases/mine
      drystone answer evaluate questions.jsonl releases/mine --rows rows.jsonl --json > report.json
    """
    options = {name: given.pop(name) for name in ("max_answer_len", "least", "where", "limit", "rows")}
    report = verbs.evaluate_answers(
        file, releases, model=load(**given), progress=None if quiet else counter("questions"), **options
    )
    if as_json:
        print_json(report)
    else:
        _print(report)


def _print(report: AnswerReport) -> None:
    left = f"; {report['left_out']:,} about other repositories left out" if report["left_out"] else ""
    asked = many(report["questions"], "question")
    echo(f"{asked}, {report['unanswerable']:,} without an answer{left}; {report['model']}")
    _print_answered(report)
    cited = report["citations"]
    echo(
        f"citations at --least {cited['least']:g}: {cited['shown']:,} shown, precision {_share(cited['precision'])}, "
        f"recall {_share(cited['recall'])}, valid {_share(cited['valid'])}"
    )
    for score in (report["not_found"], report["not_found_at_least"]):
        _print_not_found(score)
    wall, cpu = report["milliseconds"], report["cpu_milliseconds"]
    echo(
        f"a question: p50 {wall['p50']:.0f} ms, p95 {wall['p95']:.0f} ms; "
        f"processor {cpu['mean']:.0f} ms (p95 {cpu['p95']:.0f})"
    )


def _print_answered(report: AnswerReport) -> None:
    if report["answerable"] is None:
        echo("no question is answerable")
        return
    groups = [*report["by_kind"].items(), ("all", report["answerable"])]
    titles = ("answerable", "questions", "exact", "F1", *(f"hit@{depth}" for depth in groups[0][1]["hit"]), "read")
    rows = [
        (
            name,
            f"{one['questions']:,}",
            *map(_share, (one["exact_match"], one["f1"], *one["hit"].values(), one["read"])),
        )
        for name, one in groups
    ]
    console().print(table(titles, rows, right=titles[1:]))
    lost = ", ".join(f"{stage} {count:,}" for stage, count in report["stages"].items() if count)
    echo(f"by where they were lost: {lost}")


def _print_not_found(score: NotFoundScore | None) -> None:
    if score is not None:
        echo(
            f"not found below {score['threshold']:.3f}: {score['answered']:.1%} of the answerable get an answer, "
            f"{score['refused']:.1%} of the unanswerable none; precision {score['precision']:.3f} of at most "
            f"{score['precision_at_most']:.3f}"
        )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
