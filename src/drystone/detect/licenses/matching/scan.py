"""Finds licences in one text: full texts first, then short licences by their clauses, then names in a grant.

Each step looks only at words that no earlier step explained. Knows nothing of files, folders or metadata formats.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Final

from drystone.detect._kernel import ComparableWords
from drystone.detect.licenses.matching.exceptions import find_exceptions
from drystone.detect.licenses.matching.gnu import Mention
from drystone.detect.licenses.matching.grants import Sentences, about_others, grants
from drystone.detect.licenses.matching.names import find_names, spdx_expression
from drystone.detect.licenses.matching.references import references
from drystone.detect.licenses.matching.shapes import find_shapes

#: Similarity from which a reference text is the answer, and from which it is one where no clause rule speaks.
SURE: Final = 0.93
LIKELY: Final = 0.76
#: Similarity from which it is one where every other licence is far less similar.
ALONE: Final = 0.68
#: Findings below this confidence are evidence for a reviewer, not an answer.
ANSWER: Final = 0.55
#: Names are looked up in this many characters of unexplained text; full texts everywhere.
_TEXTS: Final = frozenset({"spdx-text", "clauses", "text-hash"})
_PROSE_LIMIT: Final = 200_000
_MAX_TEXTS: Final = 400


@dataclass(frozen=True, slots=True)
class LicenseMatch:
    """One licence in a text: offsets into the comparable words, rule and confidence."""

    expression: str
    start: int
    end: int
    rule: str
    confidence: float
    family: str = ""
    versioned: bool = True


_POINTER: Final = re.compile(
    r"\b(?:debian|copy|text|version|found|located|available)\b.{0,200}?usr share common licenses"
)
_LATER_PHRASE: Final = re.compile(
    r"(?:or|and) (?:\(?at your (?:own )?option\)? )?any later versions?|or later|either version(?: of)?|"
    r"express or implied|and or|without even"
)
_CHOICE: Final = re.compile(
    r"\b(?:alternatively|at your (?:option|choice|discretion)|your choice|choice of|choose|dual(?:ly)? ?licen\w+|"
    r"either of|either the|under either|dual license\w*|triple licen\w+|tri licen\w+|one of the following|"
    r"any of the following|multi licen\w+|disjunctive|"
    r"at the (?:discretion|option|choice) of the (?:user|licensee|recipient))\b"
)
#: Words behind the last name of a list that leave the choice to the reader.
_CHOICE_AFTER: Final = re.compile(
    r"(?: \S+){0,5}? (?:whichever|as you (?:like|prefer|wish|please|choose)|at your (?:option|choice|discretion)|"
    r"your choice|take your pick|(?:tri|dual|double|triple|multi) licen[sc]ed|you (?:can|may) choose)\b"
)
#: Words between two names with which something else begins: "the icons are distributed under the ...".
_NEW_GRANT: Final = re.compile(
    r"\b(?:is|are|was|were|comes?) (?:\w+ ){0,2}?(?:licen[sc]ed|distributed|released|covered|provided|published|"
    r"governed|available|under)\b"
)
#: What stands between the names of a list.
_LIST: Final = re.compile(r" ?(?:(?:licen[sc]es?|the|an?|gnu|v|version|\d[\d.]*) ?){0,5}")
_PLAIN_OR: Final = re.compile(r"(?: \S+){0,5}? or(?: \S+){0,7} ?")


def _full_texts(words: ComparableWords, text: str) -> list[LicenseMatch]:
    """Return reference texts and short licences over all words, in order, without overlap."""
    known = references()
    findings: list[LicenseMatch] = []
    pending = [(0, words.count)]
    while pending and len(findings) < _MAX_TEXTS:
        begin, end = pending.pop()
        if end - begin < 8:
            continue
        hits = known.index.match(words, begin, end, 0.5, 12)
        best = _best(hits) if hits else None
        if best is None or (best[1] < LIKELY and not _stands_alone(hits, known.ids)):
            findings += _shapes(words, text, begin, end)
            continue
        number, similarity, _, first, last = best
        identifier = known.ids[number]
        if similarity < SURE:
            shapes = _shapes(words, text, begin, end)
            near = [s for s in shapes if s.start < words.start(last - 1) and s.end > words.start(first)]
            if near:
                start, stop = near[0].start, near[-1].end
                if identifier not in {s.expression for s in near} and similarity >= 0.88 and near[0].confidence < 0.9:
                    near = [LicenseMatch(identifier, words.start(first), _end(words, last), "spdx-text", similarity)]
                    start, stop = near[0].start, near[0].end
                findings += near
                pending += [(begin, _word_before(words, start)), (_word_after(words, stop), end)]
                continue
        findings.append(
            LicenseMatch(identifier, words.start(first), _end(words, last), "spdx-text", round(similarity, 3))
        )
        pending += [(begin, first), (last, end)]
    findings.sort(key=lambda f: f.start)
    return findings


def _stands_alone(hits: list[tuple[int, float, float, int, int]], ids: tuple[str, ...]) -> bool:
    """Whether a moderately similar reference has no rival: no other licence comes near it."""
    rivals = [h[1] for h in hits if ids[h[0]] != ids[hits[0][0]]]
    return hits[0][1] >= ALONE and hits[0][1] - max(rivals, default=0.0) >= 0.25


def _best(hits: list[tuple[int, float, float, int, int]]) -> tuple[int, float, float, int, int]:
    """Return the most similar reference; of two nearly alike, the one that explains more words."""
    top = hits[0][1]
    near = [h for h in hits if h[1] >= top - 0.025]
    return max(near, key=lambda h: (h[4] - h[3] if h[2] > 0.97 else 0, h[1], -h[0]))


def _shapes(words: ComparableWords, text: str, begin: int, end: int) -> list[LicenseMatch]:
    start, stop = words.start(begin), _end(words, end)
    return [LicenseMatch(s.expression, s.start, s.end, "clauses", s.confidence) for s in find_shapes(text, start, stop)]


def _end(words: ComparableWords, end: int) -> int:
    """Return the offset just behind word `end - 1`."""
    return int(words.start(end)) - 1 if end < words.count else len(words.text)


def _word_before(words: ComparableWords, offset: int) -> int:
    return int(words.word_at(offset))


def _word_after(words: ComparableWords, offset: int) -> int:
    return min(int(words.word_at(max(0, offset - 1))) + 1, int(words.count))


@dataclass(frozen=True)
class _Reading:
    """How names are read: `bare` where a name alone is enough, `strict` in prose about something else."""

    sentences: Sentences
    strict: bool
    bare: bool
    licensing: tuple[tuple[int, int], ...]


def _notices(text: str, begin: int, end: int, how: _Reading) -> list[LicenseMatch]:
    """Return licences that `text[begin:end]` grants by name."""
    end = min(end, begin + _PROSE_LIMIT)
    found = []
    weak = how.bare and len(text) < 60
    mentions = find_names(text, begin, end, weak=weak, listed=how.licensing, apart=how.sentences.crosses)
    for number, m in enumerate(mentions):
        if how.sentences.in_path(m.start, m.end):
            continue
        first, last = how.sentences.around(m.start)
        start, stop = (max(begin, first), min(end, last)) if how.strict else (begin, end)
        span = (m.start, m.end)
        if about_others(text, max(begin, first), span, min(end, last), how.strict):
            continue
        if how.strict and how.sentences.asks(last):
            continue
        granted = grants(text, start, span, stop, how.licensing)
        # "MIT/GPL2 licensed": what is granted behind the divider grants what stands before it.
        before = m.end
        for other in mentions[number + 1 : number + 4]:
            if granted or not how.sentences.divided(before, other.start):
                break
            granted = grants(text, start, (other.start, other.end), stop, how.licensing)
            before = other.end
        if not granted and not how.bare:
            continue
        confidence = 0.93 if m.versioned else 0.85
        if m.family == "BSD":
            confidence = 0.7
        rule = "pointer" if _points_elsewhere(text, m) else "notice" if granted else "name"
        if rule == "name":
            confidence = min(confidence, 0.8)
        found.append(LicenseMatch(m.expression, m.start, m.end, rule, confidence, m.family, m.versioned))
    return found


def _points_elsewhere(text: str, mention: Mention) -> bool:
    """Whether the sentence only says where Debian keeps a licence's text; such sentences are often copied wrongly."""
    near = text[max(0, mention.start - 140) : mention.end + 60]
    return "usr share common licenses" in near and _POINTER.search(near) is not None


_PUBLIC_DOMAIN: Final = re.compile(
    r"\b(?:(?:is|are|been|be|it|file|code|software|program|work|library|hereby) "
    r"(?:\w+ ){0,5}?(?:in|into|to) the public domain|"
    r"(?:placed|released|dedicated|put|donated) (?:\w+ ){0,4}?(?:in|into|to) the public domain|public domain software|"
    r"^public domain|license public domain|in the public domain)\b"
)
_SPEAKS: Final = re.compile(
    r"licens|permission|redistribut|warrant|copyleft|public domain|free to use|terms and conditions|all rights reserved"
)


def find_licenses(
    words: ComparableWords, strict: bool, licensing: tuple[tuple[int, int], ...] = ()
) -> list[LicenseMatch]:
    """Return the licences of a text, in order of their place, repeated ones merged.

    `strict` is for prose that is about something else (a README, source comments): a name counts only in a grant, or
    below a heading that says licence (`licensing`, as offsets).
    """
    text = words.text.decode("latin-1")
    if not text:
        return []
    findings = _full_texts(words, text)
    how = _Reading(Sentences(words), strict, not strict and words.count < 40, licensing)
    notices: list[LicenseMatch] = []
    place = 0
    for finding in [*findings, LicenseMatch("", len(text), len(text), "", 0)]:
        if finding.start - place > 2:
            notices += _notices(text, place, finding.start, how)
        place = max(place, finding.end)
    if not findings and not notices and not strict:
        # A title is better than nothing, but a person should look.
        notices = [
            LicenseMatch(m.expression, m.start, m.end, "title", 0.6, m.family, m.versioned)
            for m in find_names(text, 0, min(len(text), 300))[:1]
        ]
    findings = _resolve(sorted([*findings, *notices], key=lambda f: f.start))
    for exception, start, end in find_exceptions(text[:_PROSE_LIMIT]):
        _attach(findings, exception, start, end)
    if not findings and "public domain" in text and (match := _PUBLIC_DOMAIN.search(text[:_PROSE_LIMIT])):
        findings = [LicenseMatch("LicenseRef-scancode-public-domain", match.start(), match.end(), "notice", 0.8)]
    return findings


def _resolve(findings: list[LicenseMatch]) -> list[LicenseMatch]:
    """Drop what a more exact finding already says: versionless names, texts beside their notice, pointers."""
    pointers = [f for f in findings if f.rule == "pointer"]
    if pointers:
        # A name in passing is less than a pointer to a licence's text.
        findings = [f for f in findings if f.rule != "name"]
        if len(pointers) == len(findings) and _disagree(pointers):
            return [replace(f, confidence=0.4) for f in findings]
    if pointers and len(pointers) < len(findings):
        findings = [f for f in findings if f.rule != "pointer"]
        if all(not f.versioned for f in findings):
            # "the GNU GPL ... see /usr/share/common-licenses/GPL-2": only the pointer tells the version.
            families = {f.family for f in findings}
            findings += [p for p in pointers if p.versioned and p.family in families]
    plain = {i for f in findings for i in f.expression.split() if i not in {"OR", "AND", "WITH"}}
    gnu = {i for i in plain if re.match(r"(?:[AL]?GPL|GFDL)-", i)}
    exact_gnu = {i for f in findings if f.versioned for i in f.expression.split() if i in gnu}
    bsd = any(i.startswith("BSD-") and f.rule in {"spdx-text", "clauses"} for f in findings for i in [f.expression])
    exact_bsd = any(f.expression.startswith("BSD-") and f.family != "BSD" for f in findings)
    texts = {f.expression for f in findings if f.rule in {"spdx-text", "clauses"}}
    kept: list[LicenseMatch] = []
    for f in findings:
        if not f.versioned and f.family in {"GPL", "LGPL", "AGPL", "GFDL"} and exact_gnu:
            continue
        if not f.versioned and f.family == "GPL" and any(i.startswith(("LGPL", "AGPL")) for i in gnu):
            continue
        if f.family == "BSD" and (bsd or exact_bsd):
            continue
        if f.rule == "notice" and f.expression in texts:
            continue
        if f.expression == "Artistic-1.0" and ({"Artistic-2.0", "Artistic-1.0-Perl"} & plain):
            continue
        kept.append(f)
    later = {f.expression for f in kept}
    return [f for f in kept if not (f.expression.endswith("-only") and f.expression[:-4] + "or-later" in later)]


def _disagree(pointers: list[LicenseMatch]) -> bool:
    """Whether one short text points to the texts of different kinds of licence ("the BSD licence is in .../GPL-2")."""
    kinds = {re.split(r"-\d", f.expression)[0].partition("-")[0] for f in pointers}
    return len(kinds) > 1 and pointers[-1].end - pointers[0].start < 200


def _attach(findings: list[LicenseMatch], exception: str, start: int, end: int) -> None:
    """Add an exception to the licence that it belongs to: the last GNU licence (or Apache-2.0) before it."""
    holder = None
    for i, f in enumerate(findings):
        fits = "Apache-2.0" if exception == "LLVM-exception" else "GPL-"
        if fits in f.expression and " " not in f.expression and (holder is None or f.start < start):
            holder = i
    if holder is not None:
        f = findings[holder]
        findings[holder] = replace(f, expression=f"{f.expression} WITH {exception}", end=max(f.end, end))


def combine(words: ComparableWords, text: str, findings: list[LicenseMatch]) -> str | None:
    """Return one expression: AND between findings, OR where the words between or around them offer a choice."""
    findings = [f for f in findings if f.confidence >= ANSWER]
    if not findings:
        return None
    ways = [_way(words, text, a, b) for a, b in pairwise(findings)]
    for number in range(len(ways) - 2, -1, -1):
        # "the GPL, the MPL or the MIT licence": a comma stands for the word before the last.
        if ways[number] == "list":
            ways[number] = ways[number + 1]
    opening = findings[0]
    groups: list[list[str]] = [[opening.expression]]
    for (a, b), way in zip(pairwise(findings), ways, strict=True):
        if a.expression == b.expression:
            continue
        if way == "or" or _offers_choice(text, opening, a, b):
            groups[-1].append(b.expression)
        else:
            # What was offered before holds for its own list, not for what follows.
            opening = b
            groups.append([b.expression])
    return join([join(g, "OR") for g in groups], "AND")


def _way(words: ComparableWords, text: str, a: LicenseMatch, b: LicenseMatch) -> str:
    """Return how two findings are joined: "or", "and", "list" (a comma), or "" where other words stand between."""
    gap = _LATER_PHRASE.sub(" ", text[a.end : min(b.start, a.end + 120)])
    if _LIST.fullmatch(gap):
        return "or" if words.joints[words.word_at(b.start) : words.word_at(b.start) + 1] == b"/" else "list"
    return "or" if _says_or(gap, a, b) else "and" if " and " in gap else ""


def _says_or(gap: str, a: LicenseMatch, b: LicenseMatch) -> bool:
    """Whether the words between two findings are an "or"; between whole texts it stands alone."""
    if a.rule in _TEXTS and b.rule in _TEXTS:
        return gap.strip() in {"or", "or the", "license or"}
    return _PLAIN_OR.fullmatch(" " + gap.strip() + " ") is not None


def _offers_choice(text: str, opening: LicenseMatch, a: LicenseMatch, b: LicenseMatch) -> bool:
    gap = _LATER_PHRASE.sub(" ", text[a.end : min(b.start, a.end + 4000)])
    # Two whole texts may lie far apart; names of other parts of a project follow the names to choose from.
    far = a.rule in _TEXTS and b.rule in _TEXTS
    if len(gap) < 3000 and _CHOICE.search(gap[-500 if far else -200 :]):
        return True
    if len(gap) < 90 and _says_or(gap, a, b):
        return True
    if len(gap) < 90 and _CHOICE_AFTER.match(text, b.end, b.end + 120):
        return True
    if not far and _NEW_GRANT.search(gap) is not None:
        return False
    lead = _LATER_PHRASE.sub(" ", text[max(0, opening.start - 160) : opening.start])
    return len(gap) < (2500 if far else 250) and _CHOICE.search(lead) is not None


def join(expressions: list[str], operator: str) -> str:
    """Return the expressions joined by `AND` or `OR`, in the order given: flat, and each operand once.

    "MIT AND (ISC AND MIT)" is "MIT AND ISC"; of two choices between the same licences the first stays.
    """
    return _join(tuple(dict.fromkeys(expressions)), operator)


@lru_cache(maxsize=20_000)
def _join(parts: tuple[str, ...], operator: str) -> str:
    if len(parts) == 1:
        return parts[0]
    other = "OR" if operator == "AND" else "AND"
    flat: dict[frozenset[str], str] = {}
    for part in parts:
        choice = len(_operands(part, "OR")) > 1
        operands = [part] if choice and operator == "AND" else _operands(part, operator)
        for operand in operands:
            inner = _operands(operand, other)
            flat.setdefault(frozenset(inner), f"({operand})" if len(inner) > 1 else operand)
    joined = f" {operator} ".join(flat.values())
    return spdx_expression(joined) or joined


def _operands(expression: str, operator: str) -> list[str]:
    """Return what `operator` joins outside of parentheses, without parentheses around the whole of an operand."""
    found: list[list[str]] = [[]]
    depth = 0
    for word in expression.split(" "):
        depth += word.count("(") - word.count(")")
        if word == operator and depth == 0:
            found.append([])
        else:
            found[-1].append(word)
    operands = [" ".join(words) for words in found]
    if len(operands) > 1:
        return [inner for operand in operands for inner in _operands(operand, operator)]
    if expression.startswith("(") and expression.endswith(")") and _encloses(expression):
        return _operands(expression[1:-1], operator)
    return operands


def _encloses(expression: str) -> bool:
    """Whether the parenthesis that opens an expression closes at its end."""
    depth = 0
    for number, sign in enumerate(expression):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return number == len(expression) - 1
    return False


def speaks_of_licensing(text: str) -> bool:
    """Whether comparable words are about licensing at all; what is and stays unanswered goes to review."""
    return _SPEAKS.search(text, 0, _PROSE_LIMIT) is not None
