"""Forms of citations, read back by the parsers of others."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pybtex.database import BibliographyData, parse_string
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from drystone.answer import verbs
from drystone.answer.citing import CitedRelease
from drystone.answer.forms import asks_text
from drystone.answer.shapes import Citation, CitedAnswer, CitedAnswers, LicenseDuties
from drystone.identity.swhid import Swhid, parse
from drystone.release.layout import shown
from drystone.release.read import Release
from tests.release.sample import Row

#: What csl-data.json (draft-07) of citation-style-language/schema says of the fields used here; no other is allowed.
CSL = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "type": {"enum": ["article", "book", "dataset", "document", "entry", "report", "software", "webpage"]},
            "id": {"type": ["string", "number"]},
            "issued": {
                "properties": {
                    "date-parts": {
                        "type": "array", "minItems": 1, "maxItems": 2,
                        "items": {
                            "type": "array", "items": {"type": ["string", "number"]}, "minItems": 1, "maxItems": 3,
                        },
                    }
                },
                "additionalProperties": False,
            },
            **{
                name: {"type": "string"}
                for name in ("annote", "archive", "archive_location", "container-title", "note", "title", "version")
            },
            "custom": {"type": "object"},
        },
        "required": ["type", "id"],
        "additionalProperties": False,
    },
}  # fmt: skip
#: What is hostile to a terminal, to TeX, to BibTeX, to JSON and to HTML.
HOSTILE = (
    "}", "{", "{{", "\\", "\\}", "%", "%7B", "~^_#$&", '"', "'", "--", "``", "@misc{x,", ",\n}\n@comment{", "<<", "!`",
    "\x1b]0;x\x07", "\x9b31m", "\u202e", "\u200b", "\u2028", "\x00", "\r\n", "<b>", "</script>", "\\write18{rm}",
    "\\input{/etc/passwd}", " ", "é", "\U0001f600",
)  # fmt: skip
TEXTS = st.lists(
    st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=("Cs",)), max_size=3), max_size=5
).map("".join)
WORDS = TEXTS.map(lambda text: text.strip() or "word")


@st.composite
def citations(draw: st.DrawFn) -> Citation:
    path, origin, digits = "/" + draw(TEXTS), draw(TEXTS), draw(st.text("0123456789abcdef", min_size=40, max_size=40))
    named = draw(st.lists(WORDS, max_size=2))
    duties = tuple(LicenseDuties(name, "yes", "yes", "work", "grant", (), "yes") for name in named)
    date = draw(st.none() | st.dates().map(lambda date: date.isoformat()))
    swhid = str(Swhid("cnt", digits, origin=origin or None, path=path.encode(), lines=(3, 4)))
    return Citation(
        draw(WORDS), draw(WORDS), draw(WORDS), "0" * 64, draw(WORDS), origin, draw(st.none() | st.just(digits)), path,
        (3, 4), (5, 9), swhid, "1" * 64, None, draw(st.none() | WORDS), duties, draw(WORDS), date, "before", "behind",
        f"drystone:cite?{draw(st.integers(0))}",
    )  # fmt: skip


@pytest.fixture
def cited(release: Release) -> Citation:
    row = Row(
        "pypi/click", "/history.md", b"# History\n\nThe keystone was cut by *Ada Mason*, and lies in the arch.\n", None
    )
    found = CitedRelease(release).cite(row.swhid, None, 36, 45, "Ada Mason")
    assert found is not None
    return found


TEX = get_default_latex_context_db()
TEX.add_context_category(
    "signs as LaTeX has them",
    macros=[
        MacroTextSpec(f"text{name}", sign)
        for name, sign in zip(("braceleft", "braceright", "asciicircum"), "{}^", strict=True)
    ],
    prepend=True,
)


def bibliography(text: str) -> BibliographyData:
    return parse_string(text, "bibtex")


def spaced(text: str) -> str:
    """A text as it comes back from BibTeX: no mark acts, and white space is one space."""
    return " ".join(shown(text).split())


def plain(tex: str) -> str:
    """What TeX prints of a field."""
    return " ".join(LatexNodes2Text(TEX, strict_latex_spaces=True).latex_to_text(tex).split())


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(citations(), min_size=1, max_size=3, unique_by=lambda one: one.permalink))
def test_bibtex_reads_back_whatever_the_words_are(given_ones: list[Citation]) -> None:
    text = verbs.write_citations(given_ones, "bibtex")
    tame(text)
    entries = bibliography(text).entries
    assert len(entries) == len(given_ones)
    for entry, one in zip(entries.values(), given_ones, strict=True):
        assert entry.original_type == "misc"
        fields = entry.fields
        assert plain(fields["annote"]) == spaced(" ".join(one.quote.split()))
        assert plain(fields["title"]) == spaced(f"{one.path.lstrip('/')}, lines 3 to 4")
        assert plain(fields["howpublished"]) == spaced(f"{one.repository}, in {one.release} {one.version}")
        assert parse(fields["swhid"]) == parse(one.swhid)
        assert fields["permalink"] == one.permalink
        assert fields.get("date") == one.date


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(citations(), max_size=3, unique_by=lambda one: one.permalink))
def test_csl_json_is_what_its_schema_wants_and_faithful(given_ones: list[Citation]) -> None:
    text = verbs.write_citations(given_ones, "csl")
    tame(text)
    assert text.isascii()
    items: list[dict[str, Any]] = json.loads(text)
    jsonschema.Draft7Validator(CSL).validate(items)
    assert len({item["id"] for item in items}) == len(items)
    for item, one in zip(items, given_ones, strict=True):
        assert (item["annote"], item["container-title"]) == (one.quote, one.repository)
        assert (item["archive_location"], item["note"]) == (one.swhid, one.attribution)
        assert item["custom"]["path"] == one.path
        if one.date:
            assert item["issued"] == {"date-parts": [[int(part) for part in one.date.split("-")]]}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(citations())
def test_a_paragraph_has_no_more_lines_than_it_should(one: Citation) -> None:
    text = verbs.write_citations([one], "text")
    tame(text)
    assert len(text.splitlines()) == (6 if one.asks else 5)
    assert text.splitlines()[-1] == one.permalink


def tame(text: str) -> None:
    """Nothing in a text acts on a terminal: no control, format or bidirectional character but line ends."""
    assert not [c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]


def test_what_a_citation_says_in_each_form(cited: Citation) -> None:
    assert verbs.write_citations([cited, cited], "text").splitlines()[:4] == [
        '"Ada Mason"',
        "pypi/click, history.md, line 3, 2024-02-29. In Sample stones 1.0.0 (root "
        f"{cited.root}), bytes 36 to 45 of the released text (SHA-256 {cited.released_sha256}).",
        "pypi/click, history.md. Copyright (c) 2020 Pallets. licensed under MIT.",
        "MIT asks: attribution, its text with every copy.",
    ]
    (key,) = (entries := bibliography(verbs.write_citations([cited, cited], "bibtex")).entries)
    assert re.fullmatch(r"pypi-click-history-md-[0-9a-f]{8}", key)
    fields = entries[key].fields
    assert (fields["title"], fields["year"], fields["license"]) == ("{history.md, line 3}", "2024", "MIT")
    assert "asks: attribution" in fields["note"]
    (item,) = json.loads(verbs.write_citations([cited], "csl"))
    assert (item["id"], item["title"]) == (key, "history.md, line 3")
    assert item["issued"] == {"date-parts": [[2024, 2, 29]]}


def test_each_place_of_all_answers_is_cited_once_and_nothing_found_is_nothing_written(
    cited: Citation, make: Callable[..., Release]
) -> None:
    found = CitedAnswers("Who?", (CitedAnswer("Ada Mason", 0.9, (cited,)), CitedAnswer("Ada", 0.8, (cited,))))
    assert verbs.write_citations(found, "bibtex").count("@misc{") == 1
    nothing = CitedAnswers("Who?", ())
    assert [verbs.write_citations(nothing, form) for form in ("text", "bibtex", "csl")] == ["", "", "[]\n"]


@pytest.mark.parametrize(
    ("duties", "said"),
    [
        (LicenseDuties("CC0-1.0", "no", "no", "none", "excluded", (), "yes"), "CC0-1.0 asks: nothing"),
        (
            LicenseDuties("MPL-2.0", "yes", "yes", "file", "grant", (), "yes"),
            "MPL-2.0 asks: attribution, its text with every copy, to share alike (file)",
        ),
        (
            LicenseDuties("CC-BY-NC-4.0", "unknown", "unknown", "unknown", "excluded", ("no commercial use",), "yes"),
            "CC-BY-NC-4.0 asks: no commercial use that is known (not known: attribution, its text with every copy, "
            "to share alike)",
        ),
    ],
)
def test_what_a_licence_asks_is_said_and_what_is_unknown_too(duties: LicenseDuties, said: str) -> None:
    assert asks_text([duties]) == said
