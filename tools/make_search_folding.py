"""Prints folding.inc: one representative for all characters that some engine may take for the same without case.

    python -m tools.make_search_folding > kernel/search/folding.inc

Classes are the closure of Python's one-character upper, lower, title and casefold (Unicode of the Python that runs
this), so that they are at least as coarse as the simple folding of RE2 and Hyperscan: a trigram of the folded text is
then never missed. The representative is the smallest ASCII letter in lower case, else the smallest character.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict


def classes() -> list[set[str]]:
    """Return the sets of characters that are the same without case."""
    leader: dict[str, str] = {}

    def find(c: str) -> str:
        while leader.setdefault(c, c) != c:
            c = leader[c]
        return c

    for code in (*range(0xD800), *range(0xE000, 0x110000)):
        c = chr(code)
        for other in (c.lower(), c.upper(), c.title(), c.casefold()):
            if len(other) == 1 and other != c and (a := find(c)) != (b := find(other)):
                leader[max(a, b)] = min(a, b)
    found: dict[str, set[str]] = defaultdict(set)
    for c in list(leader):
        found[find(c)].add(c)
    return list(found.values())


def main() -> None:
    """Print the pairs beyond ASCII, in order."""
    pairs = []
    for members in classes():
        letters = sorted(m for m in members if "a" <= m <= "z")
        to = letters[0] if letters else min(members)
        pairs += [(ord(m), ord(to)) for m in members if m != to and ord(m) >= 0x80]
    pairs.sort()
    version = unicodedata.unidata_version
    print(f"// Written by tools/make_search_folding.py from Unicode {version}: what characters beyond ASCII fold to.")
    print("constexpr uint32_t kFolded[][2] = {")
    for i in range(0, len(pairs), 6):
        print("    " + " ".join(f"{{0x{a:x}, 0x{b:x}}}," for a, b in pairs[i : i + 6]))
    print("};")


if __name__ == "__main__":
    main()
