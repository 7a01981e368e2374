"""Commands of `drystone catalog` about what does what: what came of a search."""

from __future__ import annotations

from typing import Any, Final

import click

from drystone.catalog import verbs
from drystone.cli import _options
from drystone.cli._out import echo, inline


@click.command()
@click.argument("token")
@click.argument("outcome", type=click.Choice(["success", "failure"]))
@_options.catalog_to_change
def report(token: str, outcome: Any, catalog: str) -> None:
    """Say what came of something that drystone find found: whether it did the job. TOKEN stands beside the result.

    A later report of the same result takes the place of an earlier one. A token is good for a month.

    \b
    Examples:
      drystone catalog report TOKEN success
    """
    echo(f"{inline(verbs.report_outcome(token, outcome, catalog))}: {outcome}")


COMMANDS: Final = (report,)
