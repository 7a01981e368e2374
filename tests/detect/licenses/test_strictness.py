"""Which licence asks for more: steps, and how AND and OR combine them."""

from __future__ import annotations

import pytest

from drystone.detect.licenses.strictness import UNKNOWN, strictness


@pytest.mark.parametrize(
    ("expression", "step"),
    [
        ("MIT", 0),
        ("LGPL-3.0-only", 1),
        ("GPL-3.0-or-later", 2),
        ("LicenseRef-nobody-knows", UNKNOWN),
        ("not ( an expression", UNKNOWN),
        ("MIT OR GPL-3.0-only", 0),
        ("MIT AND GPL-3.0-only", 2),
        ("MIT AND (LGPL-2.1-only OR GPL-2.0-only)", 1),
        ("GPL-2.0-only WITH Classpath-exception-2.0", 2),
    ],
)
def test_steps(expression: str, step: int) -> None:
    assert strictness(expression) == step


def test_and_is_never_milder_than_or() -> None:
    names = ("MIT", "LGPL-3.0-only", "GPL-3.0-only", "LicenseRef-x")
    for a in names:
        for b in names:
            assert strictness(f"{a} OR {b}") == min(strictness(a), strictness(b))
            assert strictness(f"{a} AND {b}") == max(strictness(a), strictness(b))
