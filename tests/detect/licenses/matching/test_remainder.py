"""The words that no licence explains, and what they do to its answer."""

from __future__ import annotations

import pytest
from benchmarks.detection.restricted import BASES, HARMLESS, RESTRICTIONS, base, texts

from drystone.detect.licenses import LicenseState, detect_file, detect_text
from drystone.detect.licenses.annotation import families


def read(text: str) -> tuple[LicenseState, str | None]:
    found = detect_text(text.encode(), "text", strict=False)
    return found.state, found.expression


def test_a_restriction_takes_the_name_away_wherever_it_stands() -> None:
    missed = [
        (licence, name)
        for licence, name, text in texts(
            {k: RESTRICTIONS[k] for k in ("commons clause", "source", "fossil fuels", "term")}
        )
        if read(text)[0] is LicenseState.GRANTED and licence in families(read(text)[1])
    ]
    assert len(missed) <= 1, missed


@pytest.mark.slow
def test_nearly_every_restriction_is_seen() -> None:
    cases = list(texts(RESTRICTIONS))
    seen = [licence not in families(read(text)[1]) for licence, _, text in cases]
    assert len(cases) > 1500
    assert sum(seen) / len(seen) >= 0.98


def test_harmless_words_take_nothing_away() -> None:
    for licence in BASES[:6]:
        for sentence in HARMLESS:
            assert families(read(f"{sentence}\n\n{base(licence)}")[1]) == {licence}, (licence, sentence)


def test_the_evidence_names_the_licence_and_the_words_that_restrict_it() -> None:
    text = base("MIT") + "\nThe Software may not be used for commercial purposes.\n"
    found = detect_text(text.encode(), "text", strict=False)
    assert found.expression is None
    assert found.denied
    assert [e.expression for e in found.evidence if e.expression] == ["MIT"]
    (ground,) = found.grounds
    assert ground.rule == "denied:non-commercial"
    assert ground.start_line == text.count("\n")


@pytest.mark.parametrize(
    ("identifier", "changes"),
    [
        ("Sleepycat", [("SLEEPYCAT SOFTWARE", "MARIGOLD LTD"), ("Sleepycat Software", "Marigold Ltd")]),
        ("PHP-3.01", []),
        ("BSD-3-Clause-No-Nuclear-License", [("Sun Microsystems, Inc.", "Marigold Ltd")]),
        ("JSON", [("JSON.org", "Jane Marigold")]),
    ],
)
def test_a_listed_licence_that_adds_the_same_words_is_named(identifier: str, changes: list[tuple[str, str]]) -> None:
    text = base(identifier)
    for old, new in changes:
        text = text.replace(old, new)
    assert read(text) == (LicenseState.GRANTED, identifier)


def test_words_beside_copyleft_restrict_only_where_they_say_what() -> None:
    notice = "This program is licensed under the GNU General Public License, version 2 only.\n\n"
    assert read(notice + "If you change the grammar, you must generate the parser again.\n")[1] == "GPL-2.0-only"
    assert read(notice + "Use of the program for commercial purposes is not permitted.\n")[0] is LicenseState.DENIED


def test_prose_that_forbids_something_else_denies_nothing() -> None:
    page = "# Ромашка\n\nЧтобы запретить расцветку, используется класс no-highlight.\n"
    assert detect_file(page.encode(), "README.ru.md").state is LicenseState.ABSENT
    denied = page + "\nКоммерческое использование программы запрещено.\n"
    assert detect_file(denied.encode(), "README.ru.md").state is LicenseState.DENIED
    # A licence text says what it forbids in any words, and so does what stands below a heading that says licence.
    assert detect_file("Запрещено всем.".encode(), "LICENSE").state is LicenseState.DENIED
