"""How a release is cited: CITATION.cff, BibTeX, CSL-JSON and DataCite metadata, all of the same facts.

BibTeX's spelling is shared with whoever cites single files. What nobody said (an author, a day) is left out or said
to be unknown in the form's own words; nothing is made up.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import yaml

from drystone.release.layout import shown

if TYPE_CHECKING:
    from drystone._json import Json
    from drystone.release.manifest import ReleaseFacts

#: What TeX takes for something else, and how it is written. BibTeX counts braces even behind a backslash.
_TEX: Final = str.maketrans(
    {
        "\\": r"{\textbackslash}", "{": r"{\textbraceleft}", "}": r"{\textbraceright}", "~": r"{\textasciitilde}",
        "^": r"{\textasciicircum}", "%": r"\%", "#": r"\#", "$": r"\$", "&": r"\&", "_": r"\_",
    }
)  # fmt: skip
#: Between these TeX makes one sign of two: "--flag" would be printed with a dash.
_LIGATURES: Final = re.compile(r"(?<=[-'`,<>?!])(?=[-'`,<>])")
#: DataCite's word for a value that nobody gave (Metadata Schema 4.5, appendix 3).
_UNAVAILABLE: Final = "(:unav)"


def tex(text: str) -> str:
    """Return a text as TeX prints it, whatever is in it."""
    return _LIGATURES.sub("{}", shown(text).translate(_TEX))


def verbatim(text: str) -> str:
    """Return an address with what would end a field, or act on a terminal, in percent-encoding."""
    return "".join(quote(one, safe="", errors="replace") if one in "\\{}" or shown(one) != one else one for one in text)


def citation_key(words: str, seed: str) -> str:
    """Return a key of letters, digits and hyphens: words to know it by, and eight digits of the seed's hash."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", words).strip("-")[:60].strip("-")
    return f"{name or 'quote'}-{hashlib.sha256(seed.encode()).hexdigest()[:8]}"


def bibtex_entry(key: str, fields: Mapping[str, str]) -> str:
    """Return an entry `@misc`, which every style knows; values stand as they are given."""
    rows = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@misc{{{key},\n{rows}}}\n"


def issued(date: str) -> Json:
    """Return a day (YYYY-MM-DD) as CSL-JSON has it."""
    return {"date-parts": [[int(part) for part in date.split("-")]]}


def makers(facts: ReleaseFacts) -> tuple[str, ...]:
    """Return who made a release; where nobody is named, that in words."""
    return facts.authors or (f"The makers of {facts.name}",)


def citation_cff(facts: ReleaseFacts, root: str) -> Iterator[str]:
    """Yield CITATION.cff, version 1.2.0 of the Citation File Format."""
    fields: dict[str, Json] = {
        "cff-version": "1.2.0",
        "type": "dataset",
        "message": "If you use this dataset, please cite it, and name the repositories listed in NOTICE.",
        "title": facts.name,
        "version": facts.version,
        "authors": [{"name": author} for author in makers(facts)],
        "license": facts.license,
        "identifiers": [{"type": "other", "value": f"sha256:{root}", "description": "Root hash of this version."}],
    }
    if facts.description:
        fields["abstract"] = facts.description
    if facts.url:
        fields["url"] = facts.url
    if facts.date:
        fields["date-released"] = facts.date
    yield str(yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=100))


def citation_bibtex(facts: ReleaseFacts, root: str) -> Iterator[str]:
    """Yield CITATION.bib: one entry, with the root hash as its note."""
    yield bibtex_entry(
        citation_key(f"{facts.name}-{facts.version}", root),
        {
            "title": "{" + tex(facts.name) + "}",
            "author": " and ".join("{" + tex(author) + "}" for author in makers(facts)),
            **({"year": facts.date[:4], "date": facts.date} if facts.date else {}),
            "version": tex(facts.version),
            "howpublished": "Dataset",
            "note": f"Root hash sha256:{root}",
            "license": tex(facts.license),
            **({"url": verbatim(facts.url)} if facts.url else {}),
        },
    )


def citation_csl(facts: ReleaseFacts, root: str) -> Iterator[str]:
    """Yield citation.json: a list of one item of CSL-JSON (csl-data.json of citation-style-language/schema)."""
    item: dict[str, Json] = {
        "id": citation_key(f"{facts.name}-{facts.version}", root),
        "type": "dataset",
        "title": facts.name,
        "version": facts.version,
        "author": [{"literal": author} for author in makers(facts)],
        "note": f"Root hash sha256:{root}",
        "custom": {"root": root, "license": facts.license},
    }
    if facts.description:
        item["abstract"] = facts.description
    if facts.url:
        item["URL"] = facts.url
    if facts.date:
        item["issued"] = issued(facts.date)
    yield json.dumps([item], indent=2) + "\n"  # ASCII: nothing in it acts on a terminal


def datacite(facts: ReleaseFacts, root: str) -> Iterator[str]:
    """Yield datacite.json: what a DOI is registered with, but the DOI (DataCite Metadata Schema 4.5, as JSON).

    The publisher is not known here. `publicationYear` is missing where no date was given; DataCite asks for one.
    """
    described: dict[str, Json] = {
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Source code"},
        "titles": [{"title": facts.name}],
        "creators": [{"name": author} for author in makers(facts)],
        "publisher": _UNAVAILABLE,
        "version": facts.version,
        "rightsList": [
            {
                "rights": facts.license,
                "rightsIdentifier": facts.license,
                "rightsIdentifierScheme": "SPDX",
                "schemeUri": "https://spdx.org/licenses/",
            }
        ],
        "alternateIdentifiers": [{"alternateIdentifier": f"sha256:{root}", "alternateIdentifierType": "root hash"}],
        "formats": ["application/x-parquet"],
    }
    if facts.description:
        described["descriptions"] = [{"description": facts.description, "descriptionType": "Abstract"}]
    if facts.url:
        described["url"] = facts.url
    if facts.date:
        described |= {"publicationYear": int(facts.date[:4]), "dates": [{"date": facts.date, "dateType": "Issued"}]}
    yield json.dumps(described, indent=2) + "\n"
