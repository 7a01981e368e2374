"""Addresses of mail and machines. Knows no engine."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from drystone.detect.secrets import checks
from drystone.detect.secrets.spans import Span, after_escape, covering, line_start

# RFC 6531 allows letters of every script, here as bytes of UTF-8.
_LETTER = rb"(?:[A-Za-z0-9]|[\xc3-\xcb\xce-\xd4\xd7-\xe8\xe9-\xed][\x80-\xbf]{1,2})"
_LOCAL: Final = bytes({*b"_+.-", *b"0123456789", *range(65, 91), *range(97, 123), *range(0x80, 0xF5)})
_EMAIL_DOMAIN = re.compile(
    rb"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}(?:xn--[A-Za-z0-9-]{2,59}|[A-Za-z]{2,24})(?![A-Za-z0-9_-]|\.[A-Za-z])"
)
_EMAIL_DOMAIN_IDN = re.compile(
    rb"(?:(?:"
    + _LETTER
    + rb")(?:(?:"
    + _LETTER
    + rb"|-){0,61}(?:"
    + _LETTER
    + rb"))?\.){1,8}(?:xn--[A-Za-z0-9-]{2,59}|[A-Za-z]{2,24}|"
    rb"(?:[\xc3-\xed][\x80-\xbf]{1,2}){2,24})(?![A-Za-z0-9_-]|\.[A-Za-z])"
)
# Scripts that put no blanks between words: what stands before an address is not a part of it.
_NO_BLANKS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
#: Words of programs before an at sign: Kotlin's labels and receivers, jumps.
_LABELS: Final = frozenset((b"this", b"super", b"return", b"break", b"continue", b"self"))
#: Ends of files in which an at sign may be an operator, a pattern or a label.
_AT_SIGN_IS_CODE: Final = frozenset(
    b"py pyi ipynb kt kts hs lhs elm purs scala sc rs ml mli fs fsx swift jl r m nim hx jinja".decode().split()
)
_ATTRIBUTES: Final = frozenset(
    b"at id it me to do is in no be so ch co my by us tv fm ai io ac la li mu mn th pi im as am st sh".split()
)
_PROSE_BEFORE = re.compile(rb"[\"'`<#]|//|/\*|^\s*\*|--|;;|%|\b(?:mail|author|by|contact|maintain)", re.IGNORECASE)
# Last labels that end file names, attributes and packages far more often than addresses.
_LISTED_NOT_A_DOMAIN = (
    b"py js ts jsx tsx mjs cjs json png jpg jpeg gif svg webp ico css scss less html htm xml md rst txt java go rs rb "
    b"php cpp hpp cc hh sh bat yml yaml toml lock cfg ini conf service timer socket mount target slice scope patch "
    b"diff log tmp bak zip tar gz whl egg jar so dll exe lib obj pdf local localdomain internal example invalid test "
    b"get post put setter getter deleter property route command fixture mark parametrize class method value prop "
    b"state override default name size key lan corp home arpa onion map min max data config item items"
)
_NOT_A_DOMAIN: Final = frozenset(_LISTED_NOT_A_DOMAIN.split())
_DOCUMENTATION: Final = re.compile(
    rb"(?:^|[@.])(?:example\.(?:com|org|net|edu)|example|domain\.(?:com|tld)|email\.com|test\.com|foo\.(?:com|bar)|"
    rb"bar\.com|acme\.com|company\.com|your-?(?:domain|company)\.com|mysite\.com|site\.com|host\.com|server\.com|"
    rb"mail\.com|xyz\.com|abc\.com|somewhere\.com|a\.com|b\.com|x\.com|y\.com|z\.com)$"
)
_SERVICE_USERS: Final = frozenset(
    (b"git", b"hg", b"svn", b"ssh", b"root", b"gitlab", b"noreply", b"no-reply", b"org-123")
)


#: Domains of SSH's names for algorithms and extensions (`name@domain`, RFC 4251 section 6).
_PROTOCOL_NAMES: Final = frozenset(
    (b"openssh.com", b"libssh.org", b"ssh.com", b"lysator.liu.se", b"putty.projects.tartarus.org")
)
#: What stands before the at sign of a URL: a user, and perhaps a password (RFC 3986 section 3.2.1).
_USER_OF_URL: Final = re.compile(rb"""://[^\s/@"'<>`?#&=|,;()]*\Z""")
_MESSAGE_IDS: Final = (b"message-id", b"in-reply-to", b"references:", b"content-id", b"msgid")


class Email:
    """A mail address (RFC 5322's dot-atom), with the domain's shape of RFC 1035 or IDNA."""

    kind = "email"
    most = 0.95

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        at = text.rfind(b"@", max(0, hit - 70), hit)
        if at < 1 or text[at - 1] not in _LOCAL:
            return  # most are decorators, without a name before them
        stop = min(len(text), at + 256)
        domain = _EMAIL_DOMAIN.match(text, at + 1, stop)
        if domain is None and not text[at + 1 : at + 64].isascii():
            domain = _EMAIL_DOMAIN_IDN.match(text, at + 1, stop)
        if domain is None:
            return
        begin = max(0, at - 64)
        start, end = _local_start(text, begin + len(text[begin:at].rstrip(_LOCAL)), at), domain.end()
        start = after_escape(text, start, at)
        while start < at and text[start] in b".-+":
            start += 1
        name, host = text[start:at], domain[0].lower()
        if not name or name.endswith(b".") or b".." in name:
            return
        before = text[start - 1 : start]
        labels = host.split(b".")
        if (
            labels[-1] in _NOT_A_DOMAIN
            or before == b"@"
            or (labels[-2].isdigit() and len(labels) == 2 and len(labels[-2]) < 2)
        ):
            return
        after = text[end : end + 1]
        sure = 0.95
        if name in _LABELS or after == b"[" or _is_operator(text, start, name, domain[0], path):
            return
        if name.lower() in _SERVICE_USERS:
            # git@host:path and ssh://git@host name a service, nobody.
            return
        if _USER_OF_URL.search(text, line_start(text, start, 240), at) is not None:
            return
        if after == b"(" or (after == b":" and re.match(rb":[\w~.-]+/[\w.-]+", text[end : end + 80])):
            return
        if (
            _DOCUMENTATION.search(host)
            or host.endswith(b".gserviceaccount.com")
            or (host in _PROTOCOL_NAMES and b"-" in name)
        ):
            sure = 0.5
        elif checks.digits(name) >= 7 and not name.isdigit() and (b"-" in name or b"." in name):
            sure = 0.5  # a message's id
        elif _is_message_id(text[line_start(text, start, 80) : start].lower()) or (
            len(name) < 4 and re.fullmatch(rb"[\d.]+x?", name)
        ):
            sure = 0.5
        yield Span("email", "email", start, end, sure)


def _is_message_id(line: bytes) -> bool:
    return any(word in line for word in _MESSAGE_IDS)


def _local_start(text: bytes, start: int, at: int) -> int:
    """Return where an address's local part begins: at `start` or later, and before the at sign at `at`."""
    local = text[start:at]
    if local.isascii():
        return start
    letters = local.decode("utf-8", "replace")
    first = len(letters)
    while first and (letters[first - 1].isalnum() or letters[first - 1] in "_+.-"):
        first -= 1
    letters = letters[first:]
    # A word of such a script goes on into the address without a blank, unless all of the local part is of it.
    cut = [match.end() for match in _NO_BLANKS.finditer(letters)]
    if cut and cut[-1] < len(letters):
        letters = letters[cut[-1] :]
    return at - len(letters.encode("utf-8", "replace"))


def _is_operator(text: bytes, start: int, name: bytes, host: bytes, path: str | None) -> bool:
    """Return whether an at sign is one of a program: `a @ b.it` in numpy, `xs@Data.List` in Haskell."""
    if path is None or path.rpartition(".")[2].lower() not in _AT_SIGN_IS_CODE:
        return False
    last = host.rsplit(b".", 1)[-1]
    if re.fullmatch(rb"[A-Za-z_]\w*", name) is None or not (
        last.lower() in _ATTRIBUTES or (last[:1].isupper() and not last.isupper())
    ):
        return False
    return _PROSE_BEFORE.search(text, line_start(text, start, 160), start) is None


_LISTED_RESOLVERS = (
    "8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 149.112.112.112 208.67.222.222 208.67.220.220 4.2.2.1 4.2.2.2 "
    "4.2.2.3 4.2.2.4 64.6.64.6 64.6.65.6 114.114.114.114 223.5.5.5 223.6.6.6 119.29.29.29 94.140.14.14 "
    "94.140.15.15 185.228.168.9 76.76.2.0 76.76.10.0 168.63.129.16 169.254.169.254 77.88.8.8 77.88.8.1 "
    "2001:4860:4860::8888 2001:4860:4860::8844 2606:4700:4700::1111 2606:4700:4700::1001 2620:fe::fe 2620:fe::9 "
    "2620:119:35::35 2620:119:53::53"
)
_RESOLVERS: Final = frozenset(map(ipaddress.ip_address, _LISTED_RESOLVERS.split()))
#: Numbers that writers take for any address.
_LISTED_PICTURES = (
    "1.2.3.4 2.3.4.5 3.4.5.6 4.3.2.1 4.5.6.7 5.6.7.8 9.8.7.6 12.34.56.78 23.45.67.89 34.56.78.90 98.76.54.32 "
    "123.45.67.89 111.222.33.44 11.22.33.44 1.1.1.2 2.2.2.2 3.3.3.3 4.4.4.4 5.5.5.5 6.6.6.6 7.7.7.7 1.2.3.5 "
    "123.123.123.123 111.111.111.111 222.222.222.222 12.12.12.12 11.11.11.11"
)
_PICTURES: Final = frozenset(map(ipaddress.ip_address, _LISTED_PICTURES.split()))
_NOBODYS: Final = _RESOLVERS | _PICTURES
_VERSION_BEFORE = re.compile(
    rb"(?:(?<![A-Za-z])(?:version|ver|v|release|rev|revision|build|assembly\w*|firmware|driver|chrome|firefox|safari|edge?|opera|"
    rb"webkit|mozilla|chromium|sdk|nuget|section|chapter|rfc\s?\d+|step|oid|since|android|os|"
    rb"include=|pkg|package|update|upgrade[ds]?|bump\w*|python|sec\.|table|figure|tag|msvc|windows|culture|database|oracle|db|for)|>=|<=|==|~=|!=|\^|~|\xc2\xa7)"
    rb"""[\w"' ()/:=,<>\[\]-]{0,12}$""",
    re.IGNORECASE,
)
_NETWORK = re.compile(
    rb"\bip\b|ipv[46]|addr|host|server|peer|remote|client|gateway|\bdns|subnet|netmask|cidr|proxy|\bping\b|\bssh\b|curl|telnet|"
    rb"listen|\bbind|\bport\b|nameserver|network|\broute|connect|https?:|tcp|udp|\binet|whitelist|blacklist|\ballow|\bdeny",
    re.IGNORECASE,
)
_FOLDED = re.compile(rb"\d\.\d+\.\d+\.?[ \t\\]*\r?\n[ \t]*$")
_SAYS_IPV6 = re.compile(rb"(?i)ipv?6|unspecified|\binet6|\blisten|\bbind")
_IPV4 = re.compile(rb"(?<![\w.])(?<!::)(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(rb"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?![\w:]|\.\d)")


@lru_cache(4096)
def _address(value: bytes) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(value.decode())
    except ValueError:
        return None


class Ipv4:
    """An IPv4 address that is public; private, documentation and resolvers' addresses only at high sensitivity."""

    kind = "ip_address"
    most = 0.9

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        for match in covering(_IPV4, text, max(since, hit - 1), hit, 20):
            address = _address(match[0])
            if address is None:
                return
            start, end = match.span()
            line = text[line_start(text, start, 60) : start]
            if not line.strip() and _FOLDED.search(text, max(0, start - 80), start):
                return  # an object identifier that goes on from the line before
            if text[end : end + 13].lower().startswith(b".in-addr.arpa"):
                address = ipaddress.ip_address(int.from_bytes(address.packed, "big").to_bytes(4, "little"))
            public = address.is_global and not address.is_multicast and address not in _NOBODYS
            sure = 0.8 if public and not match[0].startswith(b"192.0.0.") else 0.35
            octets = [int(part) for part in match[0].split(b".")]
            if sure > 0.5:
                sure = self._confidence(text[end : end + 6], line, octets, int(address))
            yield Span("ip_address", "ipv4", start, end, sure)

    @staticmethod
    def _confidence(after: bytes, line: bytes, octets: list[int], address: int) -> float:
        network = re.match(rb"/(\d{1,2})\b", after)
        if network and int(network[1]) < 32 and address & ((1 << (32 - int(network[1]))) - 1) == 0:
            return 0.5  # a range, nobody's address
        if octets[-1] in (0, 255):
            return 0.4
        if _VERSION_BEFORE.search(line[-40:]) or after[:2] in (b".*", b"-b", b"-r"):
            return 0.25
        # Low parts are rather a version, a section or an object identifier.
        low = max(octets) < 32 or octets[0] < 4 or sum(octet < 10 for octet in octets) >= 3
        if re.match(rb":\d{2,5}\b", after):
            return 0.9
        if _NETWORK.search(line):
            return 0.5 if low else 0.9
        return 0.4 if low else 0.8


class Ipv6:
    """An IPv6 address that is public; others only at high sensitivity."""

    kind = "ip_address"
    most = 0.85

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        for match in covering(_IPV6, text, max(since, hit - 6), hit, 60):
            if match[0].count(b":") < 2:
                continue
            if match[0] == b"::" and not _SAYS_IPV6.search(text, line_start(text, match.start(), 60), match.start()):
                continue  # rather an operator
            address = _address(match[0])
            if address is None:
                continue
            public = address.is_global and not address.is_multicast and address not in _RESOLVERS
            mapped = getattr(address, "ipv4_mapped", None)
            if mapped is not None:
                public = mapped.is_global
            elif int(address) >> 125 != 1:  # only 2000::/3 is given out (RFC 4291)
                public = False
            elif int(address) & ((1 << 64) - 1) == 0:
                public = False  # a network, no machine in it
            sure = 0.85 if public and match[0].count(b":") >= 3 and len(match[0]) >= 8 else 0.35
            if len(match[0]) < 3 or not re.search(rb"\d", match[0]):
                sure = min(sure, 0.3)
            yield Span("ip_address", "ipv6", match.start(), match.end(), sure)


class Ipv6Local(Ipv6):
    """An IPv6 address that its beginning shows not to be public. Slices of lists and scopes look like one, too."""

    most = 0.35
