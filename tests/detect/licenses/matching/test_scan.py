"""How what was found in one text becomes one expression."""

from __future__ import annotations

import pytest

from drystone.detect.licenses import detect_file
from drystone.detect.licenses.matching.scan import join


@pytest.mark.parametrize(
    ("parts", "operator", "wanted"),
    [
        (["MIT", "ISC AND MIT"], "AND", "MIT AND ISC"),
        (["MIT", "(Apache-2.0 OR ISC) AND X11 AND Zlib"], "AND", "MIT AND (Apache-2.0 OR ISC) AND X11 AND Zlib"),
        (["MIT OR ISC", "(ISC OR MIT) AND Zlib"], "AND", "(MIT OR ISC) AND Zlib"),
        (["MIT OR ISC AND Zlib", "X11"], "AND", "(MIT OR (ISC AND Zlib)) AND X11"),
        (["MIT AND ISC", "Zlib OR (ISC AND MIT)"], "OR", "(MIT AND ISC) OR Zlib"),
        (["Apache-2.0 WITH LLVM-exception", "MIT"], "AND", "Apache-2.0 WITH LLVM-exception AND MIT"),
    ],
)  # fmt: skip
def test_joined_expressions_are_flat_and_say_nothing_twice(parts: list[str], operator: str, wanted: str) -> None:
    assert join(parts, operator) == wanted


def test_a_choice_holds_for_its_own_list() -> None:
    choice = "You may use this software under either of the GPL version 2 or the MPL version 2.0."
    assert detect_file(choice.encode(), "LICENSE").expression == "GPL-2.0-only OR MPL-2.0"
    parts = (
        "\n\nParts of it come from elsewhere.\n\nThe fonts are licensed under the OFL-1.1.\n\n"
        "The icons are distributed under the MIT license.\n"
    )
    found = detect_file((choice + parts).encode(), "LICENSE").expression
    assert found == "(GPL-2.0-only OR MPL-2.0) AND OFL-1.1 AND MIT"
