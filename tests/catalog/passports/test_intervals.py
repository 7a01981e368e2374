from __future__ import annotations

import math

import pytest

from drystone.catalog.passports.intervals import NOWHERE, claim_ends


def test_between_which_numbers_a_claim_lies() -> None:
    assert claim_ends(87.1) == (87.1, 87.1)
    assert claim_ends(87.1, 86.0, 88.0, 100) == (86.0, 88.0)
    assert claim_ends(None) == NOWHERE
    low, high = claim_ends(80.0, questions=100)
    assert (low, high) == pytest.approx((80 - 1.96 * 4, 80 + 1.96 * 4)), "four is the deviation of 80 of 100"
    assert claim_ends(800.0, questions=100) == (800.0, 800.0)
    assert all(map(math.isinf, NOWHERE))
