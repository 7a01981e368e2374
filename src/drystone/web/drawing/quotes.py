"""Cited quotes as pages show them: in the lines around them, with the forms to copy. Knows no route."""

from __future__ import annotations

from typing import Final, NamedTuple, get_args

from markupsafe import Markup

from drystone.answer.forms import CitationForm, write_citations
from drystone.answer.shapes import Citation
from drystone.web.drawing.matches import quoted
from drystone.web.drawing.pages import link

#: What the forms are called, in the order of `CitationForm`.
_NAMES: Final = ("Text", "BibTeX", "CSL-JSON")


class QuotedPlace(NamedTuple):
    """A citation with the pages of its file and of its quote, its lines (number, HTML, if quoted), and its forms."""

    citation: Citation
    file: str
    permalink: str
    lines: list[tuple[int, Markup, bool]]
    forms: dict[str, str]


def quoted_place(citation: Citation, served: str) -> QuotedPlace:
    """Return a citation to be drawn; `served` is the name of its release in addresses."""
    first = citation.lines[0]
    lines = quoted(citation.prefix, citation.quote, citation.suffix, first - citation.prefix.count("\n"))
    forms = zip(_NAMES, get_args(CitationForm), strict=True)
    return QuotedPlace(
        citation,
        link("releases", served, "files", citation.swhid) + f"#L{first}",
        "/cite?" + citation.permalink.partition("?")[2],
        lines,
        {name: write_citations([citation], form) for name, form in forms},
    )
