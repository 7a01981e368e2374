"""`drystone cite`: checks that quotes stand where their citations say."""

from __future__ import annotations

from pathlib import Path

import click

from drystone.answer import verbs
from drystone.cli._options import as_json
from drystone.cli._out import echo, inline, print_json


@click.group()
def command() -> None:
    """Citations of answers: whether each quote stands where it says.

    \b
    Examples:
      drystone cite verify answer.json releases/mine
    """


@command.command()
@click.argument("answer", type=click.Path(path_type=Path))
@click.argument("release", type=click.Path(path_type=Path))
@as_json
def verify(answer: Path, release: Path, as_json: bool) -> None:
    """Read the bytes of every quote of ANSWER (of drystone ask --json) again from RELEASE.

    Of each it says: stands; moved (it stands elsewhere in the same text), changed (it stands there no more), gone (the
    release has no such text). The exit status is 1 unless all stand.

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
            echo(f"{one.state:8}{inline(one.path)}: {inline(one.said)}")
        echo(f"{sum(one.state == 'stands' for one in checked)} of {len(checked)} quotes stand")
    if any(one.state != "stands" for one in checked):
        raise click.exceptions.Exit(1)
