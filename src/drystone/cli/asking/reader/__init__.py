"""`drystone reader`: the models that answer: measure, train, export, look into them."""

from __future__ import annotations

import click

from drystone.cli._found import FoundCommands


@click.command(cls=FoundCommands, folders={__name__: "Commands", f"{__name__}._making": "Train"})
def command() -> None:
    """Answer questions from a passage, and measure, train, export or look into the model that does."""
