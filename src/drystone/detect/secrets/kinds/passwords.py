"""Passwords in assignments, URLs and command lines, and private key blocks. Knows no engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from drystone.detect._kernel import surprise
from drystone.detect.secrets import checks
from drystone.detect.secrets.kinds.secret_names import OTHER
from drystone.detect.secrets.kinds.values import (
    camel_case,
    example_in_url,
    file_name,
    names_itself,
    readable,
    reference,
    says_password,
    stand_in,
    told_in_base64,
)
from drystone.detect.secrets.spans import Span, covering

#: A private key block is at most this long.
LONGEST_KEY: Final = 32 * 1024

_BEGIN = re.compile(rb"-{4,5} ?BEGIN ([A-Z0-9 ]{0,30}?)PRIVATE KEY( BLOCK)? ?-{4,5}")
_BODY = re.compile(rb"[A-Za-z0-9+/=]{16,}")

_REFERENCE = re.compile(
    rb"\$[\w({]|\{\{|\{[\w.]*\}|%[sdr(]|%\w+%|^<|>$|^\[|\]$|\.{3}|^\*+$|^@|\(|^\s|\s$|^env[.:]|process\.env|os\.|"
    rb"^[A-Z][A-Z0-9]*_[A-Z0-9_]*$|::|^#\{|^:\w+$|^&|^=|,$|[{}]|%s|\\[nrtux]|^/|^\.|://"
)
_COMMON = re.compile(
    rb"pass|passw|pwd|secret|admin|test|foo|bar\b|example|sample|dummy|changeme|change|my_?|your|user|root|guest|demo|"
    rb"default|none|null|true|false|placeholder|redacted|token|key|12345|abc|xxx|qwerty|letmein|login|hidden|empty|"
    rb"scott|tiger|invalid|wrong|correct|fake|value|string|field|input|hash|prompt|enter|not|label|type",
    re.IGNORECASE,
)


def _qualified(text: bytes, start: int) -> bool:
    """Return whether the name around `start` is a part of a qualified type name (`A::B::Secret`)."""
    return re.search(rb"::\w*$", text[max(0, start - 60) : start]) is not None


class PrivateKey:
    """A PEM, OpenSSH, PGP or SSH2 private key: the whole block, so that its folded lines count as one."""

    kind = "private_key"
    most = 1.0
    expression = r"-----? ?BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY( BLOCK)? ?-----?"

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        begins = list(_BEGIN.finditer(text, max(0, hit - 80), min(len(text), hit + 2)))
        if not begins:
            return
        begin = begins[-1]
        limit = min(len(text), begin.end() + LONGEST_KEY)
        end = text.find(b"PRIVATE KEY", begin.end(), limit)
        stop = end if end >= 0 else min(limit, begin.end() + 4096)
        if end >= 0:
            # Back over `-----END RSA `.
            stop = max(begin.end(), text.rfind(b"END", begin.end(), end))
        opening = _BODY.search(text, begin.end(), stop)
        if opening is None or text[opening.end() : opening.end() + 1] in (b".", b"_", b"(", b"-"):
            return  # words of a program or a sentence, which only speaks of keys
        runs = [m.group() for m in _BODY.finditer(text, begin.end(), stop)]
        body = b"".join(runs)
        if end < 0:
            # Without an end only what follows at once is taken, as far as lines of a key go.
            body = b"".join(runs[:80])
        if len(body) < 40 or checks.entropy(body[:2000]) < 3.6 or len(set(body)) < 16:
            return
        first = opening.start()
        last = max(m.end() for m in _BODY.finditer(text, begin.end(), stop))
        yield Span("private_key", "private-key-block", first, last, 0.97 if end >= 0 else 0.8)


class UrlPassword:
    """A password in a URL: `scheme://user:password@host`."""

    kind = "password"
    most = 1.0
    expression = r"""://[^\s/:@"'<>`]{0,80}:[^\s@"'<>`]{2,100}@[A-Za-z0-9\[$%{_-]"""
    _exact = re.compile(
        rb"""[A-Za-z][A-Za-z0-9+.-]{1,20}://([^\s/:@"'<>`]{0,80}):([^\s@"'<>`/]{2,100})@([A-Za-z0-9_.-]+|\[[0-9a-fA-F:]+\])"""
    )
    _documentation = re.compile(
        rb"(?:^|\.)(?:example|company)\.(?:com|org|net)$|\.(?:example|invalid|test)$|^host(?:name)?$"
    )

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        # No slash stands between those of the scheme, which has at most 21 signs, and the host.
        scheme = max(since, hit - 220, text.rfind(b"://", max(0, hit - 220), hit) - 21)
        for match in covering(self._exact, text, scheme, hit, 260):
            user, value, host = match.groups()
            if reference(value) or reference(user) or user.lower() in (b"anonymous", b"ftp"):
                continue
            sure = 0.75
            database = _DATABASE.match(text, match.end())
            others = (user, host.split(b".")[0], database[1] if database is not None else b"")
            if value.lower() == user.lower() or stand_in(value) or example_in_url(value, others):
                sure -= 0.3
            elif checks.digits(value):
                sure += 0.1
            if self._documentation.search(host.lower()) or (
                host in (b"localhost", b"127.0.0.1", b"0.0.0.0") and not checks.digits(value)
            ):
                sure -= 0.3
            if len(set(value)) < 4:
                sure -= 0.4
            if sure > 0:
                yield Span("password", "url-password", match.start(2), match.end(2), sure)


# `:5432/crm` behind a host.
_DATABASE = re.compile(rb"(?::\d{1,5})?/([\w-]{1,40})(?![\w/-])")
_PAGING = re.compile(
    rb"(?i)(?:next|page|lock|update|starting|sync|continuation|change|request|client|action|pagination|cancell?ation|csrf|publickey)[_-]?$"
)


class AssignedCredential:
    """A quoted literal that looks drawn at random, given to a name such as `token` or `api_key`."""

    kind = "high_entropy"
    most = 1.0
    expression = (
        r"(?:[Tt]oken|TOKEN|[Ss]ecret|SECRET|[Aa]pi[_-]?[Kk]ey|API_?KEY|[Aa]ccess[_-]?[Kk]ey|ACCESS_?KEY|[Pp]assw)"
        r"""[\w-]{0,16}["'\]]{0,2}[ \t]{0,4}(?::=|=>|[:=])[ \t]{0,4}["'][^\s"']{10}"""
    )
    _exact = re.compile(
        rb"(?:[Tt]oken|TOKEN|[Ss]ecret|SECRET|[Aa]pi[_-]?[Kk]ey|API_?KEY|[Aa]ccess[_-]?[Kk]ey|ACCESS_?KEY|[Pp]assw)"
        rb"""([\w-]{0,16})["'\]]{0,2}[ \t]{0,4}(?::=|=>|[:=])[ \t]{0,4}(["'])([^\s"']{10,2000})\2"""
    )

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        for match in covering(self._exact, text, max(since, hit - 90), hit, 2048):
            value = match[3]
            before = text[max(0, match.start() - 16) : match.start()]
            if (
                OTHER.search(match[1])
                or checks.stand_in(value)
                or checks.counts_up(value)
                or file_name(value)
                or camel_case(value)
                or says_password(value)
                or told_in_base64(value)
                or checks.half_token(value)
                or checks.of_jwt(value)
                or (readable(value) and not checks.digits(value))
                or _PAGING.search(before)
                or names_itself(text[max(0, match.start() - 60) : match.start(2)], value)
                or _qualified(text, match.start())
            ):
                continue
            special = len(re.findall(rb"[^A-Za-z0-9]", value))
            if re.search(rb"://|[$%]\{|\(|%s|^[/.]", value) or special > len(value) // 2:
                continue
            drawn = surprise(value)
            mixed = re.search(rb"[a-z]", value) and re.search(rb"[A-Z]", value)
            if (drawn >= 6.0 and mixed) or (drawn >= 6.5 and checks.digits(value)):
                yield Span("high_entropy", "random-literal", match.start(3), match.end(3), 0.7)


class CurlCredentials:
    """Credentials on curl's command line: `-u user:password`, `-H "Authorization: ..."`."""

    kind = "password"
    most = 1.0
    expression = r"""(?:-u|--user)[ =]?["']?[^\s:"']{0,60}:(?:["']?[^\s"':$<]{3}|["'])"""
    _exact = re.compile(rb"""(?:\s|^)(?:-u|--user)[ =]?["']?([^\s:"'$<{]{0,60}):["']?([^\s"'$<{]{3,80})""")
    _colon = re.compile(rb"""(?:\s|^)(?:-u|--user)[ =]?["']([^\s:"'$<{]{6,60}):["']""")

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        start = max(0, hit - 150)
        command = text.rfind(b"curl", max(0, hit - 600), hit)
        if command < 0 or re.search(rb"[^\\\s]\s*\n(?!\s)", text[command:hit]):
            return
        for match in covering(self._exact, text, max(since, start), hit, 100):
            value = match[2]
            if (
                _REFERENCE.search(value)
                or _COMMON.fullmatch(value)
                or re.fullmatch(rb"(?i)pass(?:word|wd)?|\[.*|x+|\*+", value)
                or stand_in(value)
            ):
                continue
            sure = 0.8 if checks.digits(value) or len(value) >= 12 else 0.5
            yield Span("password", "curl-user", match.start(2), match.end(2), sure)
        # A key as user, and no password.
        for match in self._colon.finditer(text, start, min(len(text), hit + 100)):
            if match.start() < hit and checks.digits(match[1]) and not _COMMON.search(match[1]):
                yield Span("password", "curl-user", match.start(1), match.end(1), 0.7)


# `Authorization: AWS4-HMAC-SHA256 Credential=...`: the value before is the name of a scheme.
_PARAMETER = re.compile(rb"[ ]{1,2}[A-Za-z][\w-]{1,30}=")


class AuthorizationHeader:
    """A credential in an HTTP header: `Authorization: Bearer ...`, `X-Api-Key: ...`, `Token: ...`."""

    kind = "password"
    most = 1.0
    expression = (
        r"(?:[Aa]uthorization|AUTHORIZATION|[Aa]pi-?[Kk]ey|X-[A-Za-z-]{0,30}(?:Key|Token)|Token|[Aa]uth-[Tt]oken)"
        r"""["']?: {0,3}["']?(?:Basic |Bearer |Token |token |bearer |basic |ApiKey )? {0,2}[A-Za-z0-9+/=_.~@-]{8}"""
    )
    _exact = re.compile(
        rb"(?<![A-Za-z])(?:[Aa]uthorization|AUTHORIZATION|[Aa]pi-?[Kk]ey|X-[A-Za-z-]{0,30}(?:Key|Token)|Token|[Aa]uth-[Tt]oken)"
        rb"""["']?: {0,3}["']?(Basic |Bearer |Token |token |bearer |basic |ApiKey )? {0,2}"""
        rb"""([A-Za-z0-9+/=_.~@-]{8,2000})(?=["'\s\\]|$)"""
    )

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        for match in covering(self._exact, text, max(since, hit - 90), hit, 2048):
            value = match[2]
            scheme = (match[1] or b"").strip().lower()
            if (len(value) < 24 and stand_in(value)) or told_in_base64(value):
                continue
            if (
                _REFERENCE.search(value)
                or checks.masked(value)
                or len(set(value)) < 6
                or _qualified(text, match.start())
                or (not scheme and _PARAMETER.match(text, match.end()))
            ):
                continue
            if scheme == b"basic":
                sure = 0.7 if len(value) % 4 == 0 and re.search(rb"[A-Z0-9=]", value) else 0.0
            else:
                sure = 0.8 if checks.digits(value) >= 3 and not checks.stand_in(value) else 0.3
                curl = text.rfind(b"curl", max(0, match.start() - 300), match.start()) >= 0
                sure = min(0.9, sure + 0.1) if curl else sure - 0.15 * (not scheme)
            if sure > 0:
                yield Span("password", "authorization-header", match.start(2), match.end(2), sure)
