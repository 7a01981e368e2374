"""`drystone cite`: whether quotes stand, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from drystone.answer import verbs
from drystone.cli._options import as_json
from drystone.cli._out import echo, inline, print_json

if TYPE_CHECKING:
    from drystone.answer.shapes import CheckedCitation


@click.group()
def command() -> None:
    """Citations of answers: whether each quote stands where it says, and what became of it.

    \b
    Examples:
      drystone cite verify answer.json releases/mine
      drystone cite resolve "drystone:cite?release=..." releases/mine
    """


@command.command()
@click.argument("answer", type=click.Path(path_type=Path))
@click.argument("release", type=click.Path(path_type=Path))
@as_json
def verify(answer: Path, release: Path, as_json: bool) -> None:
    """Read the bytes of every quote of ANSWER (of drystone ask --json) again from RELEASE.

    Of each it says: stands; moved (elsewhere in its text, or with its text to another path); changed (it is not in the
    text any more); withdrawn (the file was taken out on request); gone (for another reason); never_there (the very
    version that is cited does not say it). The exit status is 1 unless all stand.

    \b
    Examples:
      drystone ask releases/mine "Which port is the default?" --json > answer.json
      drystone cite verify answer.json releases/mine
    """
    checked = verbs.verify_citations(answer, release)
    if as_json:
        print_json(checked)
    else:
        for one in checked:
            _print(one)
        _notes(checked)
        echo(f"{sum(one.state == 'stands' for one in checked)} of {len(checked)} quotes stand")
    if any(one.state != "stands" for one in checked):
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("permalink")
@click.argument("releases", nargs=-1, required=True, type=click.Path(path_type=Path))
@as_json
def resolve(permalink: str, releases: tuple[Path, ...], as_json: bool) -> None:
    """Say what became of the quote of a citation's PERMALINK, in the newest version of its release among RELEASES.

    The states are those of drystone cite verify. The exit status is 1 unless it stands or moved.

    \b
    Examples:
      drystone cite resolve "$(jq -r .answers[0].citations[0].permalink answer.json)" releases/mine
      drystone cite resolve "https://example.org/cite?release=..." releases/1.0 releases/1.1 --json
    """
    found = verbs.resolve_permalink(permalink, releases)
    if as_json:
        print_json(found)
    else:
        _print(found)
        _notes([found])
        if found.now is not None:
            for text in (found.now.quote, found.now.attribution, found.now.permalink):
                echo(f"    {inline(text)}")
    if found.state not in {"stands", "moved"}:
        raise click.exceptions.Exit(1)


def _notes(checked: Iterable[CheckedCitation]) -> None:
    for note in dict.fromkeys(note for one in checked for note in one.notes):
        echo(f"note: {note}", err=True)


def _print(one: CheckedCitation) -> None:
    echo(f"{one.state:11} {inline(one.path)} in {inline(one.release)} {inline(one.version)}: {inline(one.said)}")
