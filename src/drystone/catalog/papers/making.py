"""Makes a paper of a release, or of a reader, in one of the forms."""

from __future__ import annotations

from pathlib import Path
from typing import Final, get_args

from drystone.catalog.papers import PaperForm
from drystone.catalog.papers.cyclonedx import cyclonedx
from drystone.catalog.papers.described import described
from drystone.catalog.papers.eu import eu_summary
from drystone.catalog.papers.paper import AUTHORS, DATE, DESCRIPTION, URL, Form, Paper
from drystone.catalog.papers.reader_boms import reader_cyclonedx, reader_spdx
from drystone.catalog.papers.readers import described_reader
from drystone.catalog.papers.spdx import spdx
from drystone.catalog.passports.passport import Passport
from drystone.errors import UsageError
from drystone.release.documents.card import readme
from drystone.release.documents.croissant import croissant
from drystone.release.files import read_bounded_text
from drystone.release.layout import shown
from drystone.release.read import Release

#: The papers that describe models.
_OF_READERS: Final = ("spdx", "cyclonedx", "card")
#: Characters of a card.
_CARD: Final = 4_000_000


def make_reader_paper(folder: Path, passport: Passport, form: PaperForm, today: str) -> Paper:
    """Return a paper of a reader in a folder; `today` is YYYY-MM-DD.

    Raises `UsageError` for a form that is none, or that describes datasets alone.
    """
    if form not in _OF_READERS:
        why = "describes datasets" if form in get_args(PaperForm) else "is no paper"
        raise UsageError(f"{shown(form)} {why}; of a reader there are: {', '.join(_OF_READERS)}.")
    if form == "card":
        return Paper(read_bounded_text(folder / "README.md", _CARD))
    known = described_reader(folder, passport)
    return reader_spdx(known, today) if form == "spdx" else reader_cyclonedx(known)


def make_paper(release: Release, form: PaperForm, today: str) -> Paper:
    """Return a paper of a release; `today` is YYYY-MM-DD.

    Raises `UsageError` for a form that is none, `ReleaseError` where the release is damaged.
    """
    if form not in get_args(PaperForm):
        raise UsageError(f"no paper is called {shown(form)}; there are: {', '.join(get_args(PaperForm))}.")
    known = described(release)
    if form == "spdx":
        return spdx(known, today)
    if form == "cyclonedx":
        return cyclonedx(known)
    if form == "eu":
        return eu_summary(known)
    facts, left = known.facts, Form()
    left.take("description", facts.description, DESCRIPTION)
    if form == "card":
        return left.paper("".join(readme(release, known.counted)))
    left.take("creator", facts.authors, AUTHORS)
    left.take("url", facts.url, URL)
    left.take("datePublished", facts.date, DATE)
    return left.paper("".join(croissant(known.manifest, known.counted)))
