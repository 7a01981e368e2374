"""Where a registry lies: the one that is named, or the one by default; and opening one that must be there already."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drystone.errors import RegistryError, UsageError

if TYPE_CHECKING:
    from drystone.registry.registry import Registry
    from drystone.registry.versions import NewerVersion

#: The registry of those who name none: a file in the working folder.
DEFAULT_REGISTRY: Final = "drystone-registry.sqlite"
#: The environment variable that names another one.
VARIABLE: Final = "DRYSTONE_REGISTRY"


def place_of(named: str | None, stated: str | None = None) -> str:
    """Return the path or URL of the registry to use: the one that is `named`, or by default.

    The default is what `VARIABLE` says, else what was `stated` in a file, else `DEFAULT_REGISTRY`.
    """
    return named or os.environ.get(VARIABLE) or stated or DEFAULT_REGISTRY


#: What `chosen_by` answers where the place that was stated in a file is used.
STATED: Final = "the settings"


def chosen_by(named: str | None, stated: str | None = None) -> str:
    """Return in words why `place_of` answers what it answers."""
    if named:
        return "the argument registry"
    if os.environ.get(VARIABLE):
        return f"the environment: {VARIABLE}"
    return STATED if stated else "default"


def is_there(place: str) -> bool:
    """Return whether a registry's file exists; a database that is named by URL is taken to be there."""
    return "://" in place or Path(place).is_file()


def open_registry(named: str | None = None) -> Registry:
    """Open a registry, and make it where there is none. Raises `RegistryError` where it cannot be used."""
    from drystone.registry.registry import Registry

    return Registry.open(place_of(named))


def open_existing(named: str | None = None) -> Registry:
    """Open a registry that is there already: a misspelt path should not make an empty one.

    Raises `UsageError` where there is no file, `RegistryError` where it cannot be used.
    """
    place = _existing(place_of(named))
    from drystone.registry.registry import Registry

    return Registry.open(place)


def successor_of(root: str, named: str | None, beside: Path) -> tuple[NewerVersion | None, str | None]:
    """Return what a registry knows of the version after one, and a note where one that is there could not be asked.

    `root` is the root hash of the version. Where no registry is `named`, the one that `VARIABLE` names is asked, else
    the default one, here or in the folder `beside`. Registries are left as they are. Raises `UsageError` or
    `RegistryError` where one that was `named` is not there or cannot be used.
    """
    if named is not None:
        return _successor(root, _existing(named)), None
    said = os.environ.get(VARIABLE)
    for place in filter(is_there, [said] if said else [DEFAULT_REGISTRY, str(beside / DEFAULT_REGISTRY)]):
        try:
            found = _successor(root, place)
        except RegistryError as error:
            return None, f"Whether it is superseded could not be asked: {error}"
        if found is not None:
            return found, None
    return None, None


def _successor(root: str, place: str) -> NewerVersion | None:
    from drystone.registry.registry import Registry

    with Registry(place, migrate=False) as opened:
        return opened.versions.successor(root)


def _existing(place: str) -> str:
    if is_there(place):
        return place
    raise UsageError(
        f"{place}: no registry there. A build or a request makes one; name it with --registry or {VARIABLE}."
    )
