"""What the commands on a registry share: the option that names it, and opening one that is there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from drystone.errors import UsageError
from drystone.registry import Registry

DEFAULT_REGISTRY: Final = "drystone-registry.sqlite"

option = click.option(
    "--registry",
    default=DEFAULT_REGISTRY,
    envvar="DRYSTONE_REGISTRY",
    show_default=True,
    show_envvar=True,
    help="The registry: a file, or a database URL.",
)


def existing(registry: str) -> Registry:
    """Open a registry that is already there: a misspelt path should not make an empty one."""
    if "://" not in registry and not Path(registry).exists():
        raise UsageError(
            f"{registry}: no registry there. A build or a request makes one; name it with --registry or "
            "DRYSTONE_REGISTRY."
        )
    return Registry.open(registry)
