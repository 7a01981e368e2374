"""Prints words.inc: which characters beyond ASCII belong to words, for the tokens of near duplicates.

    python -m tools.make_word_ranges > kernel/dedup/words.inc

By Unicode's general categories and UAX #29 (Unicode of the Python that runs this): letters, numbers and connectors
join to words; marks and joiners extend what stands before them; letters of scripts that are written without spaces
are words of their own, one character each; everything else separates. Katakana and Hangul join.
"""

from __future__ import annotations

import unicodedata

SEPARATES, JOINS, EXTENDS, ALONE = range(4)
#: Han, Hiragana, Thai, Lao, Myanmar, Khmer, Tai Le, New Tai Lue, Tai Tham, Tai Viet, Tangut, Nushu.
_ALONE = (
    (0x0E01, 0x0E7F), (0x0E80, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19DF), (0x1A20, 0x1AAF),
    (0x3005, 0x3007), (0x3021, 0x3029), (0x3038, 0x303B), (0x3041, 0x3096), (0x309D, 0x309F), (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF), (0xA9E0, 0xA9FF), (0xAA60, 0xAADF), (0xF900, 0xFAFF), (0x17000, 0x18CFF), (0x1B001, 0x1B11F),
    (0x1B170, 0x1B2FF), (0x20000, 0x3FFFF),
)  # fmt: skip


def class_of(code: int) -> int:
    """Return what a character beyond ASCII does to words."""
    category = unicodedata.category(chr(code))
    if category[0] == "M" or code in (0x200C, 0x200D):
        return EXTENDS
    if category[0] == "L" or category == "Nl":
        return ALONE if any(low <= code <= high for low, high in _ALONE) else JOINS
    return JOINS if category[0] == "N" or category == "Pc" else SEPARATES


def ranges() -> list[tuple[int, int]]:
    """Return the first character and the class of each run of characters of one class, from U+0080."""
    found: list[tuple[int, int]] = []
    for code in range(0x80, 0x110000):
        kind = class_of(code)
        if not found or found[-1][1] != kind:
            found.append((code, kind))
    return found


def main() -> None:
    """Print the table, eight ranges a line."""
    print(f"// Written by tools/make_word_ranges.py, Unicode {unicodedata.unidata_version}: first character, class.")
    rows = [f"{{{code:#x}, {kind}}}" for code, kind in ranges()]
    for start in range(0, len(rows), 8):
        print(", ".join(rows[start : start + 8]) + ",")


if __name__ == "__main__":
    main()
