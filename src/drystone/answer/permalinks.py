"""Permalinks: the address of a quote that outlives the version it was cited from. Knows no release.

    drystone:cite?release=NAME&version=1.0.0&root=HEX&swhid=swh:1:cnt:...&start=12&end=40&sum=HEX&quote=HEX

`swhid` has origin, path and lines; `start` and `end` are bytes of the released text, `sum` is their Adler-32 (RFC 1950)
and `quote` their SHA-256: the link finds the words again, and does not have them itself.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

import numpy as np

from drystone.errors import UsageError
from drystone.identity.swhid import CONTENT, Swhid, parse
from drystone.release.layout import shown

#: What a permalink begins with; a page has an address of its own before the "?".
SCHEME: Final = "drystone:cite?"
#: Characters of a permalink.
LONGEST: Final = 16_384
_FIELDS: Final = {
    "release": ".+", "version": ".+", "root": "[0-9a-f]{64}", "swhid": ".+", "start": "[0-9]{1,18}",
    "end": "[0-9]{1,18}", "sum": "[0-9a-f]{8}", "quote": "[0-9a-f]{64}",
}  # fmt: skip
#: The modulus of Adler-32.
_PRIME: Final = 65_521
#: Bytes of a text that are looked through at once, and bytes that are hashed at most to find a quote in one text.
_BLOCK: Final = 1 << 20
_HASHED: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class QuoteHash:
    """What a permalink says of a quote's bytes: their number, Adler-32 and SHA-256 (hex)."""

    size: int
    adler: int
    sha256: str

    @classmethod
    def of(cls, quote: bytes) -> QuoteHash:
        """Return that of a quote."""
        return cls(len(quote), zlib.adler32(quote), hashlib.sha256(quote).hexdigest())

    def is_of(self, quote: bytes) -> bool:
        """Whether this is the hash of a quote."""
        return len(quote) == self.size and hashlib.sha256(quote).hexdigest() == self.sha256

    def find(self, data: bytes, near: int) -> int:
        """Return where in a text the quote stands, as near to byte `near` as may be; -1 where it does not.

        Takes time in proportion to the text: of places with the same checksum, which text and link may be made to
        have many of, only so many are looked at.
        """
        starts = range(0, len(data) - self.size + 1, _BLOCK)
        places = [at for start in starts for at in self._places(data[start : start + _BLOCK + self.size - 1], start)]
        places.sort(key=lambda at: (abs(at - near), at))
        tried = places[: max(1, _HASHED // self.size)]
        return next((at for at in tried if self.is_of(data[at : at + self.size])), -1)

    def _places(self, data: bytes, first: int) -> list[int]:
        """Return where in a text stand as many bytes with the same Adler-32, counted from `first`."""
        values = np.frombuffer(data, np.uint8).astype(np.int64)
        at = np.arange(len(values) - self.size + 1)
        plain, weighed = (np.concatenate([[0], np.cumsum(one)]) for one in (values, values * np.arange(len(values))))
        sums, weights = plain[self.size :] - plain[: -self.size], weighed[self.size :] - weighed[: -self.size]
        low, high = (1 + sums) % _PRIME, (self.size + (self.size + at) * sums - weights) % _PRIME
        found: list[int] = (np.flatnonzero((high << 16 | low) == self.adler) + first).tolist()
        return found


@dataclass(frozen=True, slots=True)
class Permalink:
    """A quote as it was cited: release (name, version, root hash), content with origin, path and lines, bytes, hash.

    It stands at bytes `start` to `end` of the released text, the last not among them.
    """

    release: str
    version: str
    root: str
    swhid: Swhid
    start: int
    end: int
    quote: QuoteHash

    @property
    def path(self) -> str:
        """The path, as the release writes it."""
        return (self.swhid.path or b"").decode("utf-8", "replace")

    @property
    def query(self) -> str:
        """What stands behind the "?" of any address of this quote."""
        values = (
            self.release, self.version, self.root, str(self.swhid), self.start, self.end,
            f"{self.quote.adler:08x}", self.quote.sha256,
        )  # fmt: skip
        return urlencode(dict(zip(_FIELDS, values, strict=True)), safe=":/", errors="surrogateescape")

    def __str__(self) -> str:
        return SCHEME + self.query


def parse_permalink(text: str) -> Permalink:
    """Return what a permalink names: one as `str` writes it, or any address with the same query behind its "?".

    Raises `UsageError` where it is none.
    """
    if len(text) > LONGEST:
        raise UsageError(f"the permalink has {len(text):,} characters; none has more than {LONGEST:,}")
    query = text.partition("?")[2].partition("#")[0]
    pairs = [pair for pair in parse_qsl(query, keep_blank_values=True, errors="surrogateescape") if pair[0] in _FIELDS]
    given = dict(pairs)
    if len(pairs) != len(_FIELDS) or len(given) != len(_FIELDS):
        raise UsageError(
            f"{shown(text)[:200]} is not a permalink: it reads {SCHEME} and once each {', '.join(_FIELDS)}"
        )
    for name, pattern in _FIELDS.items():
        if not re.fullmatch(pattern, given[name], re.DOTALL):
            raise UsageError(f"the permalink's {name} is '{shown(given[name])[:200]}': it reads {pattern}")
    swhid = parse(given["swhid"])
    if swhid.kind != CONTENT or swhid.path is None:
        raise UsageError(f"the permalink's swhid '{shown(given['swhid'])[:200]}' names no content (cnt) with its path")
    start, end = int(given["start"]), int(given["end"])
    if not 0 < end - start <= _BLOCK:
        raise UsageError(f"the permalink's quote has {end - start:,} bytes; one has 1 to {_BLOCK:,}")
    quote = QuoteHash(end - start, int(given["sum"], 16), given["quote"])
    return Permalink(given["release"], given["version"], given["root"], swhid, start, end, quote)
