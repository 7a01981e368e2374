"""What can be done with a catalog: the verbs of this room, light to load and each with its defaults.

`catalog` is a database's path or SQLAlchemy URL; None: only what comes with the program. An artifact is named by its
name, title or alias in the catalog, or by the path of a release, a reader, a card or a passport.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drystone.catalog.comparing.shapes import Comparison
    from drystone.catalog.importing.imported import Imported
    from drystone.catalog.papers import PaperForm
    from drystone.catalog.papers.paper import Paper
    from drystone.catalog.passports.passport import Identity, Passport
    from drystone.catalog.passports.texts import FoundQuote

    AnyPath = str | os.PathLike[str]


def compare(artifacts: Sequence[AnyPath], *, catalog: AnyPath | None = None) -> Comparison:
    """Compare two or more artifacts: jobs that they share, facts side by side, who is ahead by which, or no shared job.

    Raises `UsageError` for an artifact that is nowhere, is named twice, or for fewer than two.
    """
    from drystone.catalog.comparing.compare import compare_passports
    from drystone.catalog.finding import passport_of
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        return compare_passports([passport_of(os.fspath(one), shelf).passport for one in artifacts])


def show_artifact(artifact: AnyPath, *, catalog: AnyPath | None = None) -> Passport:
    """Return the passport of an artifact. Raises `UsageError` where it is nowhere."""
    from drystone.catalog.finding import passport_of
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        return passport_of(os.fspath(artifact), shelf).passport


def check_artifact(artifact: AnyPath, *, catalog: AnyPath | None = None) -> list[FoundQuote]:
    """Look for every quote of an artifact's passport in the texts that were kept. Raises `UsageError`."""
    from drystone.catalog.finding import passport_of
    from drystone.catalog.passports.texts import find_quotes
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        found = passport_of(os.fspath(artifact), shelf)
        return find_quotes(found.passport, found.texts)


def list_artifacts(*, catalog: AnyPath | None = None) -> list[Identity]:
    """Return all artifacts by name."""
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        return [passport.artifact for passport in shelf.passports()]


def add_artifact(
    source: AnyPath, catalog: AnyPath, *, name: str | None = None, replace: bool = False, dry_run: bool = False
) -> Imported:
    """Make a passport of a release, a reader, a card or a passport's file, and keep it in a catalog.

    The catalog is made where there is none. `replace` one of the same name. `dry_run`: check, and keep nothing. The
    result's `notes` say what of the source is in no fact. Raises `UsageError`, `ReleaseError`.
    """
    from drystone.catalog.finding import import_from
    from drystone.catalog.shelf.shelf import Shelf

    imported, place = import_from(os.fspath(source), name), os.fspath(catalog)
    missing = dry_run and "://" not in place and not Path(place).exists()
    with Shelf(None if missing else place, make=not dry_run) as shelf:
        shelf.add(imported, replace=replace, dry_run=dry_run)
    return imported


def remove_artifact(name: str, catalog: AnyPath) -> None:
    """Forget an artifact of a catalog. Raises `UsageError` where it does not hold it."""
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(os.fspath(catalog)) as shelf:
        shelf.remove(name)


def validate_passport(file: AnyPath) -> list[str]:
    """Return what is wrong with a passport's file, each fault with its field; none where it is right."""
    from drystone.catalog.passports.reading import file_problems

    return file_problems(Path(file))


def make_paper(release: AnyPath, form: PaperForm) -> Paper:
    """Make a paper of a release; its `left_open` names the fields that the release does not know.

    Raises `UsageError` for another form or for no release, `ReleaseError` where it is damaged.
    """
    from datetime import UTC, datetime

    from drystone.catalog.papers.making import make_paper as made
    from drystone.release.read import open_release

    return made(open_release(release), form, datetime.now(UTC).date().isoformat())


def _place(catalog: AnyPath | None) -> str | None:
    return None if catalog is None else os.fspath(catalog)
