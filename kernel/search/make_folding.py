"""Writes folding.inc: one representative for all characters that some engine may take for the same without case.

Classes are the closure of Python's one-character upper, lower, title and casefold (Unicode of the Python that runs
this), so that they are at least as coarse as the simple folding of RE2 and Hyperscan: a trigram of the folded text is
then never missed. The representative is the smallest ASCII letter in lower case, else the smallest character.
Usage: python kernel/search/make_folding.py > kernel/search/folding.inc
"""

import unicodedata

leader = {}


def find(c):
    """Return the first member of the class of a character."""
    while leader.setdefault(c, c) != c:
        c = leader[c]
    return c


for code in range(0x110000):
    if 0xD800 <= code < 0xE000:
        continue
    c = chr(code)
    for other in (c.lower(), c.upper(), c.title(), c.casefold()):
        if len(other) == 1 and other != c:
            a, b = find(c), find(other)
            if a != b:
                leader[max(a, b)] = min(a, b)

classes = {}
for c in list(leader):
    classes.setdefault(find(c), set()).add(c)
pairs = []
for members in classes.values():
    low = sorted(m for m in members if "a" <= m <= "z")
    to = low[0] if low else min(members)
    pairs += [(ord(m), ord(to)) for m in members if m != to and ord(m) >= 0x80]
pairs.sort()
print(
    f"// Written by make_folding.py from Unicode {unicodedata.unidata_version}: what characters beyond ASCII fold to."
)
print("constexpr uint32_t kFolded[][2] = {")
for i in range(0, len(pairs), 6):
    print("    " + " ".join(f"{{0x{a:x}, 0x{b:x}}}," for a, b in pairs[i : i + 6]))
print("};")
