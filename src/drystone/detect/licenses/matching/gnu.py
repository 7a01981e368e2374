"""GNU licences in running text: which of the family, which version, and whether "or any later version" goes with it.

Works on comparable words (lower case, single spaces). Versionless mentions follow the licences' own rule: any version
ever published (GPL-2.0, section 9). Knows nothing of full texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Final

from drystone.detect.licenses.matching import abroad
from drystone.detect.patterns import PatternSet, unnamed


@dataclass(frozen=True)
class Mention:
    """One licence named in a text; `start` and `end` are offsets, `versioned` tells an explicit version."""

    expression: str
    start: int
    end: int
    versioned: bool
    family: str


_NAME: Final = re.compile(
    r"\b(?:"
    r"(?P<path>usr share common licenses (?P<file>l?gpl|gfdl) ?(?P<filev>\d(?:\.\d)?)?)"
    r"|(?:gnu(?: s)? )?(?P<long>affero|lesser|library(?: or lesser)?|lesser or library|lesser library) "
    r"(?:gnu )?(?:general |gener ?al )?(?:public )?licenses?(?: lgpl| agpl)?"
    r"|(?P<gpl>(?:gnu(?: s)? )(?:general )?public licenses?(?: gpl)?|general public licenses?(?: gpl)?|gnu licenses?)"
    r"|(?P<doc>(?:gnu )?free documentation licenses?(?: gfdl| fdl)?|gfdl)"
    r"|(?:gnu )?(?P<short>a|l)?gpl ?(?P<glued>v ?\d(?:\.\d+)?\+?|\d(?:\.\d+)?\+?)?"
    r"(?P<suffix>(?: or later| only|\+))?"
    r")(?= |$)"
)


@cache
def _cue() -> PatternSet:
    """Return what tells in one fast pass whether a text names the family at all."""
    return PatternSet([unnamed(_NAME.pattern).replace("(?= |$)", "")], lines=False)


#: Names taken from one text; no real text has as many, and the steps after this compare them with each other.
MAX_MENTIONS: Final = 1000
_VERSION_AFTER: Final = re.compile(
    r"(?: (?!affero|lesser|library|gpl|lgpl|agpl|mozilla|apache|mit|bsd|artistic|creative|eclipse|python|section|"
    r"clause|"
    r"gcc|linux|debian|fifth|copyright)[a-z][\w.]*){0,13}? "
    r"(?:versions?|ver|v|vers|revision|release|level) ?(?P<v>[123](?:\.\d+)?)(?P<plus>\+)?(?= |$)"
)
_BARE_AFTER: Final = re.compile(r" (?:license )?v?(?P<v>[123](?:\.\d)?)(?P<plus>\+)?(?= |$)")
_VERSION_BEFORE: Final = re.compile(
    r"\b(?:version|versions|ver|v|v\.) ?(?P<v>[123](?:\.\d)?)(?P<plus>\+)?"
    r"(?P<later> (?:or|and) (?:at your option )?(?:any )?"
    r"(?:later|newer|higher|above)(?: versions?)?)?(?: or (?:version )?(?P<also>[23](?:\.\d)?))?"
    r"(?: only)?(?: published)?(?: of)?(?: the)?(?: terms of the)?(?: fsfs?)? $"
)
_LATER: Final = re.compile(
    r"(?: \S+){0,16}? (?:(?:or|and|and or)(?: if you prefer| alternatively)?"
    r"(?: at (?:your|the users?|his|their|our|the) "
    r"(?:own )?(?:options?|choice|discretion|opinion))?(?: under)?(?: the terms of)? (?:any |all |a |the |some )?"
    r"(?:later|newer|higher|above|greater|subsequent|newest|latter|latest|superior|any later)"
    r"|at your option any (?:later|newer)|or later|any later versions?|or newer|or version \d(?:\.\d)? or any later|"
    + abroad.OR_LATER
    + ")"
)
_ONLY: Final = re.compile(r"(?: \S+){0,4}? (?:only|no later|no other)\b| only\b")
_ALSO: Final = re.compile(
    r"(?: (?:of the (?:gnu )?(?:\w+ ){0,3}license|gpl))?(?: only)? or(?: at your option)?(?: the)? (?:gnu )?(?:l?gpl )?"
    r"(?:version |v ?)?(?P<v>[3](?:\.0)?)(?= |$)(?! or later)"
)
_NOT_LATER: Final = re.compile(r"\b(?:not|no|without|but not|nor) (?:\w+ ){0,3}?(?:any )?later")

_VERSIONS: Final = {
    "GPL": {"1": "1.0", "1.0": "1.0", "2": "2.0", "2.0": "2.0", "3": "3.0", "3.0": "3.0"},
    "LGPL": {"2": "2.0", "2.0": "2.0", "2.1": "2.1", "3": "3.0", "3.0": "3.0"},
    "AGPL": {"1": "1.0", "1.0": "1.0", "3": "3.0", "3.0": "3.0"},
    "GFDL": {"1.1": "1.1", "1.2": "1.2", "1.3": "1.3"},
}
_UNVERSIONED: Final = {
    "GPL": "GPL-1.0-or-later",
    "LGPL": "LGPL-2.0-or-later",
    "AGPL": "AGPL-3.0-or-later",
    "GFDL": "GFDL-1.1-or-later",
}


def _family(match: re.Match[str]) -> str:
    if match["path"]:
        return match["file"].upper()
    if match["doc"]:
        return "GFDL"
    if match["long"]:
        return "AGPL" if match["long"] == "affero" else "LGPL"
    return {"a": "AGPL", "l": "LGPL", None: "GPL"}[match["short"]]


def _later(text: str, at: int, stop: int) -> bool:
    tail = text[at : min(stop, at + 220)]
    found = _LATER.match(tail)
    if found is None:
        return False
    return not _NOT_LATER.search(tail[: found.end() + 12])


def find_gnu(text: str, begin: int, end: int) -> list[Mention]:
    """Return every mention of a GNU licence within `text[begin:end]`, in order."""
    if not _cue().matching(text[begin:end].encode("latin-1")):
        return []
    names = list(islice(_NAME.finditer(text, begin, end), MAX_MENTIONS))
    mentions: list[Mention] = []
    for number, match in enumerate(names):
        family = _family(match)
        known = _VERSIONS[family]
        start, at = match.start(), match.end()
        if family == "GPL" and text.startswith("lesser ", max(begin, start - 7)):
            family, known = "LGPL", _VERSIONS["LGPL"]
        # A version belongs to the nearest name: stop at the next name unless it only repeats this one.
        stop = end
        for follower in islice(names, number + 1, number + 40):
            if _family(follower) != family or follower.start() > at + 120:
                stop = follower.start()
                break
        version = plus = None
        later = False
        if match["filev"] or match["glued"]:
            glued = (match["filev"] or match["glued"]).lstrip("v ")
            plus = glued.endswith("+")
            version = known.get(glued.rstrip("+"))
            later = bool(plus) or match["suffix"] in {" or later", "+"} or _later(text, at, min(stop, at + 60))
        if version is None and not match["path"]:
            before = _VERSION_BEFORE.search(text[max(begin, start - 90) : start])
            after = _BARE_AFTER.match(text, at, stop) or _VERSION_AFTER.match(text, at, min(stop, at + 150))
            if before is not None and before["v"] in known:
                version = known[before["v"]]
                plus = before["plus"]
                later = bool(plus or before["later"]) or _later(text, at, min(stop, at + 130))
                if before["also"] and before["also"] in known and not later:
                    both = f"{family}-{version}-only OR {family}-{known[before['also']]}-only"
                    mentions.append(Mention(both, start, at, True, family))
                    continue
            elif after is not None and after["v"] in known:
                version = known[after["v"]]
                also = _ALSO.match(text, after.end(), min(stop, after.end() + 80))
                later = bool(after["plus"]) or _later(text, after.end(), stop)
                only = _ONLY.match(text, after.end(), min(stop, after.end() + 40))
                if only is not None and not _later(text, after.end(), min(stop, only.end() + 60)):
                    later = False
                at = after.end()
                if also is not None and known.get(also["v"]) and known[also["v"]] != version:
                    later3 = _later(text, also.end(), min(stop, also.end() + 40))
                    other = f"{family}-{known[also['v']]}-{'or-later' if later3 else 'only'}"
                    mentions.append(Mention(f"{family}-{version}-only OR {other}", start, also.end(), True, family))
                    continue
            elif _later(text, at, min(stop, at + 40)) and family in {"GPL", "LGPL"}:
                later = True
        if version is None:
            mentions.append(Mention(_UNVERSIONED[family], start, at, False, family))
        else:
            suffix = "or-later" if later else "only"
            mentions.append(Mention(f"{family}-{version}-{suffix}", start, at, True, family))
    return mentions
