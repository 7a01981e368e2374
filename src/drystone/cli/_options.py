"""Options that several commands share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from drystone.catalog.shelf import DEFAULT_CATALOG
from drystone.registry.place import DEFAULT_REGISTRY, VARIABLE

Command = TypeVar("Command", bound=Callable[..., Any])

registry = click.option(
    "--registry", help=f"The registry: a file, or a database URL.  [default: {VARIABLE}, else {DEFAULT_REGISTRY}]"
)
catalog = click.option(
    "--catalog", envvar="DRYSTONE_CATALOG", show_envvar=True, help="A catalog: a file, or a database URL."
)
catalog_to_change = click.option(
    "--catalog", envvar="DRYSTONE_CATALOG", show_envvar=True, default=DEFAULT_CATALOG, show_default=True,
    help="The catalog: a file, or a database URL.",
)  # fmt: skip
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
json_lines = click.option("--json", "as_json", is_flag=True, help="Print JSON Lines.")
top = click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="Rows of each table.")
quiet = click.option("--quiet", is_flag=True, help="No progress.")
moderator = click.option(
    "--moderator",
    envvar="DRYSTONE_MODERATOR",
    help="Who does this.  [default: DRYSTONE_MODERATOR, else the login name]",
)


def receipts(function: Command) -> Command:
    """Add the options `--key` and `--receipts`."""
    folder = click.option(
        "--receipts",
        type=click.Path(path_type=Path),
        envvar="DRYSTONE_RECEIPTS",
        show_envvar=True,
        help="Folder for one receipt for each request that is applied; needs --key.",
    )
    key = click.option(
        "--key",
        type=click.Path(path_type=Path),
        envvar="DRYSTONE_PUBLISHER_KEY",
        show_envvar=True,
        help="The publisher's private key, to sign receipts.",
    )
    return key(folder(function))


def option_of(verb: Callable[..., Any], *declarations: str, **settings: Any) -> Callable[[Command], Command]:
    """Return an option with the default of the verb's argument of that name: an option has none of its own."""
    named = next((name for name in declarations if not name.startswith("-")), None)
    long = next(name for name in declarations if name.startswith("--") or name == named)
    name = named or long.partition("/")[0].removeprefix("--").replace("-", "_")
    default = inspect.signature(verb).parameters[name].default
    assert default is not inspect.Parameter.empty, f"{verb.__name__} has no default for {name}"
    shown = default not in (None, "", ())
    return click.option(*declarations, default=default, show_default=shown, **settings)
