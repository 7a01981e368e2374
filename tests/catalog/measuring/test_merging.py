from __future__ import annotations

from drystone.catalog.importing.imported import QuotedText, known, unknown
from drystone.catalog.measuring.merging import with_facts
from drystone.catalog.passports.passport import Procedure
from tests.catalog.passports import made

NAME = "duplicates.exact_share"
TEXT = QuotedText("exact: 4\n", "here", "2026-11-30")


def measured(value: float, low: float, high: float, by: str = "drystone catalog measure"):  # type: ignore[no-untyped-def]
    method = Procedure(name=by, version="1")
    return known(NAME, value, [TEXT.quote("exact: 4\n")], "measured", method, low, high)


def test_what_was_unknown_is_known() -> None:
    old = made.passport("one", made.unknown(NAME), kind="dataset")
    new = measured(4.0, 3.0, 5.0)
    assert with_facts(old, [new]).fact(NAME) == new
    assert with_facts(made.passport("one", kind="dataset"), [new]).fact(NAME) == new


def test_what_others_say_stays_beside_it() -> None:
    old = made.passport("one", made.known(NAME, 40.0, unit="%"), kind="dataset")
    found = with_facts(old, [measured(4.0, 3.0, 5.0)]).fact(NAME)
    assert found is not None
    assert found.status == "disputed"
    assert [claim.value for claim in found.claims] == [40.0, 4.0]
    again = with_facts(old.model_copy(update={"facts": (found,)}), [measured(6.0, 5.0, 7.0)]).fact(NAME)
    assert again is not None
    assert [claim.value for claim in again.claims] == [40.0, 6.0], "what was measured earlier is replaced"
    agreeing = with_facts(old, [measured(30.0, 20.0, 50.0)]).fact(NAME)
    assert agreeing is not None
    assert agreeing.status == "known"


def test_an_unknown_takes_nothing_away() -> None:
    old = made.passport("one", made.known(NAME, 40.0, unit="%"), kind="dataset")
    assert with_facts(old, [unknown(NAME, "x")]) == old
