"""A release is cited in four forms that say the same; what is hostile in a name stays text in each."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from drystone.release.documents.citations import (
    citation_bibtex,
    citation_cff,
    citation_csl,
    datacite,
    makers,
)
from drystone.release.manifest import ReleaseFacts
from tests.release.sample import FACTS

ROOT = "ab" * 32
HOSTILE = ReleaseFacts(
    name="x}, author = {me}\n% \\input{/etc/passwd} \x1b[31m",
    version="1_0",
    configuration={},
    url="https://e.org/}{\x1b",
)


@pytest.mark.parametrize("facts", [FACTS, FACTS.model_copy(update={"authors": (), "date": None}), HOSTILE])
def test_four_forms_say_the_same(facts: ReleaseFacts) -> None:
    cff = yaml.safe_load("".join(citation_cff(facts, ROOT)))
    (csl,) = json.loads("".join(citation_csl(facts, ROOT)))
    doi = json.loads("".join(datacite(facts, ROOT)))
    assert cff["title"] == csl["title"] == doi["titles"][0]["title"] == facts.name
    assert cff["version"] == csl["version"] == doi["version"] == facts.version
    names = list(makers(facts))
    assert [author["name"] for author in cff["authors"]] == [author["literal"] for author in csl["author"]] == names
    assert [creator["name"] for creator in doi["creators"]] == names
    assert cff["identifiers"][0]["value"] == doi["alternateIdentifiers"][0]["alternateIdentifier"] == f"sha256:{ROOT}"
    assert ("issued" in csl) == ("publicationYear" in doi) == (facts.date is not None), "no date is made up"
    assert doi["types"]["resourceTypeGeneral"] == "Dataset"
    for form in (citation_cff, citation_bibtex, citation_csl, datacite):
        assert "\x1b" not in "".join(form(facts, ROOT))


def test_bibtex_is_one_entry_whatever_the_name_is() -> None:
    text = "".join(citation_bibtex(FACTS, ROOT))
    assert re.match(r"@misc\{Sample-stones-1-0-0-[0-9a-f]{8},\n", text)
    assert "  author = {{The makers of the sample}},\n" in text
    assert "  year = {2026},\n" in text
    hostile = "".join(citation_bibtex(HOSTILE, ROOT))
    assert hostile.count("@misc") == 1
    assert hostile.count("{") == hostile.count("}"), "BibTeX counts braces even behind a backslash"
    fields = re.findall(r"^  ([a-z]+) = ", hostile, re.MULTILINE)
    assert fields == ["title", "author", "version", "howpublished", "note", "license", "url"]
    assert "\\input" not in hostile
