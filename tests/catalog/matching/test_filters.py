from __future__ import annotations

import pytest

from drystone.catalog.matching.entries import entries_of
from drystone.catalog.matching.filters import checked, unmet
from drystone.catalog.matching.shapes import MatchFilters
from drystone.errors import UsageError
from tests.catalog.passports.made import disputed, known, passport, unknown

HAS = entries_of(
    passport(
        "has", known("license", "MIT OR GPL-3.0-only"), known("price", 0), known("offline", True),
        known("languages.natural", ["en", "de"]),
    )
)  # fmt: skip
SILENT = entries_of(passport("silent", unknown("license"), disputed("price", "free", 12)))


@pytest.mark.parametrize(
    ("wanted", "out"),
    [
        (MatchFilters(), []),
        (MatchFilters(kind="reader", license="MIT", free=True, offline=True, language="DE"), []),
        (MatchFilters(license="permissive"), []),
        (MatchFilters(license="GPL-3.0-only"), []),
        (MatchFilters(license="Apache-2.0"), [("license", False)]),
        (MatchFilters(kind="dataset", language="fr"), [("kind", False), ("language", False)]),
    ],
)
def test_what_is_known_passes_or_does_not(wanted: MatchFilters, out: list[tuple[str, bool]]) -> None:
    assert list(unmet(HAS, wanted)) == out


def test_what_nobody_knows_does_not_pass_and_is_told_apart() -> None:
    wanted = MatchFilters(license="MIT", free=True, offline=True, language="en")
    assert list(unmet(SILENT, wanted)) == [(name, True) for name in ("license", "price", "offline", "language")]
    strange = entries_of(passport("strange", known("license", "as the author pleases")))
    assert list(unmet(strange, MatchFilters(license="permissive"))) == [("license", True)]


def test_a_licence_that_is_none_is_named() -> None:
    assert checked(MatchFilters(license="mit")).license == "MIT"
    with pytest.raises(UsageError, match="license: 'whatever' is no SPDX licence"):
        checked(MatchFilters(license="whatever"))
