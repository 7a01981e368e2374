"""`drystone review`: licence texts that a person must decide."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from drystone._words import many
from drystone.cli import _options
from drystone.cli._out import echo, inline, print_json, write_lines
from drystone.policy.verbs import count_files_on_text
from drystone.registry import verbs

if TYPE_CHECKING:
    from drystone.registry import Decision, Review


@click.group(name="review", invoke_without_command=True)
@_options.registry
@click.option(
    "--export",
    "export_to",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Write every decision to this file as JSON Lines (- for standard output).",
)
@click.option(
    "--import",
    "import_from",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="Add the decisions of such a file (- for standard input).",
)
@click.pass_context
def command(ctx: click.Context, registry: str | None, export_to: str | None, import_from: str | None) -> None:
    """Review licence texts that detection left unanswered, in conflict, or unsure.

    A decision holds for that text, wherever it occurs, in every later build.

    \b
    Examples:
      drystone review list
      drystone review show 3f2a
      drystone review decide 3f2a "MIT OR Apache-2.0" --reason "both texts, choice stated above them"
      drystone review --export decisions.jsonl
      drystone review --registry other.sqlite --import decisions.jsonl
    """  # fmt: skip
    ctx.obj = registry
    if ctx.invoked_subcommand is not None:
        if export_to or import_from:
            raise click.UsageError("--export and --import stand alone, without a command.")
        return
    if not export_to and not import_from:
        echo(ctx.get_help())
        return
    if import_from:
        with click.open_file(import_from, encoding="utf-8", errors="replace") as lines:
            count = verbs.import_reviews(lines, registry=registry)
        echo(f"{count} new decisions from {inline(import_from)}", err=True)
    if export_to:
        exported = verbs.export_reviews(registry)
        write_lines(export_to, exported)
        echo(f"{many(len(exported), 'decision')} to {inline(export_to)}", err=True)


@command.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Also texts that are decided.")
@click.option("--decided", is_flag=True, help="Only texts that are decided.")
@_options.json_lines
@click.pass_obj
def list_(registry: str | None, everything: bool, decided: bool, as_json: bool) -> None:
    """List the texts that wait for a decision."""
    found = verbs.list_reviews(registry, state="all" if everything else "decided" if decided else "open")
    for review in found:
        if as_json:
            print_json(review, indent=False)
        else:
            echo(_row(review))
    if not found and not as_json:
        echo("No text waits for a decision." if not (everything or decided) else "Nothing here.", err=True)


@command.command()
@click.argument("text_hash")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show(registry: str | None, text_hash: str, as_json: bool) -> None:
    """Show one text, what was detected in it, and its decisions; the first digits of its hash are enough."""
    review, history = verbs.show_review(text_hash, registry=registry)
    if as_json:
        print_json(review, indent=False, history=history)
    else:
        _print(review, history)


def _print(review: Review, history: list[Decision]) -> None:
    for name, value in (
        ("text", review.text_sha256),
        ("cause", review.cause),
        ("detected", review.expression or "nothing"),
        ("first seen", " ".join(filter(None, (review.origin, review.path, review.swhid))) or "unknown"),
        ("evidence", review.evidence),
    ):
        echo(f"{name + ':':12}{inline(value)}")
    for d in history:
        echo(f"{'decided:':12}{inline(d.expression)}  by {inline(d.reviewer)}, {d.decided_at}: {inline(d.reason)}")
    if review.sample:
        echo()
        echo(review.sample)


@command.command()
@click.argument("text_hash")
@click.argument("expression")
@click.option("--reason", required=True, help="Why; a later reader will want to know.")
@click.option(
    "--reviewer", envvar="DRYSTONE_REVIEWER", help="Who decides.  [default: DRYSTONE_REVIEWER, else the login name]"
)
@click.option(
    "--release",
    "releases",
    multiple=True,
    type=click.Path(exists=True, file_okay=False),
    help="Say how many files of this release rest on the text (may be given again).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
@click.pass_obj
def decide(
    registry: str | None,
    text_hash: str,
    expression: str,
    *,
    reason: str,
    reviewer: str | None,
    releases: tuple[str, ...],
    as_json: bool,
) -> None:
    """Decide that a text stands under EXPRESSION (SPDX), or NONE where it is no licence."""
    decision = verbs.decide_review(text_hash, expression, reason, registry=registry, by=reviewer)
    resting = {release: count_files_on_text(release, decision.text_sha256) for release in releases}
    if as_json:
        print_json(decision, indent=False, files={release: asdict(found) for release, found in resting.items()})
        return
    echo(f"{decision.text_sha256[:12]} stands under {decision.expression} from the next build on.")
    for release, found in resting.items():
        echo(f"{inline(release)}: {many(found.kept, 'kept file')} rest on it, and {found.dropped:,} dropped ones.")
    if not releases:
        echo("Give --release to see how many files of a release rest on it.")


def _row(review: Review) -> str:
    where = " ".join(filter(None, (review.origin, review.path)))
    decided = f" -> {review.decision.expression} by {review.decision.reviewer}" if review.decision else ""
    cells = f"{review.text_sha256[:12]}  {review.cause:14}  {review.expression or '-'}{decided}  {where}"
    return inline(cells.rstrip())
