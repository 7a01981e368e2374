"""Licences by name: SPDX identifiers, full names, and what people write instead ("Apache 2", "new BSD", "MPL 1.1").

`find_names` finds names in comparable words; `declared` reads one declaration from package metadata. Neither judges
whether a name is a grant. GNU licences have a module of their own.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from license_expression import ExpressionError, get_spdx_licensing

from drystone.detect import _kernel
from drystone.detect.licenses.gnu import Mention, find_gnu
from drystone.detect.licenses.references import facts

#: Names that SPDX does not list, in comparable words. A trailing "!" marks a name that is also an ordinary word or
#: abbreviation, taken only where "license" follows or a declaration says so.
_ALIASES: Final = {
    "Apache-2.0": "apache license version 2.0|apache license version 2|apache license 2.0|apache license 2|"
    "apache license v2.0|apache license v2|apache license v 2.0|apache version 2.0|apache version 2|apache v2|apache v2.0|"
    "apache 2|apache2|apache2.0|"
    "apache software license version 2.0|apache software license 2.0|apache software license version 2|asl 2.0|asl v2|al2.0|"
    "apache public license 2.0|apache 2.0|licenses license 2.0|common licenses apache 2.0|apache software license v2|"
    "asf 2.0|the apache license asl version 2.0|apache license apache license version 2.0",
    "Apache-1.1": "apache software license version 1.1|apache license version 1.1|apache software license 1.1|apache 1.1",
    "Apache-1.0": "apache license version 1.0|apache software license version 1.0",
    "MIT": "mit license|expat license|mit licensed|mit x11|mit x11 license|x11 mit license|mit x|mit style license|mit expat|"
    "expat mit license|mit x consortium license|mit open source license|mit public license|license mit|licenses mit|mit!|expat!",
    "X11": "x11 license|x consortium license|x11!",
    "ISC": "isc license|isc licensed|isc style license|isc!",
    "BSD-3-Clause": "new bsd license|new bsd|modified bsd license|revised bsd license|3 clause bsd license|3 clause bsd|"
    "bsd 3 clause|bsd 3|bsd3|bsd new|bsd revised|three clause bsd license|three clause bsd|bsd license 3 clause|"
    "new style bsd license|bsd 3 clause license|bsd three clause license|3 clause bsd style license|3 clauses bsd|"
    "3 bsd|modified bsd|bsd 3 clauses|common licenses bsd",
    "BSD-2-Clause": "simplified bsd license|simplified bsd|2 clause bsd license|2 clause bsd|bsd 2 clause|bsd 2|bsd2|"
    "freebsd license|two clause bsd license|two clause bsd|bsd license 2 clause|bsd 2 clause license|bsd two clause license|"
    "bsd simplified|freebsd!",
    "BSD-4-Clause": "original bsd license|old bsd license|4 clause bsd license|bsd 4 clause|bsd 4 clause license",
    "0BSD": "zero clause bsd|0 clause bsd|bsd zero clause license",
    "MPL-2.0": "mozilla public license version 2.0|mozilla public license v 2.0|mozilla public license 2.0|"
    "mozilla public license v2.0|mozilla public license version 2|mpl version 2.0|mpl 2.0|mpl 2|mpl2|mpl2.0|mplv2|mplv2.0|"
    "mpl v2|mpl v2.0|mozilla public license 2|mpl version 2",
    "MPL-1.1": "mozilla public license version 1.1|mozilla public license 1.1|mozilla public license v 1.1|mpl version 1.1|"
    "mpl 1.1|mpl1.1|mpl v1.1|mozilla public license v1.1",
    "MPL-1.0": "mozilla public license version 1.0|mozilla public license 1.0|mpl 1.0",
    "NPL-1.1": "netscape public license version 1.1|npl 1.1",
    "NPL-1.0": "netscape public license version 1.0",
    "EPL-1.0": "eclipse public license version 1.0|eclipse public license v1.0|eclipse public license v 1.0|"
    "eclipse public license 1.0|epl 1.0|epl v1.0|epl v10|epl version 1.0",
    "EPL-2.0": "eclipse public license version 2.0|eclipse public license v2.0|eclipse public license v 2.0|"
    "eclipse public license 2.0|epl 2.0|epl v2.0|epl v20|eclipse public license version 2|epl version 2.0",
    "CPL-1.0": "common public license version 1.0|common public license v1.0|common public license 1.0|cpl 1.0|cpl v1.0",
    "CDDL-1.0": "common development and distribution license version 1.0|cddl version 1.0|cddl 1.0|cddl v1.0|"
    "common development and distribution license|cddl!",
    "CDDL-1.1": "common development and distribution license version 1.1|cddl version 1.1|cddl 1.1|cddl v1.1",
    "EUPL-1.1": "european union public license version 1.1|eupl version 1.1|eupl v1.1|eupl v 1.1|eupl 1.1",
    "EUPL-1.2": "european union public license version 1.2|eupl version 1.2|eupl v1.2|eupl v 1.2|eupl 1.2|"
    "european union public license 1.2",
    "Artistic-2.0": "artistic license version 2.0|artistic license 2.0|artistic license v2.0|artistic 2.0|artistic 2|"
    "artistic license version 2|artistic license 2",
    "Artistic-1.0-Perl": "perl artistic license|artistic license that comes with perl|same terms as perl artistic",
    "Artistic-1.0": "artistic license version 1.0|artistic license 1.0|artistic license|the artistic license|"
    "common licenses artistic",
    "Zlib": "zlib license|zlib libpng license|libpng zlib license|zlib png license|zlib libpng|zlib!",
    "Libpng": "libpng license",
    "BSL-1.0": "boost software license version 1.0|boost software license 1.0|boost software license|boost license 1.0|"
    "boost license version 1.0|boost license|bsl 1.0",
    "CC0-1.0": "cc0 1.0|cc0 1.0 universal|creative commons zero|creative commons cc0|cc0 public domain dedication|cc0 license|"
    "creative commons cc0 1.0|publicdomain zero 1.0|creative commons cc0 1.0 universal|cc0 universal|cc0!",
    "Unlicense": "unlicense.org|the unlicense|unlicense org|unlicense!",
    "WTFPL": "do what the fuck you want to public license|do what the f you want to public license|wtfpl version 2|wtfpl",
    "PSF-2.0": "python software foundation license|psf license|psf license version 2|psf license agreement|psfl!",
    "Python-2.0": "python license",
    "ZPL-2.1": "zope public license zpl version 2.1|zope public license version 2.1|zpl 2.1|zpl version 2.1|zope public license",
    "ZPL-2.0": "zope public license version 2.0|zpl 2.0|zope public license zpl version 2.0",
    "PHP-3.01": "php license version 3.01|php license 3.01|version 3.01 of the php license",
    "PHP-3.0": "php license version 3.0|version 3.0 of the php license",
    "Ruby": "ruby license|rubys license|same terms as ruby|same license as ruby|terms of ruby|license of ruby|ruby s license",
    "MS-PL": "microsoft public license|ms pl|mspl!",
    "MS-RL": "microsoft reciprocal license|ms rl",
    "OFL-1.1": "sil open font license version 1.1|sil open font license|open font license version 1.1|open font license|"
    "ofl 1.1|ofl version 1.1|sil ofl 1.1|sil ofl",
    "CECILL-2.0": "cecill license version 2.0|cecill version 2.0|cecill v2|cecill 2.0|cecill license version 2|cecill license|"
    "cecill v2.0",
    "CECILL-2.1": "cecill license version 2.1|cecill version 2.1|cecill 2.1|cecill v2.1",
    "CECILL-B": "cecill b license|cecill b",
    "CECILL-C": "cecill c license|cecill c",
    "PostgreSQL": "postgresql license|postgresql!",
    "OpenSSL": "openssl license|openssl and ssleay licenses",
    "OSL-3.0": "open software license version 3.0|open software license v3.0|osl 3.0|osl v3.0|open software license v 3.0",
    "OSL-2.1": "open software license version 2.1|open software license v 2.1|osl 2.1",
    "OSL-2.0": "open software license version 2.0|open software license v 2.0|osl 2.0",
    "OSL-1.0": "open software license version 1.0|open software license v 1.0|osl 1.0",
    "AFL-3.0": "academic free license version 3.0|academic free license v3.0|afl 3.0|academic free license v 3.0|"
    "academic free license 3.0",
    "AFL-2.1": "academic free license version 2.1|academic free license v2.1|afl 2.1|academic free license v 2.1|"
    "academic free license 2.1",
    "AFL-2.0": "academic free license version 2.0|academic free license v2.0|afl 2.0",
    "AFL-1.2": "academic free license version 1.2",
    "BlueOak-1.0.0": "blue oak model license|blue oak model license 1.0.0",
    "MIT-0": "mit no attribution|mit 0|mit license no attribution",
    "UPL-1.0": "universal permissive license v1.0|universal permissive license version 1.0|universal permissive license v 1.0|"
    "upl 1.0|universal permissive license",
    "NCSA": "university of illinois ncsa open source license|ncsa open source license|university of illinois open source license|"
    "ncsa license|illinois open source license",
    "Beerware": "beer ware license|beerware license",
    "QPL-1.0": "q public license version 1.0|q public license|qt public license|qpl 1.0|qpl!",
    "LPPL-1.3c": "latex project public license version 1.3c|lppl 1.3c|lppl version 1.3c",
    "LPPL-1.2": "latex project public license version 1.2|lppl version 1.2",
    "LPPL-1.0": "latex project public license|lppl!",
    "IPL-1.0": "ibm public license version 1.0|ibm public license v1.0",
    "SISSL": "sun industry standards source license",
    "FTL": "freetype license|freetype project license|ftl!",
    "IJG": "independent jpeg group license|ijg license",
    "Vim": "vim license",
    "BUSL-1.1": "business source license 1.1|business source license version 1.1|bsl 1.1|busl 1.1",
    "SSPL-1.0": "server side public license version 1|server side public license|sspl v1|sspl 1.0|sspl version 1|sspl!",
    "Elastic-2.0": "elastic license 2.0|elastic license version 2.0|elastic license v2",
    "RPL-1.5": "reciprocal public license 1.5|reciprocal public license version 1.5|rpl 1.5",
    "CPAL-1.0": "common public attribution license version 1.0|cpal 1.0",
    "OCLC-2.0": "oclc research public license 2.0",
    "ECL-2.0": "educational community license version 2.0|educational community license 2.0|ecl 2.0",
    "ECL-1.0": "educational community license version 1.0",
    "APSL-2.0": "apple public source license version 2.0|apple public source license|apsl 2.0",
    "MulanPSL-2.0": "mulan psl v2|mulan permissive software license version 2|mulan psl 2.0",
    "W3C": "w3c software license|w3c software notice and license|w3c license",
    "EFL-2.0": "eiffel forum license version 2",
    "HPND": "historical permission notice and disclaimer",
    "curl": "curl license",
    "NPOSL-3.0": "non profit open software license 3.0",
    "Sleepycat": "sleepycat license|sleepycat public license",
    "ODbL-1.0": "open database license",
    "Artistic-1.0-Perl OR GPL-1.0-or-later": "same terms as perl itself|same terms as perl|same license as perl|"
    "under the terms of perl itself|same terms as the perl|perl 5 license|same terms as perl 5|license perl|perl license",
    "LicenseRef-scancode-public-domain": "",
}
for _nc in ("", "-NC"):
    for _tail in ("", "-SA", "-ND"):
        for _version in ("1.0", "2.0", "2.5", "3.0", "4.0"):
            _id = f"CC-BY{_nc}{_tail}-{_version}"
            _short = _id.lower().replace("-", " ")
            _long = "creative commons attribution" + (" noncommercial" if _nc else "")
            _long += {"": "", "-SA": " sharealike", "-ND": " noderivatives"}[_tail]
            _deep = _long.replace("noncommercial", "non commercial").replace("sharealike", "share alike")
            _path = _id[3:-4].lower()
            _ALIASES[_id] = (
                "|".join(
                    f"{name}{middle} {_version}{end}"
                    for name in dict.fromkeys((_short[:-4], _long, _deep.replace("noderivatives", "no derivatives")))
                    for middle in ("", " license", " version", " v", " international", " unported")
                    for end in ("", " license")
                )
                + f"|licenses {_path.replace('-', ' ')} {_version}"
            )
_ALIASES["CC-BY-4.0"] += "|cc by!"

#: Identifiers that are also words; as names they count only where a declaration says so.
_WORDS: Final = re.compile(r"[a-z]+\d*|[a-z]+ ?\d")
#: Names of the list that ordinary prose also contains.
_NOT_NAMES: Final = {"fair license", "open software license", "python", "linux", "other", "any", "public domain"}

_Trie = dict[str, list[tuple[tuple[str, ...], str, bool]]]


@cache
def _trie() -> _Trie:
    trie: _Trie = {}
    seen: set[tuple[str, ...]] = set()

    def add(name: str, identifier: str, weak: bool) -> None:
        words = tuple(_kernel.Words(name.encode()).text.decode().split(" "))
        if words[0] == "the":
            words = words[1:]
        if not words or not words[0] or words in seen or " ".join(words) in _NOT_NAMES:
            return
        seen.add(words)
        trie.setdefault(words[0], []).append((words[1:], identifier, weak))

    for identifier, names in _ALIASES.items():
        for name in names.split("|"):
            if name:
                add(name.rstrip("!"), identifier, name.endswith("!"))
    for identifier, entry in facts().items():
        if identifier.startswith(("GPL-", "LGPL-", "AGPL-", "GFDL-")):
            continue
        plain = _kernel.Words(identifier.encode()).text.decode()
        add(identifier, identifier, _WORDS.fullmatch(plain) is not None)
        add(
            entry["name"], identifier, _WORDS.fullmatch(_kernel.Words(entry["name"].encode()).text.decode()) is not None
        )
    for entries in trie.values():
        entries.sort(key=lambda e: -len(e[0]))
    return trie


_AROUND: Final = {"license", "licensed", "licenses", "licence", "licensing"}
#: Names whose bare form leaves open which licence is meant.
_BSD: Final = re.compile(r"\b(?:(?:berkeley )?bsd(?: style| like| type)? licen[sc]e[ds]?|bsd licensed|bsd terms)\b")


def find_names(text: str, begin: int, end: int, weak: bool = False) -> list[Mention]:
    """Return licences named within `text[begin:end]` (comparable words), in order, the longest name at each place.

    `weak` also takes names that are ordinary words or abbreviations ("MIT", "Ruby").
    """
    trie = _trie()
    words = text[begin:end].split(" ")
    mentions = find_gnu(text, begin, end)
    taken = [(m.start, m.end) for m in mentions]
    place = begin
    skip = 0
    for number, word in enumerate(words):
        if skip > 0:
            skip -= 1
        elif (entries := trie.get(word)) is not None:
            for rest, identifier, is_weak in entries:
                count = len(rest)
                if tuple(words[number + 1 : number + 1 + count]) != rest:
                    continue
                following = words[number + 1 + count] if number + 1 + count < len(words) else ""
                if is_weak and not weak and following not in _AROUND:
                    continue
                length = len(word) + sum(map(len, rest)) + count
                if any(a < place + length and place < b for a, b in taken):
                    break
                mentions.append(Mention(identifier, place, place + length, True, identifier))
                skip = count
                break
        place += len(word) + 1
    for match in _BSD.finditer(text, begin, end):
        if not any(m.start < match.end() and match.start() < m.end for m in mentions):
            mentions.append(Mention("BSD-3-Clause", match.start(), match.end(), False, "BSD"))
    mentions.sort(key=lambda m: (m.start, m.end))
    return mentions


_SPDX = get_spdx_licensing()
_NOTHING: Final = frozenset(
    "unknown|none|noassertion|n/a|na|other|proprietary|see license|unlicensed|custom|tbd|todo|license|file|".split("|")
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
        parsed = _SPDX.parse(text, validate=False)
    except (ExpressionError, ValueError, RecursionError, AttributeError, TypeError):
        return None
    if parsed is None:
        return None
    for symbol in _SPDX.license_symbols(parsed, unique=True, decompose=True):
        key: str = symbol.key
        if key in _SPDX.known_symbols:
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
    text = text.strip().strip("\"'()").strip()
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
    words = _kernel.Words(text.encode()).text.decode("latin-1")
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
