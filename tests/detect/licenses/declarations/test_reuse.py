"""REUSE.toml: patterns and their licences; damaged ones are a note."""

from __future__ import annotations

from drystone.detect.licenses import LicenseState
from drystone.detect.licenses.declarations.reuse import find_reuse


def test_patterns_and_licences() -> None:
    found = find_reuse(
        b'version = 1\n[[annotations]]\npath = ["**", "docs/**"]\nSPDX-FileCopyrightText = "2020 Mason"\n'
        b'SPDX-License-Identifier = "MIT"\n\n[[annotations]]\npath = "data/*"\nprecedence = "override"\n'
        b'SPDX-License-Identifier = ["CC0-1.0", "Apache-2.0"]\n\n[[annotations]]\npath = "odd"\n'
        b'precedence = "aggregate"\nSPDX-License-Identifier = ["MIT", "no such licence"]\n\n'
        b'[[annotations]]\npath = "mute"\nSPDX-FileCopyrightText = "2021 Mason"\n'
    )
    assert found.expression == "MIT"
    assert [(r.pattern, r.expression, r.precedence) for r in found.paths] == [
        ("**", "MIT", "closest"),
        ("docs/**", "MIT", "closest"),
        ("data/*", "CC0-1.0 AND Apache-2.0", "override"),
        ("odd", None, "aggregate"),
        ("mute", "", "closest"),
    ]
    assert found.notes == ("unread declaration: no such licence",)
    assert found.copyrights == ("Copyright 2020 Mason", "Copyright 2021 Mason")
    assert [e.start_line for e in found.evidence] == [5, 10, 5]


def test_damage_is_not_understood() -> None:
    for data in (b"annotations = ", b"annotations = 1", b"\xff\xfe"):
        found = find_reuse(data)
        assert found.expression is None
        assert found.state is LicenseState.NOT_UNDERSTOOD
        assert found.notes[0].startswith("broken metadata: ")
    assert find_reuse(b"").state is LicenseState.ABSENT
