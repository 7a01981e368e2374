"""`drystone catalog rank` and what belongs to it: why a rank is what it is, how it was, what is said against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from drystone.catalog import verbs
from drystone.cli import _options
from drystone.cli._out import console, echo, inline, print_json, table, text
from drystone.errors import UsageError

if TYPE_CHECKING:
    from drystone.catalog.ranking.book import Dispute
    from drystone.catalog.ranking.explaining import MeasureScore, RankExplanation
    from drystone.catalog.ranking.ranking import RankedCatalog

_scoring = click.option(
    "--scoring", help="A version of the scoring, or a file like scoring.toml.  [default: the version in use]"
)


@click.command()
@_options.catalog
@_scoring
@click.option("--beside", help="Another version of the scoring, to show beside it.")
@click.option("--kind", type=click.Choice(["dataset", "reader"]), help="Artifacts of one kind only.")
@_options.top
@click.option("--keep", is_flag=True, help="Keep today's ranks in the catalog, for the history.")
@_options.as_json
def rank(
    catalog: str | None, scoring: str | None, beside: str | None, kind: str | None, top: int, keep: bool, as_json: bool
) -> None:
    """Rank the artifacts of a catalog by kind, from 0 to 100.

    A rank is an interval, since what is unknown counts as everything from nothing to all. Artifacts whose intervals
    overlap have no order among each other; their places say so.

    \b
    Examples:
      drystone catalog rank
      drystone catalog rank --kind reader --beside 1
      drystone catalog rank --catalog drystone-catalog.sqlite --keep
    """
    if keep and catalog is None:
        raise UsageError("--keep: name the catalog to keep the ranks in with --catalog.")
    found = verbs.rank_artifacts(catalog=catalog, scoring=scoring, keep=keep)
    other = None if beside is None else verbs.rank_artifacts(catalog=catalog, scoring=beside)
    kinds = [name for name in found.kinds if kind in {None, name}]
    if as_json:
        print_json({one.scoring.version: _plain(one, kinds, top) for one in (found, other) if one is not None})
        return
    for name in kinds:
        _print_ranks(name, found, other, top)
    echo(f"Scoring {inline(found.scoring.version)}, on {found.day}. {inline(found.scoring.about)}")


def _plain(found: RankedCatalog, kinds: Sequence[str], top: int) -> dict[str, object]:
    return {
        "day": found.day.isoformat(),
        **{name: ranked.rows(top) for name, ranked in found.kinds.items() if name in kinds},
    }


def _print_ranks(kind: str, found: RankedCatalog, other: RankedCatalog | None, top: int) -> None:
    ranked = next(one for name, one in found.kinds.items() if name == kind)
    rows = []
    for one in ranked.rows(top):
        cells: list[object] = [one.places, one.name, text(one.text, "bold"), f"{one.known:.0f}"]
        if other is not None:
            beside = next(each for name, each in other.kinds.items() if name == kind).find(one.name)
            cells += ["", ""] if beside is None else [beside.text, beside.places]
        rows.append(cells)
    more = [] if other is None else [f"by {other.scoring.version}", "place"]
    console().print(table(["place", kind, "rank", "points known", *more], rows))
    if len(ranked) > top:
        echo(f"{len(ranked) - top:,} more")
    echo()


@click.command()
@click.argument("artifact")
@click.option("--other", help="Say as well what would turn the order of this artifact and ARTIFACT.")
@_options.catalog
@_scoring
@_options.as_json
def explain(artifact: str, other: str | None, catalog: str | None, scoring: str | None, as_json: bool) -> None:
    """Say why ARTIFACT has its rank: each measure with its points and the words that it rests on.

    \b
    Examples:
      drystone catalog explain the-stack-v2
      drystone catalog explain mini --other distilbert-base-cased-distilled-squad
    """
    found = verbs.explain_rank(artifact, catalog=catalog, scoring=scoring)
    turn = None if other is None else verbs.what_would_turn(artifact, other, catalog=catalog, scoring=scoring)
    if as_json:
        print_json({"rank": found, **({} if turn is None else {"turn": turn})})
        return
    _print_explained(found)
    if turn is not None:
        echo()
        echo(inline(turn.said))
        for one in turn.facts:
            echo(f"  {inline(one.artifact)}, {inline(one.title)}: {one.points:.1f} points")


def _print_explained(found: RankExplanation) -> None:
    one = found.artifact
    echo(f"{inline(one.title)}: {one.text} of 100, place {one.places}; {one.known:.0f} points rest on something known")
    rows = [
        (each.measure.aspect, each.measure.fact, each.value, f"{_points(each.low, each.high)} of {each.points:.1f}")
        for each in found.measures
    ]
    console().print(table(["aspect", "fact", "value", "points"], rows))
    for each in found.measures:
        _print_evidence(each)
    echo(f"One person's vote moves an end of this rank by {found.one_vote:.1f} points at most.")


def _points(low: float, high: float) -> str:
    one, other = f"{low:.1f}", f"{high:.1f}"
    return one if one == other else f"{one} to {other}"


def _print_evidence(one: MeasureScore) -> None:
    echo(f"{inline(one.measure.fact)}: {inline(one.said)}")
    for claim in () if one.fact is None else one.fact.claims:
        for each in claim.evidence:
            echo(f"  “{inline(' '.join(each.quote.split()))}”  {inline(each.source)}{each.read_on} ({claim.basis})")


@click.command()
@click.argument("artifact")
@_options.catalog_to_change
@_options.as_json
def history(artifact: str, catalog: str, as_json: bool) -> None:
    """Show how ARTIFACT stood on the days whose ranks were kept (drystone catalog rank --keep).

    \b
    Examples:
      drystone catalog history the-stack-v2
    """
    found = verbs.rank_history(artifact, catalog=catalog)
    if as_json:
        print_json(found)
        return
    if not found:
        echo("No rank of it was kept yet: drystone catalog rank --keep keeps those of a day.")
        return
    rows = [
        (
            one.day,
            one.version,
            f"{one.low:.1f} to {one.high:.1f}",
            f"{one.best_place} to {one.worst_place}",
            one.artifacts,
        )
        for one in found
    ]
    console().print(table(["day", "scoring", "rank", "place", "of"], rows))


@click.command()
@click.argument("artifact")
@click.argument("fact")
@click.option("--words", required=True, help="What is wrong, in your words.")
@click.option("--link", required=True, help="A page that shows it (https).")
@_options.catalog_to_change
def dispute(artifact: str, fact: str, words: str, link: str, catalog: str) -> None:
    """Say that a FACT of ARTIFACT is wrong. It is shown beside the fact, and moves a rank once it is upheld.

    \b
    Examples:
      drystone catalog dispute the-stack-v2 licenses.rule --words "..." --link https://example.org/shows-it
    """
    found = verbs.dispute_fact(artifact, fact, words, link, catalog=catalog)
    echo(f"dispute {found.number} of {inline(found.fact)} of {inline(found.artifact)} is kept; it is {found.state}")


@click.command()
@click.argument("artifact", required=False)
@_options.catalog_to_change
@_options.as_json
def disputes(artifact: str | None, catalog: str, as_json: bool) -> None:
    """List the disputes of a catalog: those about ARTIFACT, or all.

    \b
    Examples:
      drystone catalog disputes
      drystone catalog disputes the-stack-v2 --json
    """
    found = verbs.list_disputes(artifact, catalog=catalog)
    if as_json:
        print_json(found)
    else:
        console().print(
            table(["number", "day", "artifact", "fact", "state", "says", "link"], [_row(one) for one in found])
        )


def _row(one: Dispute) -> tuple[object, ...]:
    return one.number, one.day, one.artifact, one.fact, one.state, one.words, one.link


@click.command("answer-dispute")
@click.argument("number", type=int)
@click.option("--uphold/--refuse", required=True, default=None, help="Whether the fact counts as unknown from now on.")
@click.option("--words", required=True, help="Why.")
@_options.catalog_to_change
@_options.moderator
def answer_dispute(number: int, uphold: bool, words: str, catalog: str, moderator: str | None) -> None:
    """Decide on the dispute NUMBER, with a reason that everybody reads.

    \b
    Examples:
      drystone catalog answer-dispute 1 --uphold --words "The card says 87.1, as the link shows."
    """
    from drystone.registry.verbs import who

    found = verbs.answer_dispute(number, words, who(moderator), uphold=uphold, catalog=catalog)
    echo(f"dispute {found.number} of {inline(found.fact)} of {inline(found.artifact)} is {found.state}")


COMMANDS = (rank, explain, history, dispute, disputes, answer_dispute)
