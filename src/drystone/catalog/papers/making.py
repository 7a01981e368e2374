"""Makes a paper of a release in one of the forms."""

from __future__ import annotations

from typing import get_args

from drystone.catalog.papers import PaperForm
from drystone.catalog.papers.cyclonedx import cyclonedx
from drystone.catalog.papers.described import described
from drystone.catalog.papers.eu import eu_summary
from drystone.catalog.papers.paper import AUTHORS, DATE, DESCRIPTION, URL, Form, Paper
from drystone.catalog.papers.spdx import spdx
from drystone.errors import UsageError
from drystone.release.documents.card import readme
from drystone.release.documents.croissant import croissant
from drystone.release.layout import shown
from drystone.release.read import Release


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
