"""Cards, bank accounts and phone numbers: valid ones alone, and published examples with doubt."""

from __future__ import annotations

import pytest

from drystone.detect.secrets import KINDS, Scanner, ScanSettings

HIGH = Scanner(ScanSettings(**dict.fromkeys(KINDS, "high")))  # type: ignore[arg-type]


def found(text: str) -> list[tuple[str, str, float]]:
    data = text.encode()
    return [(s.kind, data[s.start : s.end].decode(), s.confidence) for s in HIGH.scan(data)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("card: 4539 5787 6362 1486", "credit_card", "4539 5787 6362 1486"),
        ("pay to DE75 5121 0800 1245 1261 99 by noon", "iban", "DE75 5121 0800 1245 1261 99"),
        ("IBAN DE75512108001245126199", "iban", "DE75512108001245126199"),
        ("phone: +49 30 901820", "phone", "+49 30 901820"),
    ],
)
def test_valid_numbers_are_found_whole(text: str, kind: str, value: str) -> None:
    assert [(k, v) for k, v, _ in found(text)] == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "card: 4539 5787 6362 1487",
        "DE76 5121 0800 1245 1261 99",
        "ZZ75512108001245126199",
        "phone: +49 1",
        "1.2.3.4-5-6",
    ],
)
def test_a_wrong_check_digit_country_or_length_is_none(text: str) -> None:
    assert not [kind for kind, _, _ in found(text) if kind in ("credit_card", "iban", "phone")]


def test_published_examples_are_found_with_doubt() -> None:
    (example,) = found("IBAN DE89370400440532013000")
    (real,) = found("IBAN DE75512108001245126199")
    assert example[2] < real[2]
