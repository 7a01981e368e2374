"""`drystone find`: what does what somebody wants, out of a catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from drystone.catalog import verbs
from drystone.catalog.matching import MOST, NOT_KNOWN
from drystone.cli import _options
from drystone.cli._out import console, echo, inline, print_json, text

if TYPE_CHECKING:
    from drystone.catalog.matching.shapes import ArtifactHit, FoundArtifacts

#: The exit status where nothing fits.
_NOTHING: Final = 3


@click.command()
@click.argument("query", nargs=-1, required=True)
@_options.option_of(verbs.find_artifacts, "--kind", help="Only artifacts of this kind, such as reader or dataset.")
@_options.option_of(
    verbs.find_artifacts, "--license", help="Only under this licence (SPDX), or permissive.", metavar="LICENSE"
)
@click.option("--free", is_flag=True, help="Only what costs nothing.")
@click.option("--offline", is_flag=True, help="Only what works without a network.")
@_options.option_of(verbs.find_artifacts, "--language", help="Only for this natural or programming language.")
@_options.option_of(verbs.find_artifacts, "--limit", type=click.IntRange(1, MOST), help="Most artifacts shown.")
@click.option("--keep-query", is_flag=True, help="Let the catalog keep the words of the query, not only a hash.")
@_options.catalog
@_options.as_json
def command(query: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """Find datasets and readers that do what QUERY says, best first, each with the reasons.

    A filter lets through only what is known to be so, and says how many fit of which nobody knows. With --catalog the
    search is counted there; drystone catalog report tells what came of it. The exit status is 3 where nothing fits.

    \b
    Examples:
      drystone find "answer questions from a manual offline"
      drystone find "train a code model" --kind dataset --license permissive
    """
    found = verbs.find_artifacts(" ".join(query), **given)
    if as_json:
        print_json(found)
    else:
        _print(found)
    if not found.hits:
        raise click.exceptions.Exit(_NOTHING)


def _print(found: FoundArtifacts) -> None:
    for number, hit in enumerate(found.hits, 1):
        _print_hit(number, hit)
    if not found.hits:
        echo("Nothing in the catalog fits.")
    for name, count in found.unknown.items():
        echo(f"{count} more may fit: nobody knows {NOT_KNOWN[name]}.")
    for note in found.notes:
        echo(f"note: {inline(note)}", err=True)


def _print_hit(number: int, hit: ArtifactHit) -> None:
    out = console()
    does = f": {hit.capability_name}" if hit.capability_name else ""
    out.print(text(f"{number}. {inline(hit.title)}{inline(does)}", "bold"))
    for reason in hit.reasons:
        said = "the same is meant by" if reason.by == "meaning" else "it has the words"
        echo(f"   {said} “{inline(reason.text)}” ({inline(reason.of)}), {reason.value:.2f}")
    echo(f"   fit {hit.fit:.2f}, {hit.kind} {inline(hit.artifact)}; {_came_of_it(hit)}")
    if hit.token is not None:
        echo(f"   token {hit.token}")


def _came_of_it(hit: ArtifactHit) -> str:
    known = hit.confidence
    matched = f"matched {known.matched} time{'' if known.matched == 1 else 's'}"
    if known.mean is None:
        return f"{matched}, no report of how it went"
    reports = f"{known.reports} report{'' if known.reports == 1 else 's'}"
    return f"{matched}, does it {known.mean:.0%} of the time ({known.low:.0%} to {known.high:.0%}, {reports})"
