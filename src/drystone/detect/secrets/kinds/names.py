"""Personal names in author and copyright lines. Knows no engine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from drystone.detect.secrets.spans import Span, line_start

_SIGN = rb"(?:[Cc]opyright|@author|[Aa]uthors?|[Mm]aintainers?|[Ww]ritten by|[Cc]reated by)"
_BETWEEN = rb"(?:[\s:=*\"',-]|\xc2\xa9|\xe2\x80\x93|\([Cc]\)|\d{4}|by\b|present){1,40}"
# Letters of Latin-1 and Latin Extended-A, as UTF-8.
_NAME_WORD = rb"(?:[A-Z]|\xc3[\x80-\x9e])(?:[a-zA-Z'.-]|\xc3[\x9f-\xbf]|[\xc4\xc5][\x80-\xbf]|\xe2\x80\x99){0,24}"
_NAME = re.compile(
    rb"(?:[Cc]opyright|\xc2\xa9|\([Cc]\)|[Aa]uthors?__|@author|[Aa]uthors?|[Mm]aintainers?|[Ww]ritten by|[Cc]reated by)"
    + _BETWEEN
    + rb"("
    + _NAME_WORD
    + rb"(?: (?:(?:van|von|de|der|den|da|di|la|le|del) )?"
    + _NAME_WORD
    + rb"){1,3})"
)
_SAYS = re.compile(_SIGN)
_ORGANISATION = re.compile(
    rb"\b(?:Inc|LLC|Ltd|GmbH|Corp|Corporation|Foundation|Company|Co|Project|Team|Authors|Contributors|Developers|"
    rb"University|Institute|Group|Software|Technologies|Labs|Systems|Community|Organization|Association|Council|"
    rb"Google|Microsoft|Facebook|Meta|Apache|Mozilla|Amazon|IBM|Intel|NVIDIA|Oracle|Red Hat|The|All|Rights|Reserved|"
    rb"Notice|License|Holders?|Owner|Python|Free|Permission|Copyright|Department|Laboratory|Research|Open|Source)\b"
)


class Name:
    """A personal name in an author or copyright line."""

    kind = "name"
    most = 0.7
    # What a name begins with is asked for, so that few words of program text come before the judge.
    expression = (
        rb"(?:[Cc]opyright|\xc2\xa9|\([Cc]\)|[Aa]uthors?__|[Aa]uthors?|[Mm]aintainers?|[Ww]ritten by|[Cc]reated by)"
        + _BETWEEN
        + rb"(?:[A-Z]|\xc3)"
    ).decode("latin-1")

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        start = line_start(text, hit, 180)
        if _SAYS.search(text, start, hit) is None:
            return
        stop = text.find(b"\n", hit)
        for match in _NAME.finditer(text, start, min(stop if stop >= 0 else len(text), hit + 160)):
            if not _ORGANISATION.search(match[1]):
                name = match[1].rstrip(b"'.-")
                yield Span("name", "author-line", match.start(1), match.start(1) + len(name), 0.7)
