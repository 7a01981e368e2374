"""REUSE.toml: patterns and their licences; damaged ones are a note."""

from __future__ import annotations

from drystone.detect.licenses.declarations.reuse import find_reuse


def test_patterns_and_licences() -> None:
    found = find_reuse(
        b'version = 1\n[[annotations]]\npath = ["**", "docs/**"]\nSPDX-FileCopyrightText = "2020 Mason"\n'
        b'SPDX-License-Identifier = "MIT"\n\n[[annotations]]\npath = "data/*"\n'
        b'SPDX-License-Identifier = ["CC0-1.0", "Apache-2.0", "no such licence"]\n'
    )
    assert found.expression == "MIT"
    assert found.paths == (("**", "MIT"), ("docs/**", "MIT"), ("data/*", "CC0-1.0 AND Apache-2.0"))
    assert found.copyrights == ("Copyright 2020 Mason",)
    assert [e.start_line for e in found.evidence] == [5, 9]


def test_damage_is_a_note() -> None:
    for data in (b"annotations = ", b"annotations = 1", b"\xff\xfe"):
        found = find_reuse(data)
        assert found.expression is None
        assert found.notes == () or found.notes[0].startswith("broken metadata: ")
    assert find_reuse(b"").expression is None
