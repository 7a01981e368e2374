"""Debian's short names as SPDX, and stanzas with their patterns."""

from __future__ import annotations

import pytest

from drystone.detect.licenses.declarations.debian import find_stanzas, short_name


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Expat", "MIT"),
        ("GPL-2+", "GPL-2.0-or-later"),
        ("GPL-2+ or Artistic", "GPL-2.0-or-later OR Artistic-1.0-Perl"),
        ("Expat and BSD-3-clause", "MIT AND BSD-3-Clause"),
        ("GPL-3+ with OpenSSL exception", "GPL-3.0-or-later"),
        ("my-own-terms", None),
        ("", None),
    ],
)
def test_short_names(text: str, wanted: str | None) -> None:
    assert short_name(text) == wanted


def test_stanzas_give_patterns_in_their_order_and_the_whole_by_the_star() -> None:
    found = find_stanzas(
        b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
        b"Files: *\nCopyright: 2020 Mason\nLicense: Expat\n\n"
        b"Files: src/*.c doc/*\nCopyright: 2021 Quarry\n 2022 Quarry\nLicense: my-own-terms\n Do as you like.\n"
    )
    assert found is not None
    assert found.expression == "MIT"
    own = "LicenseRef-unlisted-my-own-terms"
    assert [(r.pattern, r.expression, r.globs, r.precedence, r.line) for r in found.paths] == [
        ("*", "MIT", "debian", "", 5),
        ("src/*.c", own, "debian", "", 10),
        ("doc/*", own, "debian", "", 10),
    ]
    assert found.copyrights == ("Copyright 2020 Mason", "Copyright 2021 Quarry", "Copyright 2022 Quarry")
    assert found.notes == ("unread declaration: my-own-terms",)
    assert [(e.expression, e.start_line) for e in found.evidence] == [("MIT", 5), (own, 10)]


def test_free_text_is_none() -> None:
    assert find_stanzas(b"This package was debianized by a mason.\n") is None
