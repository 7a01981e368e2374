"""One declared value: which state it has, which expression, which file it points to."""

from __future__ import annotations

import pytest

from drystone.detect.licenses import LicenseState
from drystone.detect.licenses.declarations.values import listed, read_value

GRANTED, DENIED = LicenseState.GRANTED, LicenseState.DENIED
ABSENT, UNREAD = LicenseState.ABSENT, LicenseState.NOT_UNDERSTOOD


@pytest.mark.parametrize(
    ("value", "state", "expression", "points_to"),
    [
        ("MIT", GRANTED, "MIT", None),
        ("LicenseRef-Acme", GRANTED, "LicenseRef-Acme", None),
        ("BSD", GRANTED, "BSD-3-Clause", None),
        ("CC BY-NC 4.0", GRANTED, "CC-BY-NC-4.0", None),
        ("Unlicense", GRANTED, "Unlicense", None),
        ("UNLICENSED", DENIED, None, None),
        ("Apache 2.0, non-commercial use only", DENIED, None, None),
        ("MIT (internal use only)", DENIED, None, None),
        ("GPLv3 or proprietary", GRANTED, "GPL-3.0-only OR LicenseRef-unlisted-commercial", None),
        ("proprietary or secret", DENIED, None, None),
        ("MIT with Commons Clause", UNREAD, None, None),
        ("as you like", UNREAD, None, None),
        ("https://opensource.org/license/isc", GRANTED, "ISC", None),
        ("https://www.gnu.org/licenses/gpl-3.0.html", GRANTED, "GPL-3.0-only", None),
        ("https://creativecommons.org/licenses/by/4.0/", GRANTED, "CC-BY-4.0", None),
        ("https://acme.example/eula", UNREAD, None, None),
        ("see LICENSE", ABSENT, None, "LICENSE"),
        ("See the file COPYING.", ABSENT, None, "COPYING"),
        ("SEE LICENSE IN <docs/EULA.md>", ABSENT, None, "docs/EULA.md"),
        ("other", ABSENT, None, "."),
        ("UNKNOWN", ABSENT, None, None),
        ("none", DENIED, None, None),
        ("No license.", DENIED, None, None),
        ("TODO: License declaration", ABSENT, None, None),
        ("PublicDomain", GRANTED, "LicenseRef-scancode-public-domain", None),
        ("lgpl_2_1", GRANTED, "LGPL-2.1-only", None),
        ("Apache License, Version 2.0; see LICENSE file", GRANTED, "Apache-2.0", None),
        ("BSD 3-Clause License\nCopyright (c) 2019, Mason", GRANTED, "BSD-3-Clause", None),
        ("Copyright 2020 Acme", UNREAD, None, None),
    ],
)
def test_values(value: str, state: LicenseState, expression: str | None, points_to: str | None) -> None:
    (found,) = read_value("license", value)
    assert (found.state, (found.answer or (None,))[0], found.points_to) == (state, expression, points_to)


def test_a_text_in_a_field_is_read_as_a_text() -> None:
    words = "You may look at this software in the office of the village, and nowhere else, on working days. " * 4
    (found,) = read_value("license", words)
    assert found.state in {DENIED, UNREAD}


def test_lists() -> None:
    assert listed("license", None) == listed("license", 3) == listed("license", "  ") == []
    (choice,) = listed("license", [{"type": "MIT"}, {"name": "ISC"}])
    assert (choice.answer or (None,))[0] == "MIT OR ISC"
    (offered,) = listed("license", ["MIT", "proprietary"])
    assert (offered.answer or (None,))[0] == "MIT"
    assert [d.state for d in listed("license", ["MIT", "proprietary"], "AND")] == [GRANTED, DENIED]
