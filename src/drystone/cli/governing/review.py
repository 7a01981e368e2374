"""`drystone review`: the texts whose licence a person must decide, and the decisions that later builds apply."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict

import click

from drystone.cli._registry import DEFAULT_REGISTRY, existing
from drystone.registry import Registry, Review


@click.group(name="review", invoke_without_command=True)
@click.option(
    "--registry",
    default=DEFAULT_REGISTRY,
    envvar="DRYSTONE_REGISTRY",
    show_default=True,
    show_envvar=True,
    help="The registry: a file, or a database URL.",
)
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
def command(ctx: click.Context, registry: str, export_to: str | None, import_from: str | None) -> None:
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
        click.echo(ctx.get_help())
        return
    with Registry.open(registry) as opened:
        if import_from:
            with click.open_file(import_from, encoding="utf-8", errors="replace") as lines:
                count = opened.reviews.import_(lines)
            click.echo(f"{count} new decisions from {import_from}", err=True)
        if export_to:
            lines_out = list(opened.reviews.export())
            with click.open_file(export_to, "w", encoding="utf-8") as out:
                out.writelines(line + "\n" for line in lines_out)
            click.echo(f"{len(lines_out)} decisions to {export_to}", err=True)


@command.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Also texts that are decided.")
@click.option("--decided", is_flag=True, help="Only texts that are decided.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines.")
@click.pass_obj
def list_(registry: str, everything: bool, decided: bool, as_json: bool) -> None:
    """List the texts that wait for a decision."""
    with existing(registry) as opened:
        found = opened.reviews.queue("all" if everything else "decided" if decided else "open")
    for review in found:
        click.echo(json.dumps(_record(review), ensure_ascii=False) if as_json else _row(review))
    if not found and not as_json:
        click.echo("No text waits for a decision." if not (everything or decided) else "Nothing here.", err=True)


@command.command()
@click.argument("text_hash")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show(registry: str, text_hash: str, as_json: bool) -> None:
    """Show one text, what was detected in it, and its decisions; the first digits of its hash are enough."""
    with existing(registry) as opened:
        review, history = opened.reviews.show(text_hash)
    if as_json:
        click.echo(json.dumps({**_record(review), "history": [asdict(d) for d in history]}, ensure_ascii=False))
        return
    for name, value in (
        ("text", review.text_sha256),
        ("cause", review.cause),
        ("detected", review.expression or "nothing"),
        ("first seen", " ".join(filter(None, (review.origin, review.path, review.swhid))) or "unknown"),
        ("evidence", review.evidence),
    ):
        click.echo(f"{name + ':':12}{value}")
    for d in history:
        click.echo(f"{'decided:':12}{d.expression}  by {d.reviewer}, {d.decided_at}: {d.reason}")
    if review.sample:
        click.echo()
        click.echo("".join(c for c in review.sample if c in "\n\t" or c.isprintable()))


@command.command()
@click.argument("text_hash")
@click.argument("expression")
@click.option("--reason", required=True, help="Why; a later reader will want to know.")
@click.option("--reviewer", default=None, envvar="DRYSTONE_REVIEWER", help="Who decides.  [default: the login name]")
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
@click.pass_obj
def decide(registry: str, text_hash: str, expression: str, *, reason: str, reviewer: str | None, as_json: bool) -> None:
    """Decide that a text stands under EXPRESSION (SPDX), or NONE where it is no licence."""
    with existing(registry) as opened:
        decision = opened.reviews.decide(text_hash, expression, reviewer or getpass.getuser(), reason)
    if as_json:
        click.echo(json.dumps(asdict(decision), ensure_ascii=False))
    else:
        click.echo(f"{decision.text_sha256[:12]} stands under {decision.expression} from the next build on.")


def _record(review: Review) -> dict[str, object]:
    return asdict(review)


def _row(review: Review) -> str:
    where = " ".join(filter(None, (review.origin, review.path)))
    decided = f" -> {review.decision.expression} by {review.decision.reviewer}" if review.decision else ""
    return f"{review.text_sha256[:12]}  {review.cause:14}  {review.expression or '-'}{decided}  {where}".rstrip()
