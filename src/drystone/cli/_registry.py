"""What the commands on a registry share: the option that names it, and opening one that is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from drystone.errors import RegistryError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from drystone.registry import Registry, Successor

DEFAULT_REGISTRY: Final = "drystone-registry.sqlite"

option = click.option(
    "--registry",
    default=DEFAULT_REGISTRY,
    envvar="DRYSTONE_REGISTRY",
    show_default=True,
    show_envvar=True,
    help="The registry: a file, or a database URL.",
)


def receipts(function: Any) -> Any:
    """Add the options `--key` and `--receipts`; see `signing`."""
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


def signing(key: Path | None, receipts: Path | None) -> Ed25519PrivateKey | None:
    """Return the key that signs receipts, None where none are wanted. Raises `UsageError` where one is missing."""
    if (receipts is None) != (key is None):
        raise UsageError("--receipts and --key belong together: a folder for receipts and the key that signs them")
    if key is None:
        return None
    from drystone.release.versions.receipts import load_private

    return load_private(key)


def successor_of(
    root: str, registry: str | None, beside: Path, *, named: bool = False
) -> tuple[Successor | None, str | None]:
    """Return what a registry knows of the version after one, and a note where one that is there could not be asked.

    Without `registry` the default one is asked, here or in the folder `beside`. Registries are left as they are. Raises
    `UsageError` or `RegistryError` where one that was `named` on the command line is not there or cannot be used.
    """
    for place in [registry] if registry is not None else [DEFAULT_REGISTRY, str(beside / DEFAULT_REGISTRY)]:
        if "://" not in place and not Path(place).is_file():
            if named:
                raise UsageError(_nothing_there(place))
            continue
        from drystone.registry import Registry

        try:
            with Registry(place, migrate=False) as opened:
                if (found := opened.versions.successor(root)) is not None:
                    return found, None
        except RegistryError as error:
            if named:
                raise
            return None, f"Whether it is superseded could not be asked: {error}"
    return None, None


def _nothing_there(registry: str) -> str:
    return (
        f"{registry}: no registry there. A build or a request makes one; name it with --registry or DRYSTONE_REGISTRY."
    )


def existing(registry: str) -> Registry:
    """Open a registry that is already there: a misspelt path should not make an empty one."""
    if "://" not in registry and not Path(registry).exists():
        raise UsageError(_nothing_there(registry))
    from drystone.registry import Registry

    return Registry.open(registry)
