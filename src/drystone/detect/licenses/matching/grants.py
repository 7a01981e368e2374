"""Whether a sentence that names a licence grants it, or speaks of other software, of the past, or compares.

Works on comparable words. Knows nothing of which names there are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from drystone.detect._kernel import ComparableWords
from drystone.detect.licenses.matching import abroad
from drystone.detect.licenses.matching.places import range_at, sentences

_GRANT: Final = re.compile(
    r"\b(?:under|terms|licen[sc]e[sd]?|licensing|relicensed|distributed|redistribute[ds]?|released|covered|subject|"
    r"governed|conditions|copyleft|copy of|text of|version of|received|according to|accordance with|provided by|"
    r"available|permission|comply|complies|choose|your choice|choice of|usr share|spdx)\b|"
    + abroad.LICENCE
    + "|"
    + abroad.UNDER
)
#: A licence's name that the word for "licence" follows, as in "MIT license", "MIT-lisenssi", "MIT 许可证".
_LICENCE_AFTER: Final = re.compile(" " + abroad.LICENCE)
_NEGATED: Final = re.compile(
    r"(?:\b(?:not|never|isnt|arent|neither|nor|rather than|instead of|other than|unlike|except|except for|non)\b"
    r"(?: \w+){0,2}(?: (?:licensed|distributed|covered|released|available|governed))?(?: (?:under|by|to))?(?: the)?"
    r"(?: terms of)?(?: the)?(?: gnu)?"
    r"|\b(?:in)?compatib(?:le|ility)(?: \w+){0,5}"
    r"|\b(?:was|were) (?:previously|formerly|originally|once)(?: \w+){0,5}"
    r"|\b(?:similar|equivalent|comparable|identical) (?:\w+ ){0,3}to(?: the)?"
    r"|\b(?:inspired by|like|upgrade to|relicense)(?: the)?"
    r"|\b(?:doesnt|does not|dont|do not|didnt) mean(?: \w+){0,8}"
    r"|\bother (?:\w+ )?(?:software|programs?|code|works?|projects?)(?: \w+){0,4} (?:under|by)(?: the)?"
    r"|\b(?:from|away from|drop|drops|dropped|dropping|remove[sd]?|removing|replac\w+|lift\w*) (?:the )?(?:gnu )?"
    r") $"
)
_NEGATED_AFTER: Final = re.compile(
    r" (?:and \w+ )?(?:in)?compatib|^ (?:compliant|incompatible|compatible|friendly|free\b|option|ish\b)|"
    r"^ (?:\w+ ){0,3}until\b|^ (?:\w+ ){0,2}?(?:is|are|gets?|will be) (?:not )?"
    r"(?:refused|rejected|denied|disallowed|flagged|skipped|ignored|dropped)\b"
)
#: The same in other languages, some of which write a letter as three.
_NEGATED_ABROAD: Final = re.compile(abroad.NEGATED)
_NEGATED_AFTER_ABROAD: Final = re.compile(abroad.NEGATED_AFTER)
#: Words that tell of what was; a sentence that then says what is grants it again.
_PAST: Final = re.compile(
    r"\b(?:previously|formerly|used to be|no longer|prior to|until|in the past|historically|once (?:was|were)|"
    r"(?:versions?|releases?) (?:\w+ ){0,3}?(?:before|prior|up to|until|older|earlier|below|through)|"
    r"(?:before|earlier|older|prior|old|up to|up to and including) (?:versions?|releases?|v?\d)|"
    r"originally (?:licensed|released|distributed|under|published)|"
    r"was (?:under )?(?:the )?(?:gnu )?$)|" + abroad.PAST
)
_PRESENT: Final = re.compile(
    r"\b(?:now|since|currently|today|is|are|relicensed (?:under|to)|from now|as of)\b|" + abroad.PRESENT
)
#: Words about software that is not this: a dependency that is called, a program that was rewritten, an example.
_OTHER: Final = re.compile(
    r"\b(?:optional(?:ly)?|dependenc\w+|third part\w+|clean ?room|(?:re)?implementation of|rewrite of|clone of|"
    r"alternatives? to|inspired by|fails?|detect\w*|rejects?|warns?|scans?|finds?|match(?:es)?|reports?|thanks to|"
    r"if (?:one|any|some)|"
    r"your (?:\w+ )?(?:code|project|build|app|own)|why not|such as|for example|e g|versus|vs|unlike|"
    r"compared? (?:to|with)|in contrast|as opposed|checks?|returns?|whether|if the licen[sc]e|pars(?:e|es|ed|ing)|"
    r"recogni[sz]\w+|validat\w+|known licen\w+|supported licen\w+|list of licen\w+|"
    r"which (?:is|are) (?:under|licensed)|linked? (?:with|against)|linking (?:with|against))\b|" + abroad.OTHER_SOFTWARE
)
_SELF: Final = re.compile(
    r"\b(?:this|our|the present|all of (?:the|this|our)|entire) (?:\w+ ){0,3}?"
    r"(?:project|software|program|code|library|package|repository|work|file|source|module|application|app|tool|"
    r"distribution|crate|gem)\b|" + abroad.SELF
)


#: Words of addresses, which name licences in their last part ("opensource.org/licenses/MIT").
_ADDRESS: Final = frozenset({"http", "https", "www", "org", "com", "net", "io", "usr", "share"})
#: Words that a slash joins with a licence's name: "MIT/GPL", "BSD/Apache".
_NEIGHBOURS: Final = frozenset(
    {
        "mit",
        "gpl",
        "lgpl",
        "agpl",
        "mpl",
        "bsd",
        "apache",
        "isc",
        "x11",
        "expat",
        "artistic",
        "perl",
        "gnu",
        "cc0",
        "epl",
    }
    | {"gplv2", "gplv3", "gpl2", "gpl3", "apache2", "2.0", "3.0", "2.1", "1.1", "license", "and", "or"}
)


class Sentences:
    """The sentences of a text by offset; each ends at a full stop, a question mark or an empty line."""

    def __init__(self, words: ComparableWords) -> None:
        joints: bytes = words.joints
        ends = sentences(words)
        self._words, self._joints = words, joints
        self._text: bytes = words.text
        self._starts = [words.start(i) for i in ends]
        self._questions = {words.start(i) for i in ends if joints[i : i + 1] == b"?"}
        self._size = len(words.text)

    def around(self, offset: int) -> tuple[int, int]:
        """Return the sentence (start, end) that holds an offset."""
        number = bisect_right(self._starts, offset)
        start = self._starts[number - 1] if number else 0
        return start, self._starts[number] - 1 if number < len(self._starts) else self._size

    def crosses(self, start: int, end: int) -> bool:
        """Whether a sentence begins behind `start` and before `end`."""
        return bisect_right(self._starts, start) < bisect_right(self._starts, end - 1)

    def in_path(self, start: int, end: int) -> bool:
        """Whether the words between two offsets are parts of a path ("see doc/licenses/GPL.txt"), not of an address."""
        first, last = self._words.word_at(start), self._words.word_at(max(start, end - 1)) + 1
        joints = self._joints
        before = joints[first : first + 1] == b"/"
        after = joints[last : last + 1] == b"/"
        if not before and not after:
            return False
        lead = self._text[max(0, start - 120) : start].decode("latin-1").split(" ")[-12:]
        behind = self._text[end : end + 40].decode("latin-1").split(" ")
        near = {*(lead[-2:-1] if before else ()), *(behind[1:2] if after else ())}
        return _ADDRESS.isdisjoint(lead) and near.isdisjoint(_NEIGHBOURS)

    def divided(self, end: int, start: int) -> bool:
        """Whether a divider or an "or" alone stands between the words that end and start at two offsets ("MIT/GPL")."""
        at = self._words.word_at(start)
        gap = self._text[end:start]
        return gap == b" or " or (gap == b" " and self._joints[at : at + 1] == b"/")

    def asks(self, end: int) -> bool:
        """Whether the sentence that ends at `end` is a question."""
        return end + 1 in self._questions


def about_others(text: str, start: int, mention: tuple[int, int], end: int, prose: bool) -> bool:
    """Whether a sentence that names a licence speaks of the past, compares, or in prose is about other software."""
    lead, after = text[max(start, mention[0] - 200) : mention[0]], text[mention[1] : min(end, mention[1] + 60)]
    if _NEGATED.search(lead[-70:]) or _NEGATED_AFTER.match(after):
        return True
    behind = text[mention[1] : min(end, mention[1] + 90)]
    if _NEGATED_ABROAD.search(lead[-120:]) or _NEGATED_AFTER_ABROAD.match(behind):
        return True
    past = max((match.end() for match in _PAST.finditer(lead)), default=None)
    if past is not None and _PRESENT.search(lead, past) is None:
        return True
    return prose and _OTHER.search(lead) is not None and _SELF.search(lead) is None


def grants(text: str, start: int, mention: tuple[int, int], end: int, licensing: Sequence[tuple[int, int]]) -> bool:
    """Whether a sentence (start, end) grants the licence that it names at `mention`.

    It does where it says so ("released under", also in other languages), and below a heading that says licence
    (`licensing`, as offsets) where it is short.
    """
    before = text[max(start, mention[0] - 170) : mention[0]]
    after = text[mention[1] : min(end, mention[1] + 90)]
    if _GRANT.search(before) or text.startswith("licens", mention[0]):
        return True
    if re.match(r" (?:licen[sc]e\b|licen[sc]ed\b|usr share)", after) is not None or "applies to" in after[:40]:
        return True
    if _LICENCE_AFTER.match(after) is not None:
        return True
    if _GRANT.search(after) is not None and any(ord(c) > 127 for c in after):
        return True
    return text.count(" ", start, end) < 25 and range_at(licensing, mention[0]) is not None
