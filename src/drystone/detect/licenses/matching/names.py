"""Licences by name: SPDX identifiers, full names, and what people write instead ("Apache 2", "new BSD", "MPL 1.1").

`find_names` finds names in comparable words; `declared` reads one declaration from package metadata. Neither judges
whether a name is a grant. GNU licences have a module of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice
from typing import Any, Final

from license_expression import ExpressionError, get_spdx_licensing

from drystone.detect._kernel import ComparableWords, PhraseIndex
from drystone.detect.licenses.matching import abroad
from drystone.detect.licenses.matching.gnu import MAX_MENTIONS, Mention, find_gnu
from drystone.detect.licenses.matching.places import range_at
from drystone.detect.licenses.matching.references import facts

#: Identifiers that are also words; as names they count only where a declaration says so.
_WORDS: Final = re.compile(r"[a-z]+\d*|[a-z]+ ?\d")
#: Names of the list that ordinary prose also contains.
_NOT_NAMES: Final = {"fair license", "open software license", "python", "linux", "other", "any", "public domain", "doc"}


def _aliases() -> list[tuple[str, str]]:
    """Return (expression, name) pairs of facts/names.tsv, and Creative Commons' names, which follow one scheme."""
    text = files("drystone.detect.licenses").joinpath("facts/names.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    pairs = [(expression, name) for expression, name in rows]
    words = {"NC": ("noncommercial", "non commercial"), "SA": ("sharealike", "share alike")}
    words["ND"] = ("noderivatives", "no derivatives")
    for parts in ((), ("SA",), ("ND",), ("NC",), ("NC", "SA"), ("NC", "ND")):
        short = " ".join(("cc by", *(p.lower() for p in parts)))
        full = {" ".join(("creative commons attribution", *(words[p][k] for p in parts))) for k in (0, 1)}
        for version in ("1.0", "2.0", "2.5", "3.0", "4.0"):
            identifier = "-".join(("CC-BY", *parts, version))
            pairs.append((identifier, f"licenses {short[3:]} {version}"))
            for name in sorted({short, *full}):
                for middle in ("", " license", " version", " v", " international", " unported"):
                    pairs += [
                        (identifier, f"{name}{middle} {version}"),
                        (identifier, f"{name}{middle} {version} license"),
                    ]
    return pairs


@cache
def _names() -> tuple[PhraseIndex, list[tuple[str, bool]]]:
    """Return the index of all names, and for each its expression and whether it is weak, that is an ordinary word."""
    phrases: list[bytes] = []
    means: list[tuple[str, bool]] = []
    seen: set[tuple[str, ...]] = set()

    def add(name: str, identifier: str, weak: bool) -> None:
        words = tuple(ComparableWords(name.encode()).text.decode().split(" "))
        if words[0] == "the":
            words = words[1:]
        if not words or not words[0] or words in seen or " ".join(words) in _NOT_NAMES:
            return
        seen.add(words)
        phrases.append(" ".join(words).encode())
        means.append((identifier, weak))

    for identifier, name in _aliases():
        add(name.rstrip("!"), identifier, name.endswith("!"))
    for identifier, entry in facts().items():
        if identifier.startswith(("GPL-", "LGPL-", "AGPL-", "GFDL-")):
            continue
        plain = ComparableWords(identifier.encode()).text.decode()
        add(identifier, identifier, _WORDS.fullmatch(plain) is not None)
        add(
            entry["name"],
            identifier,
            _WORDS.fullmatch(ComparableWords(entry["name"].encode()).text.decode()) is not None,
        )
    return PhraseIndex(phrases), means


_AROUND: Final = {"license", "licensed", "licenses", "licence", "licensing"}
#: Names whose bare form leaves open which licence is meant.
_BSD: Final = re.compile(r"\b(?:(?:berkeley )?bsd(?: style| like| type)? licen[sc]e[ds]?|bsd licensed|bsd terms)\b")


_VERSION: Final = re.compile(r" (?:license |agreement )?(?:version |v )?v?(\d(?:\.\d+)?)(?= |$)")


def _other_version(identifier: str, text: str, start: int, end: int, stop: int) -> Mention | None:
    """Return what a name without version means where a version other than the assumed one follows it."""
    if " " in identifier or re.search(r"\d", text[start:end]):
        return None
    following = _VERSION.match(text, end, min(stop, end + 40))
    assumed = re.search(r"-(\d+(?:\.\d+)*)", identifier)
    if following is None or assumed is None:
        return None
    version = following[1] if "." in following[1] else following[1] + ".0"
    if version == assumed[1]:
        return None
    named = identifier[: assumed.start()] + "-" + version + identifier[assumed.end() :]
    if named not in facts():
        named = identifier[: assumed.start()] + "-" + version
    expression = named if named in facts() else f"LicenseRef-unlisted-{named}"
    return Mention(expression, start, following.end(), True, expression)


#: Short names that count where they stand in a list with another licence, behind "under", or below a heading.
_SHORT: Final = {
    "mit": "MIT", "isc": "ISC", "expat": "MIT", "x11": "X11", "zlib": "Zlib", "unlicense": "Unlicense",
    "wtfpl": "WTFPL",
    "bsd": "BSD-3-Clause", "apache": "Apache-2.0", "mpl": "MPL-2.0", "artistic": "Artistic-1.0", "boost": "BSL-1.0",
    "0bsd": "0BSD", "cc0": "CC0-1.0",
}  # fmt: skip
_SHORT_NAME: Final = re.compile(r"\b(?:" + "|".join(_SHORT) + r")(?= |$)(?! \d)")


def _find_short(text: str, begin: int, end: int) -> Iterator[re.Match[str]]:
    """Yield what `_SHORT_NAME` finds, in order. Searches for a few words outrun one for the pattern."""
    places = []
    for name in _SHORT:
        at = text.find(name, begin, end)
        while at >= 0:
            places.append(at)
            at = text.find(name, at + 1, end)
    for at in sorted(places):
        if (match := _SHORT_NAME.match(text, at, end)) is not None:
            yield match


_UNDER: Final = re.compile(
    r"(?:under|licen[sc]ed|licen[sc]e[sd]?(?: is)?|licensi\w+|sous|unter|bajo|spdx)"
    r"(?: (?:the|an?|either|der|la|el|both|by))? $|" + abroad.LICENCE + r"\S{0,40} $"
)
_LICENCE_AFTER: Final = re.compile(" " + abroad.LICENCE)
_BESIDE: Final = re.compile(
    r" (?:(?:licen[sc]es?|licensed) )?(?:(?:and|or|and or|plus|oder|ou|o|und|et) )?"
    r"(?:at your (?:own )?(?:option|choice|discretion) )?(?:under )?(?:(?:the|an?|either) )?(?:gnu )?"
)
#: A list below a heading that says licence is short.
_BELOW_HEADING: Final = 12


def _short_names(
    text: str, begin: int, end: int, taken: bytearray, mentions: list[Mention], listed: Sequence[tuple[int, int]]
) -> list[Mention]:
    """Return short names that something beside them makes names: "under MIT", "MIT or GPL", "## License: MIT"."""
    short = [
        m
        for m in islice(_find_short(text, begin, end), MAX_MENTIONS)
        if 1 not in taken[m.start() - begin : m.end() - begin]
    ]
    found: list[Mention] = []
    for matches, step in ((short, 1), (short[::-1], -1)):  # a chain may begin on either side
        ends = {m.end if step > 0 else m.start for m in (*mentions, *found)}
        for m in matches:
            here, there = (m.start(), m.end()) if step > 0 else (m.end(), m.start())
            if any(f.start == m.start() for f in found):
                ends.add(there)
                continue
            near = [p for p in ends if 0 < (here - p) * step <= 40]
            beside = any(_BESIDE.fullmatch(text, min(p, here), max(p, here)) for p in near)
            under = _UNDER.search(text, max(begin, m.start() - 40), m.start()) is not None
            heading = range_at(listed, m.start())
            below = heading is not None and text.count(" ", heading[0], m.start()) <= _BELOW_HEADING
            if beside or under or below or _LICENCE_AFTER.match(text, m.end(), end) is not None:
                bare = m.group() in {"bsd", "apache", "mpl", "artistic"}
                family = "BSD" if m.group() == "bsd" else _SHORT[m.group()]
                found.append(Mention(_SHORT[m.group()], m.start(), m.end(), not bare, family))
                ends.add(there)
    return found


def find_names(
    text: str,
    begin: int,
    end: int,
    weak: bool = False,
    listed: Sequence[tuple[int, int]] = (),
    apart: Callable[[int, int], bool] | None = None,
) -> list[Mention]:
    """Return licences named within `text[begin:end]` (comparable words), in order, the longest name at each place.

    `weak` also takes names that are ordinary words or abbreviations ("MIT", "Ruby"); `listed` are offsets of text below
    headings that say licence, where a short name is one. `apart` says whether words at two offsets stand in different
    sentences: "for Linux and BSD. License: ..." names no licence.
    """
    index, means = _names()
    mentions = find_gnu(text, begin, end)
    taken = bytearray(end - begin)  # 1 where a name was found, so that names do not overlap
    for m in mentions:
        taken[m.start - begin : m.end - begin] = b"\1" * (m.end - m.start)
    after = begin  # names that begin before this are parts of one that was found, or shorter than one refused there
    for place, stop, number in index.find(text.encode("latin-1"), begin, end):
        if place < after or (apart is not None and apart(place, stop)):
            continue
        identifier, is_weak = means[number]
        if is_weak and not weak:
            following = text.find(" ", stop + 1, end)
            if text[stop + 1 : following if following >= 0 else end] not in _AROUND:
                after = stop
                continue
        if 1 in taken[place - begin : stop - begin] or len(mentions) >= 2 * MAX_MENTIONS:
            after = place + 1
            continue
        after = stop
        taken[place - begin : stop - begin] = b"\1" * (stop - place)
        other = _other_version(identifier, text, place, stop, end)
        mentions.append(other or Mention(identifier, place, stop, True, identifier))
    for match in islice(_BSD.finditer(text, begin, end), MAX_MENTIONS) if "bsd" in text else ():
        if 1 not in taken[match.start() - begin : match.end() - begin] and not (apart and apart(*match.span())):
            mentions.append(Mention("BSD-3-Clause", match.start(), match.end(), False, "BSD"))
            taken[match.start() - begin : match.end() - begin] = b"\1" * (match.end() - match.start())
    mentions += _short_names(text, begin, end, taken, mentions, listed)
    mentions.sort(key=lambda m: (m.start, m.end))
    return mentions


#: The symbols of the SPDX list and its exceptions: one set for all who read expressions, made when first asked for.
spdx_licensing: Final[Callable[[], Any]] = cache(get_spdx_licensing)
_NOTHING: Final = frozenset(
    [
        "unknown",
        "none",
        "noassertion",
        "n/a",
        "na",
        "other",
        "proprietary",
        "see license",
        "unlicensed",
        "custom",
        "tbd",
        "todo",
        "license",
        "file",
        "",
    ]
)
_SEE: Final = re.compile(r"(?i)^see |licen[sc]e file|^license(?:\.\w+)?$|^copying$")
_OR: Final = re.compile(r"(?i)\s*(?:,?\s+or\s+|\s*/\s*|\s*\|+\s*)\s*")
_AND: Final = re.compile(r"(?i)\s*(?:,?\s+and\s+|\s*&+\s*|\s*,\s*|\s*;\s*)\s*")


def spdx_expression(text: str) -> str | None:
    """Return `text` as a normalised SPDX expression, or None where it is not one. Unknown identifiers are refused.

    Deprecated identifiers become current ones; `LicenseRef-` identifiers stay. Longer than 2,000 characters is refused.
    """
    return _spdx(text.strip()) if len(text) <= 2000 else None


@lru_cache(maxsize=20_000)
def _spdx(text: str) -> str | None:
    if not text or text.count("(") > 50:
        return None
    try:
        parsed = spdx_licensing().parse(text, validate=False)
    except (ExpressionError, ValueError, RecursionError, AttributeError, TypeError):
        return None
    if parsed is None:
        return None
    for symbol in spdx_licensing().license_symbols(parsed, unique=True, decompose=True):
        key: str = symbol.key
        if key in spdx_licensing().known_symbols or key in facts():
            continue
        if not re.fullmatch(r"(?:DocumentRef-[\w.-]+:)?LicenseRef-[\w.-]+", key):
            return None
    return str(parsed)


@lru_cache(maxsize=20_000)
def declared(text: str) -> tuple[str, float] | None:
    """Return (SPDX expression, confidence) of a declaration in package metadata, or None where it names no licence.

    Reads SPDX expressions, their usual misspellings, and names ("Apache 2.0", "GPLv2+", "MIT/Apache-2.0"); a slash or
    "or" means OR, a comma or "and" means AND.
    """
    text = text.strip().strip("\"'").strip()
    if len(text) > 500 or text.lower() in _NOTHING or _SEE.search(text):
        return None
    if (expression := spdx_expression(text)) is not None:
        return expression, 0.97
    found = _single(text)
    if found is not None:
        return found
    for joint, operator in ((_OR, " OR "), (_AND, " AND ")):
        parts = [p for p in joint.split(text) if p]
        if 1 < len(parts) <= 8:
            answers = [spdx_expression(p) or (_single(p) or (None,))[0] for p in parts]
            if all(answers):
                wrapped = [f"({a})" if a and " " in a else str(a) for a in dict.fromkeys(answers)]
                return operator.join(wrapped), 0.85
    return None


_PLAIN: Final = {
    "bsd": ("BSD-3-Clause", 0.6), "bsd license": ("BSD-3-Clause", 0.6), "bsd style": ("BSD-3-Clause", 0.6),
    "bsd like": ("BSD-3-Clause", 0.6), "apache": ("Apache-2.0", 0.7), "apache license": ("Apache-2.0", 0.7),
    "apache software license": ("Apache-2.0", 0.7), "asl": ("Apache-2.0", 0.7), "perl": (
        "Artistic-1.0-Perl OR GPL-1.0-or-later", 0.9), "perl 5": ("Artistic-1.0-Perl OR GPL-1.0-or-later", 0.9),
    "public domain": ("LicenseRef-scancode-public-domain", 0.9), "boost": ("BSL-1.0", 0.85),
    "mozilla": ("MPL-2.0", 0.6), "mpl": ("MPL-2.0", 0.6), "mozilla public license": ("MPL-2.0", 0.6),
    "psf": ("PSF-2.0", 0.85), "zpl": ("ZPL-2.1", 0.7), "eclipse public license": ("EPL-1.0", 0.6),
    "artistic": ("Artistic-1.0", 0.7), "epl": ("EPL-1.0", 0.6), "cecill": ("CECILL-2.0", 0.7),
    "free software": None, "mit style": ("MIT", 0.8), "mit like": ("MIT", 0.8),
}  # fmt: skip
_FILLER: Final = re.compile(r"^(?:the |a |an |under |licensed |license |licenses )+|(?: license| licenses| licensed)+$")


def _single(text: str) -> tuple[str, float] | None:
    words = ComparableWords(text.encode()).text.decode("latin-1")
    core = words
    for _ in range(2):
        core = _FILLER.sub("", core)
    if words in _PLAIN or core in _PLAIN:
        return _PLAIN.get(words, _PLAIN.get(core))
    mentions = find_names(words, 0, len(words), weak=True)
    if len(mentions) == 1 or (mentions and len({m.expression for m in mentions}) == 1):
        covered = sum(m.end - m.start for m in mentions)
        if mentions[0].family in {"GPL", "LGPL", "AGPL", "GFDL"} or covered * 2 >= len(core):
            return mentions[0].expression, 0.9 if mentions[0].versioned else 0.85
    if len(mentions) == 2 and mentions[0].family == mentions[1].family:
        versioned = [m for m in mentions if m.versioned]
        if len({m.expression for m in versioned}) == 1:
            return versioned[0].expression, 0.88
    return None
