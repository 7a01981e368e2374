"""Where a registry lies: the one that is named, or the one by default; and opening one that must be there already."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drystone._words import many
from drystone.errors import RegistryError, UsageError
from drystone.identity.origins import public

if TYPE_CHECKING:
    from drystone.registry.registry import Registry
    from drystone.registry.versions import NewerVersion

#: The registry of those who name none: a file in the working folder.
DEFAULT_REGISTRY: Final = "drystone-registry.sqlite"
#: The environment variable that names another one.
VARIABLE: Final = "DRYSTONE_REGISTRY"


def named_place(named: str | None, stated: str | None = None) -> str | None:
    """Return the path or URL that somebody names a registry by: `named`, else `VARIABLE`'s, else what a file `stated`.

    None where nobody names one.
    """
    return named or os.environ.get(VARIABLE) or stated or None


def place_of(named: str | None, stated: str | None = None) -> str:
    """Return the path or URL of the registry to use: `named_place`, else `DEFAULT_REGISTRY`."""
    return named_place(named, stated) or DEFAULT_REGISTRY


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
    """Return whether a registry's file exists; a database on a server is taken to be there."""
    place = place.removeprefix("sqlite:///")
    return "://" in place or Path(place).expanduser().is_file()


def place_to_use(named: str | None, stated: str | None = None) -> str:
    """Return `place_of`; one that somebody names must be there, and the default one is made by whoever opens it.

    Raises `UsageError` where a registry that is named is not there: a misspelt path must not make an empty one, in
    which nothing is opted out.
    """
    place = named_place(named, stated)
    return _existing(place) if place is not None else DEFAULT_REGISTRY


def place_of_build(named: str | None, stated: str | None, output: Path, *, first: bool) -> str:
    """Return `place_to_use` for a build into the folder `output`, whose `first` build may make the registry beside it.

    It may where nothing can be forgotten: where that folder holds no other registry and no release.
    """
    place = named_place(named, stated)
    if place is not None and first and "://" not in place and _is_new(Path(place).expanduser(), output):
        return place
    return place_to_use(named, stated)


def _is_new(registry: Path, output: Path) -> bool:
    """Return whether a registry's folder is that of the output, and holds no registry and no release."""
    folder = registry.absolute().parent
    if folder != output.absolute().parent or not folder.is_dir() or any(folder.glob("*/manifest.json")):
        return False
    return not any(_may_be_a_registry(file) for file in folder.iterdir() if file.is_file())


def _may_be_a_registry(file: Path) -> bool:
    """Return whether a file is a database of SQLite, or cannot be read."""
    try:
        with file.open("rb") as opened:
            return opened.read(16) == b"SQLite format 3\0"
    except OSError:
        return True


def open_registry(named: str | None = None) -> Registry:
    """Open a registry. One that somebody names must be there; the default one is made where there is none.

    Raises `UsageError` where there is none, `RegistryError` where it cannot be used.
    """
    from drystone.registry.registry import Registry

    place = place_to_use(named)
    return Registry(place, create=named_place(named) is None)


def open_existing(named: str | None = None) -> Registry:
    """Open a registry that is there. Raises `UsageError` where none is, `RegistryError` where it cannot be used."""
    place = _existing(place_of(named))
    from drystone.registry.registry import Registry

    return Registry(place, create=False)


def make_registry(named: str | None = None) -> str:
    """Make a new registry and return its place as it may be shown. Raises `UsageError` where one with events is."""
    from drystone.registry.registry import Registry

    place = place_of(named)
    with Registry(place) as made:
        if made.events.all():
            raise UsageError(f"{_shown(place)}: a registry is there already, with events; it stays as it is")
    return _shown(place)


def check_holds(registry: Registry | None, place: str | None, carried: Mapping[str, str | None]) -> None:
    """Check that a registry goes on from the states under which releases were made, so that nothing is forgotten.

    `registry` lies at `place`; None where there is none. `carried` gives for each release, by name, the head in its
    manifest: None or the head of an empty log where nothing was opted out. Raises `UsageError` for one that the log
    does not hold.
    """
    from drystone.registry.snapshot import GENESIS

    for name, head in carried.items():
        if head is None or head == GENESIS or (registry is not None and registry.events.holds(head)):
            continue
        at = _shown(place) if place is not None else "no registry"
        raise UsageError(
            f"{name}: was made with a registry at state {head[:12]}, which {at} does not hold: it is another one, a "
            "new one, or an older copy. What people opted out would come back. Name the registry that holds it, with "
            f"--registry or {VARIABLE}, or restore its newest backup"
        )


def told(place: str, head: str | None, in_force: int | None) -> str:
    """Return one line that says which registry was applied, at which state, and how many requests were in force."""
    count = "an unknown number of requests" if in_force is None else many(in_force, "request")
    return f"registry {_shown(place)}: state {(head or 'unknown')[:12]}, {count} to opt out in force"


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
    make = f"drystone registry --registry {shlex.quote(_shown(place))} init"
    raise UsageError(
        f"{_shown(place)}: no registry there, so nobody can say what was opted out. Name the one that you have with "
        f"--registry or {VARIABLE}; a new one is made with: {make}"
    )


def _shown(place: str) -> str:
    """Return a path or URL without a password."""
    return public(place) if "://" in place else place
