"""Secrets without a mark of their own: runs of random characters, judged by the words before them on the line."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import Final

from drystone.detect.secrets import checks
from drystone.detect.secrets.catalog import Rule, services
from drystone.detect.secrets.kinds.tokens import judge
from drystone.detect.secrets.kinds.values import file_name, readable, stand_in, told_in_base64, uuid
from drystone.detect.secrets.spans import Span, after_escape, line_start

#: Words that name a credential. The names of what is only called a key (of a table, of a cache) are judged below.
CREDENTIAL_WORDS: Final = (
    "token",
    "secret",
    "passw",
    "passphrase",
    "pwd",
    "key",
    "cred",
    "auth",
    "bearer",
    "login",
    "private",
    "access",
    "signature",
    "session",
    "cookie",
    "webhook",
)
#: A run shorter than this is judged only by the rules of providers.
SHORTEST: Final = 12
#: Bytes before a run in which a word counts.
REACH: Final = 100

_STRONG = re.compile(
    rb"token(?!iz|data)|secret(?!ar|s?[_ -]?manager)|passw|passphrase|pwd|api[_. -]?key|access[_. -]?key|"
    rb"auth[_. -]?key|private[_. -]?key|bearer|"
    rb"credential|authorization|subscription[_. -]?key|license[_. -]?key|master[_. -]?key|encryption[_. -]?key|"
    rb"client[_. -]?key|app[_. -]?key|signing[_. -]?key",
    re.IGNORECASE,
)
_SCHEME = re.compile(rb"(?i)(?<![A-Za-z0-9_-])(?:bearer|basic|token|apikey|splunk|ssws|rb?|bf?|f|u)$")
_NO_NAME = re.compile(rb"[^\w .-]")


def given_name(line: bytes) -> bytes | None:
    """Return the name before `line`'s end: `name = "`, `"name": "`, `name('`, `<name>`, `name: Bearer `."""
    head = line.rstrip(b"\"'`{(<[\\ \t")
    scheme = _SCHEME.search(head, max(0, len(head) - 12))
    if scheme is not None and scheme.start() and head != line:
        head = head[: scheme.start()].rstrip(b"\"'`{(<[\\ \t") or head
    if head == line:  # nothing between: `name=` is split below, `nameVALUE` is none
        bare = line.rstrip(b":=>?,|-")
        if bare == line:
            return None
    head = head.rstrip(b":=>?,|-( \t").rstrip(b"\"'`])> \t\\")[-61:]
    last = 0
    for stop in _NO_NAME.finditer(head):
        last = stop.end()
    words = head[last:].split()
    if not words:
        return None
    # `--option VALUE` is named by the option alone; of prose only the words right before count.
    return words[-1] if words[-1].startswith(b"--") else b" ".join(words[-4:])


# Names of values that are random and no secret.
_HARMLESS = re.compile(
    rb"(?i:^expected|(?:^|[_. -])(?:fake|dummy|mock(?:ed)?|bogus)[_ .-]|"
    rb"(?:public|pub)[_ .-]?key|vapid[_ .-]?key|src_?rev\w*|"
    rb"(?:^|[_. -])(?:sha\d*|md5|crc|hash|checksum|digest|integrity|fingerprint|"
    rb"thumbprint|commit|revision|rev|etag|uuid|guid|version|nonce|salt|iv|tweak|cursor|file|path|url|uri|href|src|host|"
    rb"\w*name|domain|endpoint|label|title|class|type|module|package|import|image|font|icon|mac|tag|oid|"
    rb"public|id|ids|idx|index|keyword|keywords|keyspace|keycode|column|field|test_vector|expected|plaintext|"
    rb"ciphertext|output|input|seed|pubkey|modulus|msg|message|digests|hashes|sha\w*|kid|address|x5t|x5c|"
    rb"partition|sort|primary|foreign|cache|hash_?key|map|registry|keyid|next_?page|page|continuation|issuer|"
    rb"accession|authenticatordata|clientdatajson|attestationobject|resource|role|group|subscription|tenant|assignee|identifier|(?:s3|object|blob)_?key|signature|contract|tx|block|asset|content|format|pattern|regex|resolved|releasemanagerkey|gpg_?key|pgp_?key|signing_?key_?id|(?:spdx_)?license_key|sec-websocket-(?:key|accept))$)|"
    rb"(?:[a-z](?:Id|Ref|Name|Url|Uri|Path|Hash|Sha|Md5|Digest|File|Host|Version|Uuid|"
    rb"Guid|Index|Role|Signature|Thumbprint|Fingerprint|Checksum|Class|Type|Cursor|Field|Commit|Revision)(?:Hex|Bytes|Str|String)?)$|tokendata|resourcekey|(?i:(?:empty|blank|unset|missing)_value)$|tokenid|keyid|token_id|key_id|csrf|sha\d|md5|hash$|(?i:checksum)|"
    rb"(?i:publickeytoken|(?:page|next|sync|continuation|request|client|action|pagination|idempotency|lock|update|change|starting)[_-]?token)$"
)
_HARMLESS_CONTEXT = re.compile(
    rb"integrity|\bhash\b|(?:digest|hash|hmac|signature)\w*\(|sha(?:1|256|384|512)|md5|checksum|fingerprint|publickeytoken|\bcommit|known_hosts|ssh-(?:rsa|ed25519)|"
    rb"public[_ -]?key|uuid|guid|data:[a-z]+/|base64,|sourcemappingurl|nonce|test[ _]?vector|plaintext|ciphertext|"
    rb"[(,] ?key, ?b?[\"']$|"
    rb"authenticity_token|(?:dns|openpgp|ipsec)key\b|csrf|\bgpg|\bpgp|keyserver|recv-key|signed[ -]by|src_?rev",
    re.IGNORECASE,
)


def _harmless(name: bytes) -> bool:
    """Return whether a name is of a value that is random and no secret, numbered (`CHECKSUM1`) or not."""
    return _HARMLESS.search(name) is not None or _HARMLESS.search(name.rstrip(b"0123456789")) is not None


# What printf and strptime fill in.
_FORMAT = re.compile(rb"%0?\d*(?:hh?|ll?|z|j|PRI)?[xXdu](?:%|\\n|$)|%(?:hh?|ll?)[xXdu]|%0\dl?l?[xXdu]")
# `get_webhook("654bbb...")`: what a function that fetches or changes a thing is given is the thing's id.
_OF_A_CALL = re.compile(rb"(?i)^(?:get|find|fetch|load|enable|disable|delete|remove|update)_?[a-z_]*$")
# A value that a sentence shows as one of many.
_FOR_EXAMPLE = re.compile(
    rb"(?i)(?:\be\.g\.|\bfor (?:example|instance)|\bsuch as)[ ,:]{1,3}[\"'`(<]{0,2}(?:-----BEGIN [A-Z ]{1,30}-----\s)?$"
)
# In a sentence: a commit, or a name of short words.
_COMMIT = re.compile(rb"[0-9a-f]{40}")
_SHORT_WORDS = re.compile(rb"[a-z]{2,12}(?:-[a-z0-9]{1,5})+")
# `photo.jpg?key=`: what tells one size or copy of a picture from another.
_OF_A_PICTURE = re.compile(
    rb"(?i)\.(?:avif|gif|ico|jpe?g|mp[34]|png|svg|webm|webp)\?(?:[\w.-]{1,20}=[^&\s]{0,40}&(?:amp;)?)*[\w-]{1,20}=$"
)
_BASE64 = re.compile(rb"[A-Za-z0-9+/\\\s]+")
_RARE_SIGNS: Final = frozenset(b"`^\\@#%~!&<>+")
# A name of a program, which is no literal where nothing quotes or assigns it.
_NAME = re.compile(rb"[A-Za-z_]\w*(?:(?:\.|->|::)\w+)*")
#: A value with a name of its own: `deployment:cf-5cc9eaf3`, `pkg:golang/x`, `sessionId=aYb4uTIh`.
_NAMED = re.compile(rb"([A-Za-z_][A-Za-z_.-]{1,30})[:=](?=[\w/.@-]{4})")
# Names of what a user and a password, or a session, are given to: `auth = "deploy:x8Fq..."`.
_OF_A_LOGIN = re.compile(rb"auth|cred|passw|passphrase|pwd|login|session|cookie|secret|token", re.IGNORECASE)
_NUMBER = re.compile(rb"0[xX][0-9A-Fa-f]{1,32}[uUlL]{0,3}")
_FINGERPRINT = re.compile(rb"(?:0x)?(?:[0-9A-F]{40}|[0-9A-F]{16}|[0-9A-F]{32})")
_VERSION = re.compile(rb"[-_.]v?\d{1,4}\.\d{1,4}(?:\.\d{1,4})?(?:[-.]\w{1,8})?$")
# `SH.H2O.SAFE.ZS`: short parts of a code, as tables of statistics have them.
_CODE = re.compile(rb"(?:[A-Z0-9]{1,5}\.){2,}[A-Z0-9]{1,5}")
_ATTRIBUTE = re.compile(rb"[A-Za-z_]\w{0,40}(?:\.[A-Za-z_]\w{0,40}){1,6}")
# Between a service's name and its key.
_BEHIND = re.compile(rb"[\w -]{0,24}(?:\\?[\"'`\])]{0,2}[ \t]{0,3}(?:=>|:=|[:=])[ \t]{0,3}|[ \t]{1,3})\\?[\"'`]?[ \t]?")
# The name is the beginning of another word: `check`, not `checKey` or `checapikey`.
_LONGER_WORD = re.compile(rb"(?!api|key|token|secret|access|auth|id\b|client|app)[a-z]")
_OPEN_QUOTE = re.compile(rb"""["'`]([^\s"'`<>(){}]{0,40})$""")
_CLOSE_QUOTE = re.compile(rb"""([^\s"'`<>(){}]{0,120})["'`]""")


def spellings(near: str) -> list[str]:
    """Return the literal words that a rule's `near` stands for: alternatives, each with optional characters (`_?`)."""
    words = []
    for alternative in near.split("|"):
        parts = re.split(r"(\\?.\?)", alternative)
        choices = [("", part[-2]) if part.endswith("?") else (part,) for part in parts]
        words += ["".join(choice) for choice in product(*choices)]
    return words


def shortest(pattern: str) -> int:
    """Return a length that whatever a rule's pattern matches has at least, by the counts of its repetitions."""
    if re.search(r"\)(?:[?*]|\{0)", pattern):
        return 0
    return min(sum(map(int, re.findall(r"\{(\d+)", part))) for part in pattern.split("|"))


@cache
def _whole(pattern: str) -> re.Pattern[bytes]:
    return re.compile(b"(?<![A-Za-z0-9])(?:" + pattern.encode() + b")(?![A-Za-z0-9])")


@cache
def _anywhere(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode(), re.IGNORECASE)


class Context:
    """Judges random runs by the rules that need a name nearby, and by the words of credentials.

    The kernel looks for `names` and CREDENTIAL_WORDS; a run comes with indexes into the one and then the other.
    `least` has for each of them how long a run must be to be judged at all.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        by_word: dict[str, list[int]] = defaultdict(list)
        self._rules = [rule for rule in rules if rule.near is not None]
        for index, rule in enumerate(self._rules):
            assert rule.near is not None
            for word in spellings(rule.near):
                by_word[word].append(index)
        self._services = services()
        self.names = sorted({*by_word, *self._services})
        self._of_services = frozenset(i for i, word in enumerate(self.names) if word in self._services)
        self._by_index = [by_word.get(word, []) for word in self.names]
        # A match may end up to three bytes behind its run.
        self.least = [
            0 if word in self._services else min(shortest(self._rules[index].pattern) - 3 for index in indexes)
            for word, indexes in zip(self.names, self._by_index, strict=True)
        ] + [0] * len(CREDENTIAL_WORDS)

    def spans(
        self, text: bytes, start: int, end: int, drawn: float, words: Sequence[int], generic: bool, path: str | None
    ) -> Iterator[Span]:
        """Yield what the run [start, end) of `text` holds, in the light of the words before it."""
        for word in words:
            for index in self._by_index[word] if word < len(self.names) else ():
                yield from self._provider(index, text, start, end)
        if generic and max(words) >= len(self.names):
            yield from self._generic(text, start, end, drawn, path)
        elif generic:
            near = [self.names[word] for word in words if word in self._of_services]
            if near:
                yield from self._of_service(near, text, start, end, drawn, path)

    def _provider(self, index: int, text: bytes, start: int, end: int) -> Iterator[Span]:
        rule = self._rules[index]
        pattern = _whole(rule.pattern)
        # The pattern has no mark, so it must be the whole value.
        matches = [
            match
            for match in pattern.finditer(text, start, min(end + 3, len(text)))
            if match.start() - start <= 2 and end - match.end() <= 2
        ]
        if not matches:
            return
        line = text[line_start(text, start, REACH) : start]
        if rule.context is not None and _anywhere(rule.context).search(line) is None:
            return
        name = given_name(line)
        if (name is not None and _harmless(name)) or line.endswith(b"@"):
            return  # behind an at sign stands a revision
        for match in matches:
            found = match.span(1) if pattern.groups and match[1] is not None else match.span()
            sure = 0.0 if readable(text[slice(*found)]) else judge(rule, text[slice(*found)])
            if sure and not (_HARMLESS_CONTEXT.search(line) and name is None):
                yield Span("token", rule.id, *found, sure)

    @staticmethod
    def _of_service(
        near: Sequence[str], text: bytes, start: int, end: int, drawn: float, path: str | None
    ) -> Iterator[Span]:
        """Yield a run right behind the name of a service, as its key stands in settings and logs."""
        line = text[line_start(text, start, REACH) : start]
        small = line.lower()
        ends = (small.rfind(word.encode()) + len(word) for word in near)
        if not any(_BEHIND.fullmatch(small, end) and not _LONGER_WORD.match(line, end) for end in ends):
            return
        start, end = _whole_value(text, start, end)
        value = text[start:end]
        if not SHORTEST <= end - start <= WIDEST or checks.stand_in(value) or readable(value):
            return
        if _VERSION.search(value) or _NUMBER.fullmatch(value) or _noise(text, start):
            return
        name = given_name(line)
        if (name is not None and _harmless(name)) or _is_name(value, line, text[end : end + 2], path):
            return
        hexadecimal = re.fullmatch(rb"[0-9a-f]+", value) is not None
        if (end - start >= 20 and hexadecimal) or (end - start >= 14 and drawn >= 6.0 and checks.digits(value) >= 2):
            yield Span("high_entropy", "service-key", start, end, 0.62)

    def _generic(self, text: bytes, start: int, end: int, drawn: float, path: str | None) -> Iterator[Span]:
        start, end = _whole_value(text, start, end)
        value = text[after_escape(text, start, end) : end]
        if not SHORTEST <= end - start <= WIDEST or checks.stand_in(value) or value.startswith(b"arn:"):
            return
        line = text[line_start(text, start, REACH) : start]
        if text[start - 1 : start] == b"(" and _ATTRIBUTE.fullmatch(value):
            return
        if (line.endswith(b"`") and line[-2:-1].isalnum()) or _noise(text, start) or _OF_A_PICTURE.search(line):
            return
        if _FORMAT.search(value) or _NUMBER.fullmatch(value) or _is_name(value, line, text[end : end + 2], path):
            return
        if _VERSION.search(value) or file_name(value) or _CODE.fullmatch(value) or readable(value):
            return
        if value.endswith(b"=") and text.startswith(value[:-1], end):
            return  # an argument of its own name: `DeepseekV2MoE=DeepseekV2MoE`
        if text[start - 3 : start + 2].find(b"//") >= 0 or checks.half_token(value) or checks.of_jwt(value):
            return  # what a rule for its own form judges
        name = given_name(line)
        called = line.endswith((b'("', b"('"))
        own = _says_what_it_is(value, None if called else name)
        if own or (text[start - 1 : start] == b"[" and text[end : end + 2] == b"]{"):
            return  # a value with a name of its own; the characters that a pattern takes
        if name is not None and called and _OF_A_CALL.match(name) and not _STRONG.search(name):
            return
        if name is not None and b"::" + name in line:
            return  # the value of a type, not of a credential
        if _FOR_EXAMPLE.search(line[-64:]):
            return
        commit = _COMMIT.fullmatch(value) is not None and _STRONG.search(line[-24:]) is None
        if line[-1:] == b" " and line[-2:-1].isalnum() and (commit or _SHORT_WORDS.fullmatch(value)):
            return
        if name is None:
            # Within a run of signs, as tables of parsers have them, nothing begins.
            sure = 0.5 if _STRONG.search(line[-60:]) and line[-1:] not in b",;!$#^&|~%" else 0.35
        elif _harmless(name) or (uuid(value) and not _STRONG.search(name) and not line.endswith((b"?key=", b"&key="))):
            return
        elif _STRONG.search(name):
            sure = 0.65
        elif re.search(
            rb"key|auth|cred|pass|login|session|cookie|access|webhook", name, re.IGNORECASE
        ) or _STRONG.search(line):
            sure = 0.5
        else:
            sure = 0.3
        if _FINGERPRINT.fullmatch(value) and re.search(rb"(?i)gpg|pgp|key.?server|recv|release|sign|finger|0x", line):
            return
        if _HARMLESS_CONTEXT.search(line) or text[end : end + 3] in (b"...", b"\xe2\x80\xa6"):
            sure -= 0.4
        if checks.digits(value) == 0:
            sure -= 0.15
        elif drawn >= 6.5:
            sure += 0.1
        if len(value) >= 24:
            sure += 0.1
        elif len(value) >= 20:
            sure += 0.05
        if (b"/" in value and value.count(b"/") > len(value) // 12) or value.count(b".") > 3:
            sure -= 0.2
        if sure > 0 and not _shows_the_form(value):
            yield Span("high_entropy", "random-string", start, end, min(sure, 0.9))


def _says_what_it_is(value: bytes, to: bytes | None) -> bool:
    """Return whether a value has a name of its own that is none of a credential: `deployment:cf-5cc9eaf3`.

    `to`: what it is assigned to. What is for a login may hold a user and a password.
    """
    own = _NAMED.match(value) if to is None or not _OF_A_LOGIN.search(to) else None
    return own is not None and not _STRONG.search(own[1]) and (_harmless(own[1]) or readable(own[1]))


def _noise(text: bytes, start: int) -> bool:
    """Return whether what stands before is bytes in letters and signs (base64, ASCII85, a decoder's table), no text."""
    near = text[max(0, start - 60) : start]
    if len(near) < 60 or len(near.split()) > 3:
        return False
    return len({*near} & _RARE_SIGNS) > 5 or (
        _BASE64.fullmatch(near) is not None and max(map(len, near.split()), default=0) > 40
    )


def _shows_the_form(value: bytes) -> bool:
    """Return whether a value shows only how one looks: it counts, is a stand-in, or says so in base64."""
    return told_in_base64(value) or checks.counts_up(value) or (len(value) < 24 and stand_in(value))


WIDEST: Final = 2048

# Ends of programs' files, in which a word without quotes is a name.
_LISTED_PROGRAMS = (
    "c h cc cpp cxx hpp hh hxx inl m mm cs java kt kts scala groovy go rs swift py pyi js mjs cjs ts jsx tsx "
    "vue php rb pl pm lua r jl hs ml mli fs erl ex exs clj dart d nim zig pas vb vim el lisp scm v sv "
    "vhd vhdl asm s sql proto thrift idl cu def xs ipp tcc"
)
_PROGRAMS: Final = frozenset(_LISTED_PROGRAMS.split())


def _is_name(value: bytes, line: bytes, after: bytes, path: str | None) -> bool:
    """Return whether a run is a name of the program (a type, a function, a constant) rather than a literal."""
    if not _NAME.fullmatch(value):
        return False
    last = line[-1:]
    if after[:1] == b"(" or after in (b"->", b"::"):
        return True
    if last in b"\"'`":
        return False
    program = path is not None and path.rpartition(".")[2].lower() in _PROGRAMS
    # In a program only a text is a literal; whether this is within one shows the line before it, roughly.
    quoted = line.count(b'"') % 2 == 1 or line.count(b"'") % 2 == 1 or line.count(b"`") % 2 == 1
    comment = re.search(rb"//|#(?!\s*(?:define|if|elif|undef|ifdef|ifndef)\b)|/\*|^\s*\*|--|;;", line) is not None
    if program and not quoted and not comment:
        return True
    return (
        last in b" \t(*&,!"
        and re.search(rb"[=:>][ \t]{0,8}$|[-/]{1,2}[\w-]+[ \t]$", line) is None
        and (b"_" in value or checks.digits(value) < 3)
    )


def _whole_value(text: bytes, start: int, end: int) -> tuple[int, int]:
    """Return the run grown to its quotes, so that no part of a password stays, and without punctuation at its ends."""
    before = _OPEN_QUOTE.search(text, max(0, start - 42), start)
    after = _CLOSE_QUOTE.match(text, end, min(len(text), end + 122))
    if before is not None and after is not None:
        whole = text[before.start(1) : after.end(1)]
        if not re.search(rb"://|&|\$\{|%s|\\", whole):
            return before.start(1), after.end(1)
    if text[end : end + 1] == b"=":
        end += 2 if text[end : end + 2] == b"==" else 1
    while start < end and text[start] in b"./-+%~":
        start += 1
    while end > start and text[end - 1] in b"./-+%~":
        end -= 1
    return start, end
