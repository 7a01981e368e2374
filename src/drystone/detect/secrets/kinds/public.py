"""What looks like a secret and is public: certificates, digests, lock files, vectors of a standard. Finds nothing."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from functools import lru_cache
from importlib.resources import files
from typing import Final

from drystone.detect.secrets.spans import Span, line_start

#: A PEM block is at most so long.
_LONGEST: Final = 256 * 1024
#: About so many bytes around a span are searched for what tells of a standard.
_AROUND: Final = 1200
_PUBLIC_BLOCK = re.compile(
    rb"-----? ?BEGIN (?:[A-Z0-9 ]{0,30}(?:CERTIFICATE|PUBLIC KEY|CRL|PARAMETERS|SIGNATURE|SIGNED MESSAGE|"
    rb"MESSAGE|PKCS ?7|CMS|REQUEST)[A-Z0-9 ]{0,30})-----?"
)
_DIGEST_BEFORE = re.compile(
    rb"(?i)(?:sha-?(?:1|2|224|256|384|512)|md5|blake2[bs]?|\bh1|integrity|etag)[\"']?[-=: \"'(]{1,4}$"
)
# SubjectPublicKeyInfo and X.509 in base64: their first bytes are those of a public key or of a certificate.
_PUBLIC_DER = re.compile(
    rb"MFkwEwYHKoZIzj0CAQ|MHYwEAYHKoZIzj0CAQ|MIGbMBAGByqGSM49|MCowBQYDK2V|MIGfMA0GCSqGSIb3DQEBAQUAA4GN|MII[A-Za-z0-9+/]{2}(?:jAN|TAN)BgkqhkiG9w0BAQEFAAOC|"
    rb"MII[A-Za-z0-9+/]{3}CC[A-Za-z0-9+/]{2}[a-zA-Z]|AAAAB3NzaC1|AAAAC3NzaC1|AAAAE2VjZHNh"
)
_LOCK_FILE = re.compile(
    r"(?:^|/)(?:yarn\.lock|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.ya?ml|bun\.lockb?|deno\.lock|poetry\.lock|pdm\.lock|uv\.lock|"
    r"Pipfile\.lock|conda-lock\.ya?ml|Cargo\.lock|go\.(?:sum|mod|work\.sum)|Gemfile\.lock|composer\.lock|mix\.lock|rebar\.lock|pubspec\.lock|"
    r"Podfile\.lock|Package\.resolved|Cartfile\.resolved|packages\.lock\.json|project\.assets\.json|paket\.lock|flake\.lock|gradle\.lockfile|"
    r"verification-metadata\.xml|\.terraform\.lock\.hcl|Manifest\.toml|cabal\.project\.freeze|stack\.yaml\.lock|shard\.lock|nimble\.lock|"
    r"MODULE\.bazel\.lock|maven_install\.json|RECORD|(?:SHA|MD5|B2)\w*SUMS?(?:\.txt)?|checksums?(?:\.txt)?|requirements[\w.-]*\.txt)$|"
    r"\.(?:sha\d{1,3}|md5|sum|lock|bb|bbappend|ebuild|PKGBUILD)$"
)
_VECTOR = re.compile(
    rb"RFC[ -]?\d{3,5}|[Tt]est[ _-]?[Vv]ectors?|\bNIST\b|FIPS[ -]?(?:PUB)?[ -]?\d|[Ww]ycheproof|"
    rb"[Kk]nown[ _-][Aa]nswer|SP ?800-\d|\bCAVP?S?\b"
)
_VECTOR_PATH = re.compile(r"(?i)wycheproof|cavp|test[_-]?vectors?|[/_-]vectors\.\w+$|\bkats?\b|\.rsp$|rfc\d{4}")
#: Fields beside a key that make a record a test of a cipher: what goes in and what comes out, both in hexadecimal.
_PLAIN = re.compile(rb"""(?i)\b(?:pt|plain(?:text)?|msg|input)\b["']? {0,4}[:=] {0,4}b?["'](?:[0-9a-f]{2})*["']""")
_CIPHER = re.compile(rb"""(?i)\b(?:ct|cipher(?:text)?|output)\b["']? {0,4}[:=] {0,4}b?["'](?:[0-9a-f]{2})*["']""")
_RECORD: Final = 400
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*")


@lru_cache(1024)
def _locks(path: str) -> bool:
    return _LOCK_FILE.search(path) is not None


@lru_cache(1)
def published() -> frozenset[str]:
    """Return the first 16 hex digits of the SHA-256 of values that standards and vendors print in their documents."""
    text = files("drystone.detect.secrets").joinpath("published.txt").read_text("utf-8")
    return frozenset(line.split()[0] for line in text.splitlines() if line and not line.startswith("#"))


def digest(value: bytes) -> str:
    """Return what `published` holds of a value: hexadecimal ones count without case."""
    return hashlib.sha256(value.lower() if re.fullmatch(rb"[0-9A-Fa-f]+", value) else value).hexdigest()[:16]


class Public:
    """What of one text is public. Whatever costs time is looked up once a text, so that many spans take no longer."""

    def __init__(self, text: bytes, path: str | None, spans: int) -> None:
        """Read the text's public blocks; `spans` is how many spans will be asked about."""
        self._text = text
        self._path = path
        self._blocks = _public_blocks(text)
        # Where spans are few, the lines around each are searched; else the whole text is, once.
        many = spans * _AROUND > len(text)
        self._vectors = [match.span() for match in _VECTOR.finditer(text)] if many else None

    def holds(self, span: Span) -> bool:
        """Return whether a span that a rule took for a secret is public, by where it stands or by what it is."""
        if span.kind == "private_key" or span.rule == "url-password":
            return False
        text, path = self._text, self._path
        value = text[span.start : span.end]
        if path is not None and _locks(path) and (span.kind != "token" or re.fullmatch(rb"[0-9a-fA-F]{32,}", value)):
            return True
        if _PUBLIC_DER.match(value) or digest(value) in published():
            return True
        if _DIGEST_BEFORE.search(text, max(0, span.start - 16), span.start):
            return True
        block = bisect_right(self._blocks, span.start, key=lambda each: each[0]) - 1
        if block >= 0 and span.start < self._blocks[block][1]:
            return True
        return _in_longer_base64(text, span) or self._vector(span, value)

    def _vector(self, span: Span, value: bytes) -> bool:
        if span.kind == "token" or not re.fullmatch(rb"[0-9A-Za-z+/=_.~-]{6,}", value):
            return False
        if self._path is not None and _VECTOR_PATH.search(self._path):
            return True
        if re.fullmatch(rb"[0-9A-Fa-f]{16,}", value):
            near = self._text[max(0, span.start - _RECORD) : span.end + _RECORD]
            if _PLAIN.search(near) and _CIPHER.search(near):
                return True
        start = span.start
        for _ in range(4):  # the line and the three before it
            start = max(0, line_start(self._text, start, 200) - 1)
        stop = self._text.find(b"\n", span.end, span.end + 200)
        stop = stop if stop >= 0 else min(len(self._text), span.end + 200)
        if self._vectors is None:
            return _VECTOR.search(self._text, start, stop) is not None
        first = bisect_left(self._vectors, start, key=lambda each: each[0])
        return first < len(self._vectors) and self._vectors[first][1] <= stop


def _public_blocks(text: bytes) -> list[tuple[int, int]]:
    """Return where public PEM blocks lie: from behind BEGIN to END, to another BEGIN, or to the longest block's end."""
    found = []
    begin = text.find(b"BEGIN ")
    while begin >= 0:
        following = text.find(b"BEGIN ", begin + 6)
        stop = min(begin + _LONGEST, following if following >= 0 else len(text))
        if _PUBLIC_BLOCK.search(text, max(0, begin - 8), begin + 80) is not None:
            ends = [at for mark in (b"-END ", b"--END") if (at := text.find(mark, begin, stop)) >= 0]
            found.append((begin + 6, min([*ends, stop])))
        begin = following
    return found


def _in_longer_base64(text: bytes, span: Span) -> bool:
    """Return whether a token is a stretch by chance of longer base64: of a certificate's body, an image, a digest."""
    if span.kind != "token" or span.end - span.start > 64 or text[span.end : span.end + 1] not in b"+/=-_":
        return False
    after = _BASE64.match(text, span.end, min(len(text), span.end + 60))
    tail = after[0] if after is not None else b""
    return (
        text[span.end : span.end + 1] in b"+/"
        and len(tail) >= 8
        and re.search(rb"[A-Z].*[a-z]|[a-z].*[A-Z]", tail) is not None
    )
