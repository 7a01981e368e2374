from __future__ import annotations

from drystone.catalog.comparing.shapes import AlignedJob, FactRow
from drystone.catalog.passports.passport import Capability
from drystone.catalog.passports.vocabulary import fact_kind
from tests.catalog.passports.made import does


def test_who_does_a_job() -> None:
    one = Capability.model_validate(does("a.b"))
    assert AlignedJob("a.b", "x", (None, one, one), 1.0).doers == (1, 2)


def test_a_row_for_people() -> None:
    assert FactRow(fact_kind("size.files"), (None,), None, "").texts == ("unknown",)
