"""Citations as others take them: a paragraph to paste, BibTeX, CSL-JSON. Knows no release.

What a release says may be anything: braces, backslashes, escape sequences. In each form it stands as text and as
nothing else. Plain text and BibTeX show control characters as `\\x1b`; CSL-JSON has them, escaped as JSON does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final, Literal

from drystone.answer.shapes import Citation, LicenseDuties
from drystone.release.documents.citations import bibtex_entry, citation_key, issued, tex, verbatim
from drystone.release.layout import shown

CitationForm = Literal["text", "bibtex", "csl"]

#: Of the duties of a licence, those that it asks for or not.
_DUTIES: Final = {"attribution": "attribution", "notice": "its text with every copy"}


def write_citations(citations: Iterable[Citation], form: CitationForm) -> str:
    """Return citations in a form, each once: paragraphs, a BibTeX file, or a list of CSL-JSON; ends with a line end."""
    each = list({citation.permalink: citation for citation in citations}.values())
    if form == "text":
        return "\n".join(map(_paragraph, each))
    if form == "bibtex":
        return "\n".join(map(_bibtex, each))
    return json.dumps([_csl(one) for one in each], indent=2) + "\n"  # ASCII: nothing in it acts on a terminal


def asks_text(asks: Iterable[LicenseDuties]) -> str:
    """Return what licences ask in a sentence, empty where there is none: "MIT asks: attribution, ..."."""
    return "; ".join(f"{shown(one.license)} asks: {_duties(one)}" for one in asks)


def lines_text(citation: Citation) -> str:
    """Return "line 3" or "lines 3 to 5"."""
    first, last = citation.lines
    return f"line {first}" if first == last else f"lines {first} to {last}"


def _duties(one: LicenseDuties) -> str:
    duties = [text for name, text in _DUTIES.items() if getattr(one, name) == "yes"]
    if one.share_alike not in {"none", "unknown"}:
        duties.append(f"to share alike ({one.share_alike})")
    asked = ", ".join([*duties, *one.limits])
    unknown = [text for name, text in (*_DUTIES.items(), ("share_alike", "to share alike")) if _unknown(one, name)]
    return f"{asked or 'nothing'}{' that is known' * bool(unknown)}" + (
        f" (not known: {', '.join(unknown)})" if unknown else ""
    )


def _unknown(one: LicenseDuties, name: str) -> bool:
    return bool(getattr(one, name) == "unknown")


def _paragraph(one: Citation) -> str:
    parts = [f"{shown(one.repository)}, {shown(one.path.lstrip('/'))}, {lines_text(one)}"]
    parts += [f"revision {one.revision}"] if one.revision else []
    parts += [one.date] if one.date else []
    lines = [
        f'"{_spaced(one.quote)}"',
        f"{', '.join(parts)}. In {shown(one.release)} {shown(one.version)} (root {one.root}), bytes {one.bytes[0]} to "
        f"{one.bytes[1]} of the released text (SHA-256 {one.released_sha256}).",
        shown(one.attribution),
        *([f"{asks}."] if (asks := asks_text(one.asks)) else []),
        shown(one.swhid),
        one.permalink,
    ]
    return "\n".join(lines) + "\n"


def _bibtex(one: Citation) -> str:
    """Return an entry: `@misc`, which every style knows, with fields of biblatex and of biblatex-software besides."""
    fields = {
        "title": "{" + tex(f"{one.path.lstrip('/')}, {lines_text(one)}") + "}",
        "howpublished": tex(f"{one.repository}, in {one.release} {one.version}"),
        **({"year": one.date[:4], "date": one.date} if one.date else {}),
        "note": tex(" ".join([one.attribution, asks_text(one.asks), one.swhid.partition(";")[0]])),
        "annote": tex(_spaced(one.quote)),
        **({"license": tex(one.license)} if one.license else {}),
        "version": tex(one.revision or one.version),
        "repository": verbatim(one.origin),
        "swhid": verbatim(one.swhid),
        "released_sha256": one.released_sha256,
        "permalink": one.permalink,
    }
    return bibtex_entry(_key(one), fields)


def _csl(one: Citation) -> dict[str, object]:
    """Return an item of CSL-JSON (csl-data.json of citation-style-language/schema); `custom` has what it cannot say."""
    item: dict[str, object] = {
        "id": _key(one),
        "type": "software",
        "title": f"{one.path.lstrip('/')}, {lines_text(one)}",
        "container-title": one.repository,
        "archive": f"{one.release} {one.version}",
        "archive_location": one.swhid,
        "note": one.attribution,
        "annote": one.quote,
        "custom": {
            "license": one.license, "release": one.release, "version": one.version, "root": one.root,
            "origin": one.origin, "path": one.path, "lines": one.lines, "bytes": one.bytes, "swhid": one.swhid,
            "released_sha256": one.released_sha256, "permalink": one.permalink,
        },
    }  # fmt: skip
    if one.revision:
        item["version"] = one.revision
    if one.date:
        item["issued"] = issued(one.date)
    return item


def _key(one: Citation) -> str:
    """Return a key that no other quote has."""
    return citation_key(f"{one.repository}-{one.path.rpartition('/')[2]}", one.permalink)


def _spaced(text: str) -> str:
    """Return a text in one line: white space of any kind is one space."""
    return shown(" ".join(text.split()))
