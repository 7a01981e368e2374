"""GNU licences in running text: family, version, and whether later versions go with it."""

from __future__ import annotations

import pytest
from drystone.detect._kernel import ComparableWords

from drystone.detect.licenses.matching.gnu import find_gnu


def named(text: str) -> list[str]:
    words = ComparableWords(text.encode()).text.decode("latin-1")
    return [mention.expression for mention in find_gnu(words, 0, len(words))]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("under the GNU General Public License, version 2", ["GPL-2.0-only"]),
        ("under the GNU General Public License, version 2 or (at your option) any later version", ["GPL-2.0-or-later"]),
        ("version 3 of the GNU Lesser General Public License only", ["LGPL-3.0-only"]),
        ("the GNU Affero General Public License v3.0 or later", ["AGPL-3.0-or-later"]),
        ("GPLv3+", ["GPL-3.0-or-later"]),
        ("LGPL 2.1", ["LGPL-2.1-only"]),
        ("/usr/share/common-licenses/GPL-2", ["GPL-2.0-only"]),
        ("GNU Free Documentation License 1.3", ["GFDL-1.3-only"]),
        ("the MIT licence", []),
        ("gplot draws curves", []),
    ],
)
def test_family_version_and_later(text: str, wanted: list[str]) -> None:
    assert named(text) == wanted


def test_places_are_those_of_the_names() -> None:
    words = ComparableWords(b"first the GPL version 2 then the LGPL version 3").text.decode("latin-1")
    found = find_gnu(words, 0, len(words))
    assert [m.family for m in found] == ["GPL", "LGPL"]
    assert all(m.versioned and words[m.start : m.end].strip() for m in found)
    assert found[0].end <= found[1].start
    half = words.index("then")
    assert [m.family for m in find_gnu(words, half, len(words))] == ["LGPL"]
