"""From what somebody names to a passport: a name in the catalog, or one of the forms that lie at a path."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from drystone.catalog.importing.cards import LONGEST, import_card, import_hub_folder
from drystone.catalog.importing.croissant import import_croissant
from drystone.catalog.importing.datasets import import_dataset
from drystone.catalog.importing.evaluations import import_evaluations
from drystone.catalog.importing.imported import Imported
from drystone.catalog.importing.readers import import_reader
from drystone.catalog.importing.releases import import_release
from drystone.catalog.importing.structured import top_keys
from drystone.catalog.importing.unfragile import import_unfragile
from drystone.catalog.passports.reading import LARGEST, load_with_texts, problems_of
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import UsageError
from drystone.reader.model.installed import installed
from drystone.release.files import read_bounded_text
from drystone.release.layout import shown
from drystone.release.read import open_release

#: What a passport is made of.
FORMS: Final = (
    "release, reader, folder of Parquet in The Stack's columns, folder or card (.md) of a hub, Croissant file, "
    "unfragile.yml or passport of unfragile, file of Every Eval Ever, or passport (.json)"
)


def import_from(what: str, name: str | None = None) -> Imported:
    """Return the passport of what lies at a path; FORMS says what that can be.

    `name`: of the artifact, where the source does not say it. The name of an installed reader stands for its folder.
    Raises `UsageError` where it is none of these or holds what no passport can, `ReleaseError` where a release is
    damaged.
    """
    try:
        return _imported(Path(what), what, name, datetime.now(UTC).date().isoformat())
    except ValidationError as error:
        raise UsageError("\n".join(f"{shown(what)}: {said}" for said in problems_of(error))) from None


def _imported(path: Path, what: str, name: str | None, date: str) -> Imported:
    readers = installed()
    if not path.exists() and what in readers:
        return import_reader(readers[what], name or what, date)
    if path.is_dir():
        own = name or path.resolve().name
        if (path / "manifest.json").is_file():
            return import_release(open_release(path), date)
        if (path / "config.json").is_file():
            return import_reader(path, own, date)
        if any(path.rglob("*.parquet")):
            return import_dataset(path, own, date)
        if (path / "README.md").is_file():
            return import_hub_folder(path, own, date)
    if path.is_file():
        source = str(path)
        if path.suffix == ".md":
            return import_card(read_bounded_text(path, LONGEST), source, date, name)
        if path.suffix in {".yml", ".yaml"}:
            return import_unfragile(read_bounded_text(path, LONGEST), source, date, name)
        if path.suffix == ".json":
            return _of_json(path, source, date, name)
    raise UsageError(f"{shown(what)}: is no {FORMS}, and no installed reader has this name.")


def _of_json(path: Path, source: str, date: str, name: str | None) -> Imported:
    """Return the passport that a JSON file gives: by a key that only one of the forms has."""
    text = read_bounded_text(path, LARGEST)
    keys = top_keys(text)
    if "conformsTo" in keys or "dct:conformsTo" in keys:
        return import_croissant(text, source, date, name)
    if "evaluation_results" in keys:
        return import_evaluations(text, source, date, name)
    if "passport" in keys or "unfragile" in keys:
        return import_unfragile(text, source, date, name)
    return Imported(*load_with_texts(path))


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
