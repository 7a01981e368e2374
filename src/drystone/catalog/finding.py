"""From what somebody names to a passport: a name in the catalog, a release, a reader, a card, a passport's file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from drystone.catalog.importing.cards import import_card
from drystone.catalog.importing.imported import Imported
from drystone.catalog.importing.readers import import_reader, read_text
from drystone.catalog.importing.releases import import_release
from drystone.catalog.passports.reading import load_passport
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import UsageError
from drystone.reader.model.installed import installed
from drystone.release.layout import shown
from drystone.release.read import open_release


def import_from(what: str, name: str | None = None) -> Imported:
    """Return the passport of what lies at a path: a release, a reader's folder, a card (.md), a passport (.json).

    `name`: of the artifact, where the source does not say it. The name of an installed reader stands for its folder.
    Raises `UsageError` where it is none of these, `ReleaseError` where a release is damaged.
    """
    path, date = Path(what), datetime.now(UTC).date().isoformat()
    readers = installed()
    if not path.exists() and what in readers:
        return import_reader(readers[what], name or what, date)
    if (path / "manifest.json").is_file():
        return import_release(open_release(path), date)
    if (path / "config.json").is_file():
        return import_reader(path, name or path.resolve().name, date)
    if path.suffix == ".json" and path.is_file():
        return Imported(load_passport(path), {})
    if path.suffix == ".md" and path.is_file():
        return import_card(read_text(path), str(path), date, name)
    raise UsageError(
        f"{shown(what)}: is no release, reader, card (.md) or passport (.json), and no installed reader has this name."
    )


def passport_of(what: str, shelf: Shelf) -> Imported:
    """Return the passport of an artifact by its name in the catalog, else of what lies at this path.

    Raises `UsageError` where it is neither, with near names.
    """
    found = shelf.find(what)
    if found is not None:
        return Imported(found, shelf.texts(found))
    if Path(what).exists() or what in installed():
        return import_from(what)
    found = shelf.get(what)  # which tells what is near
    return Imported(found, shelf.texts(found))
