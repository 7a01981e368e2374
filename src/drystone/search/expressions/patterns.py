"""Regular expressions: RE2's syntax, read and made to match within one line, for two engines of linear time.

Only what such engines do is taken: no backreferences, no looking around. A pattern goes over a line end only where it
says so, by `\\n` or the flag `s`: `[^)]*` and `\\s` stay on their line, as in grep; `^` and `$` are those of a line.
Case is folded here, so that both engines see the same sets. Knows no files. Syntax: RE2's doc/syntax.txt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final, NamedTuple, TypeGuard

import re2

from drystone.errors import UsageError

#: The longest pattern, in characters; how deep its groups may be; and the most that a count in braces says (RE2's).
MOST_LENGTH: Final = 100_000
_DEEPEST: Final = 50
_MOST_REPEAT: Final = 1000

Range = tuple[int, int]
Ranges = tuple[Range, ...]


class PatternError(UsageError):
    """A pattern that is none; `column` counts its characters from 1."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(message)
        self.column = column


class Chars(NamedTuple):
    """One character out of ranges of code points; or, negated, any but these and those of Unicode classes."""

    ranges: Ranges
    classes: tuple[str, ...] = ()
    negated: bool = False


class Assertion(NamedTuple):
    """`^`, `$` (of a line), `\\A`, `\\z`, `\\b` or `\\B`."""

    sign: str


class Series(NamedTuple):
    """Parts one after the other."""

    parts: tuple[Node, ...]


class Choice(NamedTuple):
    """One of the parts."""

    parts: tuple[Node, ...]


class Repeat(NamedTuple):
    """A part again and again; `most` is None for any number."""

    part: Node
    least: int
    most: int | None
    lazy: bool = False


Node = Chars | Assertion | Series | Choice | Repeat
EMPTY: Final = Series(())

_LAST: Final = 0x10FFFF
_LINE_END: Final = 10
_PERL: Final[dict[str, Ranges]] = {
    "d": ((48, 57),),
    "s": ((9, 10), (12, 13), (32, 32)),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
}
_POSIX: Final[dict[str, Ranges]] = {
    "alnum": ((48, 57), (65, 90), (97, 122)), "alpha": ((65, 90), (97, 122)), "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)), "cntrl": ((0, 31), (127, 127)), "digit": ((48, 57),), "graph": ((33, 126),),
    "lower": ((97, 122),), "print": ((32, 126),), "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)), "upper": ((65, 90),), "word": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}  # fmt: skip
_ESCAPES: Final = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_OCTAL: Final = frozenset("01234567")
_HEX: Final = frozenset("0123456789abcdefABCDEF")


@cache
def _orbits() -> dict[int, tuple[int, ...]]:
    """Return, for each character with case, all that differ by case alone (simple folding, no Turkish i)."""
    groups: dict[int, set[int]] = {}
    for code in range(0x80, 0x1E944):
        if 0xD800 <= code < 0xE000 or code in {0x130, 0x131}:
            continue
        char = chr(code)
        for other in (char.lower(), char.upper(), char.title(), char.casefold()):
            if len(other) == 1 and other != char:
                merged = groups.get(code, {code}) | groups.get(ord(other), {ord(other)})
                for member in merged:
                    groups[member] = merged
    for low in range(97, 123):
        merged = groups.get(low, {low}) | groups.get(low - 32, {low - 32})
        for member in merged:
            groups[member] = merged
    return {code: tuple(sorted(members)) for code, members in groups.items()}


def merged(ranges: Iterable[Range]) -> Ranges:
    """Return ranges sorted, without overlaps or neighbours."""
    found: list[Range] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def complement(ranges: Iterable[Range]) -> Ranges:
    """Return the ranges of all other code points, surrogates aside."""
    found, next_ = [], 0
    for low, high in merged([*ranges, (0xD800, 0xDFFF)]):
        if low > next_:
            found.append((next_, low - 1))
        next_ = high + 1
    return tuple([*found, (next_, _LAST)] if next_ <= _LAST else found)


def _folded(ranges: Ranges) -> Ranges:
    """Return ranges with everything that differs from their characters by case alone."""
    orbits = _orbits()
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return merged((code, code) for code in orbits.get(ranges[0][0], (ranges[0][0],)))
    more = [
        (other, other)
        for code, members in orbits.items()
        if any(low <= code <= high for low, high in ranges)
        for other in members
    ]
    return merged([*ranges, *more])


def _without_line_end(ranges: Ranges) -> Ranges:
    return complement([*complement(ranges), (_LINE_END, _LINE_END)])


class _Flags(NamedTuple):
    fold: bool
    crossing: bool = False
    lazy: bool = False


class _Parser:
    def __init__(self, text: str, fold: bool) -> None:
        if len(text) > MOST_LENGTH:
            raise PatternError(1, f"the pattern has {len(text):,} characters; the most is {MOST_LENGTH:,}")
        self.text, self.at, self.depth = text, 0, 0
        self.flags = _Flags(fold)

    def fail(self, message: str, at: int | None = None) -> PatternError:
        return PatternError((self.at if at is None else at) + 1, message)

    def peek(self, size: int = 1) -> str:
        return self.text[self.at : self.at + size]

    def take(self) -> str:
        sign = self.peek()
        self.at += len(sign)
        return sign

    def until(self, end: str) -> str | None:
        """Take what stands before `end`, and `end`; None where it does not come."""
        found = self.text.find(end, self.at)
        if found < 0:
            return None
        inside = self.text[self.at : found]
        self.at = found + len(end)
        return inside

    def whole(self) -> Node:
        node = self.choice()
        if self.at < len(self.text):
            raise self.fail("there is no '(' for this ')'")
        return node

    def choice(self) -> Node:
        parts = [self.series()]
        while self.peek() == "|":
            self.at += 1
            parts.append(self.series())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def series(self) -> Node:
        parts: list[Node] = []
        while self.peek() and self.peek() not in "|)":
            if (node := self.atom()) is not None:
                parts.append(self.repeated(node))
        return parts[0] if len(parts) == 1 else Series(tuple(parts))

    def repeated(self, node: Node) -> Node:
        before = self.at
        for _ in range(2):
            start = self.at
            bounds = self.bounds()
            if bounds is None:
                return node
            lazy = self.flags.lazy
            if self.peek() == "?":
                self.at += 1
                lazy = not lazy
            elif self.peek() == "+":
                raise self.fail("possessive repetition is no syntax of a linear-time engine: leave out this '+'")
            node = Repeat(node, *bounds, lazy)
            if _copies(node) > _MOST_REPEAT:
                raise self.fail(f"counts inside counts come to over {_MOST_REPEAT:,}", start)
        if self.peek() in {"*", "+", "?"}:
            raise self.fail("too many repetitions one after the other", before)
        return node

    def bounds(self) -> tuple[int, int | None] | None:
        """Read `*`, `+`, `?`, `{2}`, `{2,}` or `{2,5}`; None where none of these comes."""
        sign = self.peek()
        if sign in {"*", "+", "?"}:
            self.at += 1
            return (1 if sign == "+" else 0), (1 if sign == "?" else None)
        start = self.at
        if sign != "{":
            return None
        self.at += 1
        low, comma, high = (self.until("}") or "").partition(",")
        if not _is_number(low) or (high and not _is_number(high)):
            self.at = start  # a brace that stands for itself
            return None
        least, most = int(low), int(high) if high else (None if comma else int(low))
        if max(least, most or 0) > _MOST_REPEAT:
            raise self.fail(f"a count is over {_MOST_REPEAT:,}", start)
        if most is not None and most < least:
            raise self.fail("the counts are the wrong way round", start)
        return least, most

    def atom(self) -> Node | None:
        start = self.at
        sign = self.take()
        if sign == "(":
            return self.group(start)
        if sign == "[":
            return self.set_(start)
        if sign == "\\":
            return self.escape(start)
        if sign == ".":
            return self.chars((), negated=True)
        if sign in "^$":
            return Assertion(sign)
        if sign in "*+?":
            raise self.fail(f"there is nothing before '{sign}' to repeat", start)
        return self.literal(ord(sign))

    def literal(self, code: int) -> Node:
        return Chars(_folded(((code, code),)) if self.flags.fold else ((code, code),))

    def chars(
        self, ranges: Ranges, classes: Sequence[str] = (), *, negated: bool = False, written: bool = False
    ) -> Node:
        """Return a set; it holds a line end only where that was written or the flag `s` is on."""
        if self.flags.fold:
            ranges = _folded(ranges)
        crossing = self.flags.crossing
        end = () if crossing else ((_LINE_END, _LINE_END),)
        if negated:
            return Chars(merged([*ranges, *end]), tuple(classes), True)
        if not (crossing or written):
            ranges = _without_line_end(ranges)
        other = [Chars(end, (("\\P" if name[1] == "p" else "\\p") + name[2:],), True) for name in classes]
        parts = [Chars(merged(ranges)), *other] if ranges or not other else other
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def group(self, start: int) -> Node | None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.fail(f"groups are more than {_DEEPEST} deep", start)
        before = inside = self.flags
        if self.peek() == "?":
            self.at += 1
            if self.peek() in {"P", "<", "=", "!"}:
                self.name(start)
            else:
                inside, end = self.set_flags()
                if end == ")":
                    self.flags = inside
                    self.depth -= 1
                    return None
        self.flags = inside
        node = self.choice()
        self.flags = before
        if self.take() != ")":
            raise self.fail("there is no ')' for this '('", start)
        self.depth -= 1
        return node if not isinstance(node, Series) or node.parts else EMPTY

    def name(self, start: int) -> None:
        if self.peek() == "P":
            self.at += 1
        if self.peek() != "<" or self.peek(2) in {"<=", "<!"}:
            raise self.fail("looking around and backreferences are no syntax of a linear-time engine", start)
        self.at += 1
        here = self.at
        if not (self.until(">") or "").isidentifier():
            raise self.fail("expected the name of a group and '>'", here)

    def set_flags(self) -> tuple[_Flags, str]:
        """Read `i`, `i-s` and the like after `(?`, and the `:` or `)` that ends them."""
        flags, on = self.flags, True
        first = self.at
        while (sign := self.take()) not in {":", ")"}:
            if sign == "-" and on:
                on = False
            elif sign in {"i", "s", "U"}:
                flags = flags._replace(**{{"i": "fold", "s": "crossing", "U": "lazy"}[sign]: on})
            elif sign != "m":  # ^ and $ are those of a line in any case
                raise self.fail("expected flags out of i, s, m and U, then ':' or ')'", self.at - len(sign))
        if sign == ")" and self.at == first + 1:
            raise self.fail("expected flags out of i, s, m and U", first)
        return flags, sign

    def escape(self, start: int) -> Node | None:
        sign = self.take()
        if not sign:
            raise self.fail("expected a character after '\\'", start)
        if sign in "AzbB":
            return Assertion("\\" + sign)
        if sign.lower() in _PERL:
            return self.perl(sign)
        if sign in "pP":
            return self.chars((), [self.unicode_class(start, sign)])
        if sign == "Q":
            quoted = self.until("\\E")
            if quoted is None:
                quoted, self.at = self.text[self.at :], len(self.text)
            return Series(tuple(self.literal(ord(c)) for c in quoted)) if quoted else None
        if sign in "123456789" and not (sign in _OCTAL and self.peek() in _OCTAL):
            raise self.fail("backreferences are no syntax of a linear-time engine", start)
        code = self.code(start, sign)
        return self.literal(code)

    def perl(self, sign: str) -> Node:
        ranges = _PERL[sign.lower()]
        before, self.flags = self.flags, self.flags._replace(fold=False)
        node = self.chars(complement(ranges) if sign.isupper() else ranges)
        self.flags = before
        return node

    def unicode_class(self, start: int, sign: str) -> str:
        name: str | None = self.take()
        if name == "{":
            name = self.until("}")
        if name and name[0] == "^":
            sign, name = ("P" if sign == "p" else "p"), name[1:]
        if not name or not name.isascii() or not name.replace("_", "").isalnum() or not _is_class(name):
            raise self.fail("expected a Unicode category or script, as in \\pL or \\p{Greek}", start)
        return f"\\{sign}{{{name}}}"

    def code(self, start: int, sign: str) -> int:
        """Return the code point of an escape after its first character."""
        if sign in _ESCAPES:
            return _ESCAPES[sign]
        if sign == "x":
            if self.peek() == "{":
                self.at += 1
                digits = self.until("}") or ""
            else:
                digits = self.take() + self.take()
                digits = digits if len(digits) == 2 else ""
            if not 1 <= len(digits) <= 8 or not set(digits) <= _HEX:
                raise self.fail("expected two hex digits, or some in braces, after '\\x'", start)
            code = int(digits, 16)
        elif sign in _OCTAL:
            digits = sign
            while len(digits) < 3 and self.peek() in _OCTAL:
                digits += self.take()
            code = int(digits, 8)
        elif sign.isascii() and sign.isalnum():
            raise self.fail(f"'\\{sign}' means nothing", start)
        else:
            code = ord(sign)
        if code > _LAST or 0xD800 <= code < 0xE000:
            raise self.fail("there is no such character", start)
        return code

    def set_(self, start: int) -> Node:
        negated = self.peek() == "^"
        self.at += negated
        ranges: list[Range] = []
        classes: list[str] = []
        first, written = True, False
        while (sign := self.peek()) != "]" or first:
            if not sign:
                raise self.fail("there is no ']' for this '['", start)
            first = False
            here = self.at
            low = self.member(ranges, classes)
            if low is None:
                continue
            high = low
            if self.peek() == "-" and self.peek(2) not in {"-", "-]"}:
                self.at += 1
                end = self.member([], [])
                if end is None or end < low:
                    raise self.fail("a range is the wrong way round, or ends in a class", here)
                high = end
            ranges.append((low, high))
            written |= low == high == _LINE_END
        self.at += 1
        return self.chars(merged(ranges), classes, negated=negated, written=written)

    def member(self, ranges: list[Range], classes: list[str]) -> int | None:
        """Read one member of a set: a character; or None where it was a class, which is then in one of the lists."""
        start = self.at
        sign = self.take()
        if sign == "[" and self.peek() == ":":
            here, name = self.at, None
            self.at += 1
            name = self.until(":]")
            if name is not None and name.removeprefix("^") in _POSIX:
                found = _POSIX[name.removeprefix("^")]
                ranges += complement(found) if name[0] == "^" else found
                return None
            if name is not None and name.removeprefix("^").isalpha():
                raise self.fail(f"expected one of {', '.join(sorted(_POSIX))} between '[:' and ':]'", start)
            self.at = here
        if sign != "\\":
            return ord(sign) if sign else _LINE_END
        sign = self.take()
        if not sign:
            raise self.fail("expected a character after '\\'", start)
        if sign.lower() in _PERL:
            found = _PERL[sign.lower()]
            ranges += complement(found) if sign.isupper() else found
            return None
        if sign in "pP":
            classes.append(self.unicode_class(start, sign))
            return None
        return self.code(start, sign)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _copies(node: Node) -> int:
    """Return how many times the innermost part of nested repetitions is written out, as RE2 counts it."""
    if isinstance(node, Repeat):
        counted = max(node.least, node.most or 0)
        return max(1, counted) * _copies(node.part)
    if isinstance(node, Series | Choice):
        return max(map(_copies, node.parts), default=1)
    return 1


@cache
def _is_class(name: str) -> bool:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(f"\\p{{{name}}}", options)
    except re2.error:
        return False
    return True


def parse(text: str, *, fold: bool = False) -> Node:
    """Read a pattern; with `fold` case makes no difference. Raises `PatternError`."""
    return _Parser(text, fold).whole()


def literal(text: str, *, fold: bool = False) -> Node:
    """Return the pattern that matches `text` itself."""
    parser = _Parser("", fold)
    return Series(tuple(parser.literal(ord(c)) for c in text))


def written(node: Node) -> str:
    """Return the pattern as text that RE2 and Hyperscan read alike."""
    if isinstance(node, Chars):
        return _written_chars(node)
    if isinstance(node, Assertion):
        return f"(?m:{node.sign})" if node.sign in "^$" else node.sign
    if isinstance(node, Series):
        return "".join(f"(?:{written(p)})" if isinstance(p, Choice) else written(p) for p in node.parts) or "(?:)"
    if isinstance(node, Choice):
        return "|".join(written(p) for p in node.parts)
    inside = written(node.part)
    if not isinstance(node.part, Chars):
        inside = f"(?:{inside})"
    counts = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((node.least, node.most))
    if counts is None:
        most = "" if node.most is None else str(node.most)
        counts = f"{{{node.least}}}" if node.least == node.most else f"{{{node.least},{most}}}"
    return inside + counts + ("?" if node.lazy else "")


def _written_chars(node: Chars) -> str:
    if not node.negated and not node.ranges:
        return r"[^\x{0}-\x{10ffff}]"  # matches nothing
    if not node.negated and len(node.ranges) == 1 and node.ranges[0][0] == node.ranges[0][1]:
        return _char(node.ranges[0][0])
    if node.negated and not node.ranges and not node.classes:
        return "(?s:.)"
    ranges = "".join(_char(low) if low == high else f"{_char(low)}-{_char(high)}" for low, high in node.ranges)
    return f"[{'^' if node.negated else ''}{ranges}{''.join(node.classes)}]"


def _char(code: int) -> str:
    char = chr(code)
    return char if char.isascii() and (char.isalnum() or char in "_ ") else f"\\x{{{code:x}}}"


def is_one(node: Node) -> TypeGuard[Chars]:
    """Whether the node is one character and no other."""
    return isinstance(node, Chars) and not node.negated and len(node.ranges) == 1 and len(set(node.ranges[0])) == 1


def by_line(node: Node) -> bool:
    """Whether nothing that the pattern matches can hold a line end, or must be at the beginning or end of a text."""
    if isinstance(node, Chars):
        inside = any(low <= _LINE_END <= high for low, high in node.ranges)
        return inside if node.negated else not inside
    if isinstance(node, Assertion):
        return node.sign not in {"\\A", "\\z"}
    return all(map(by_line, node.parts)) if isinstance(node, Series | Choice) else by_line(node.part)


def matches_nothing_at_all(node: Node) -> bool:
    """Whether the pattern may match the empty text, assertions taken as if they held."""
    if isinstance(node, Chars):
        return False
    if isinstance(node, Assertion):
        return True
    if isinstance(node, Series):
        return all(map(matches_nothing_at_all, node.parts))
    if isinstance(node, Choice):
        return any(map(matches_nothing_at_all, node.parts))
    return node.least == 0 or matches_nothing_at_all(node.part)
