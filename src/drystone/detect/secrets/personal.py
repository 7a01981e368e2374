"""Personal data: addresses of mail and machines, phone numbers, cards, bank accounts, names. Knows no engine."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import phonenumbers

from drystone.detect.secrets import checks
from drystone.detect.secrets.spans import Span, covering

_EMAIL = re.compile(
    rb"(?:[A-Za-z0-9_+]|[!#$&'*/=?^`{|}~%.-](?=[A-Za-z0-9_+.-]))[A-Za-z0-9._+-]{0,63}@"
    rb"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}(?:[A-Za-z]{2,24}|xn--[A-Za-z0-9-]{2,59})"
)
_EMAIL_START = re.compile(rb"[A-Za-z0-9_+.-]{1,64}$")
_EMAIL_DOMAIN = re.compile(
    rb"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}(?:xn--[A-Za-z0-9-]{2,59}|[A-Za-z]{2,24})(?![A-Za-z0-9_-]|\.[A-Za-z])"
)
# Last labels that end file names, attributes and packages far more often than addresses.
_NOT_A_DOMAIN: Final = frozenset(
    b"py js ts jsx tsx mjs cjs json png jpg jpeg gif svg webp ico css scss less html htm xml md rst txt java go rs rb "
    b"php cpp hpp cc hh sh bat yml yaml toml lock cfg ini conf service timer socket mount target slice scope patch "
    b"diff log tmp bak zip tar gz whl egg jar so dll exe lib obj pdf local localdomain internal example invalid test "
    b"get post put setter getter deleter property route command fixture mark parametrize class method value prop "
    b"state override default name size key lan corp home arpa onion map min max data config item items".split()
)
_DOCUMENTATION: Final = re.compile(
    rb"(?:^|[@.])(?:example\.(?:com|org|net|edu)|example|domain\.(?:com|tld)|email\.com|test\.com|foo\.(?:com|bar)|"
    rb"bar\.com|acme\.com|company\.com|your-?(?:domain|company)\.com|mysite\.com|site\.com|host\.com|server\.com|"
    rb"mail\.com|xyz\.com|abc\.com|somewhere\.com|a\.com|b\.com|x\.com|y\.com|z\.com)$"
)
_SERVICE_USERS: Final = frozenset(
    (b"git", b"hg", b"svn", b"ssh", b"root", b"gitlab", b"noreply", b"no-reply", b"org-123")
)


class Email:
    """A mail address (RFC 5322's dot-atom), with the domain's shape of RFC 1035 or IDNA."""

    kind = "email"

    def spans(self, text: bytes, hit: int, path: str | None) -> Iterator[Span]:
        at = text.rfind(b"@", max(0, hit - 70), hit)
        if at < 0:
            return
        local = _EMAIL_START.search(text, max(0, at - 65), at)
        domain = _EMAIL_DOMAIN.match(text, at + 1, min(len(text), at + 256))
        if local is None or domain is None:
            return
        start, end = local.start(), domain.end()
        start = _after_escape(text, start, at)
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
            or labels[-2].isdigit()
            and len(labels) == 2
            and len(labels[-2]) < 2
        ):
            return
        after = text[end : end + 1]
        sure = 0.95
        if name.lower() in _SERVICE_USERS:
            # git@host:path and ssh://git@host name a service, nobody.
            return
        if before == b":" and text[max(0, start - 200) : start].rfind(b"://") > 0 and b"/" not in text[start:at]:
            line = text[max(text.rfind(b"\n", 0, start) + 1, start - 120) : start]
            if re.search(rb"://[^\s/@\"']*:$", line):
                return
        if before == b"/" and text[max(0, start - 3) : start] == b"://":
            return
        if after == b"(" or (after == b":" and re.match(rb":[\w~.-]+/[\w.-]+", text[end : end + 80])):
            return
        if _DOCUMENTATION.search(host):
            sure = 0.5
        elif host.endswith(b".gserviceaccount.com"):
            sure = 0.5
        elif re.fullmatch(rb"[\d.]+x?", name) and len(name) < 4:
            sure = 0.5
        yield Span("email", "email", start, end, sure)


def _after_escape(text: bytes, start: int, stop: int) -> int:
    """Return where a word begins that seems to begin at `start`, if that is the letter of an escape such as `\\n`."""
    slashes = 0
    while slashes < 8 and start - slashes > 0 and text[start - slashes - 1] == 0x5C:
        slashes += 1
    if slashes % 2:
        letter = text[start : start + 1]
        length = {b"x": 3, b"u": 5, b"U": 9}.get(letter, 1)
        if letter in b"abfnrtv0xuU":
            return min(stop, start + length)
    return start


_RESOLVERS: Final = frozenset(
    ipaddress.ip_address(a)
    for a in (
        "8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 149.112.112.112 208.67.222.222 208.67.220.220 4.2.2.1 4.2.2.2 "
        "4.2.2.3 4.2.2.4 64.6.64.6 64.6.65.6 114.114.114.114 223.5.5.5 223.6.6.6 119.29.29.29 94.140.14.14 "
        "94.140.15.15 185.228.168.9 76.76.2.0 76.76.10.0 168.63.129.16 169.254.169.254 77.88.8.8 77.88.8.1 "
        "2001:4860:4860::8888 2001:4860:4860::8844 2606:4700:4700::1111 2606:4700:4700::1001 2620:fe::fe 2620:fe::9 "
        "2620:119:35::35 2620:119:53::53"
    ).split()
)
#: Numbers that writers take for any address.
_PICTURES: Final = frozenset(
    ipaddress.ip_address(a)
    for a in (
        "1.2.3.4 2.3.4.5 3.4.5.6 4.3.2.1 4.5.6.7 5.6.7.8 9.8.7.6 12.34.56.78 23.45.67.89 34.56.78.90 98.76.54.32 "
        "123.45.67.89 111.222.33.44 11.22.33.44 1.1.1.2 2.2.2.2 3.3.3.3 4.4.4.4 5.5.5.5 6.6.6.6 7.7.7.7 1.2.3.5 "
        "123.123.123.123 111.111.111.111 222.222.222.222 12.12.12.12 11.11.11.11"
    ).split()
)
_VERSION_BEFORE = re.compile(
    rb"(?:version|ver|v|release|rev|revision|build|assembly\w*|firmware|driver|chrome|firefox|safari|edge?|opera|"
    rb"webkit|mozilla|chromium|sdk|nuget|section|chapter|rfc\s?\d+|step|oid|>=|<=|==|~=|!=|\^|~|since|android|os|"
    rb"include=|pkg|package|update|upgrade[ds]?|bump\w*|python|sec\.|table|figure|tag|msvc|windows|culture|database|oracle|db|\xc2\xa7|for)"
    rb"""[\w"' ()/:=,<>\[\]-]{0,12}$""",
    re.IGNORECASE,
)
_NETWORK = re.compile(
    rb"\bip\b|ipv[46]|addr|host|server|peer|remote|client|gateway|\bdns|subnet|netmask|cidr|proxy|\bping\b|\bssh\b|curl|telnet|"
    rb"listen|\bbind|\bport\b|nameserver|network|\broute|connect|https?:|tcp|udp|\binet|whitelist|blacklist|\ballow|\bdeny",
    re.IGNORECASE,
)
_IPV4 = re.compile(rb"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
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

    def spans(self, text: bytes, hit: int, path: str | None) -> Iterator[Span]:
        for match in covering(_IPV4, text, hit, 1, 20):
            address = _address(match[0])
            if address is None:
                return
            start, end = match.span()
            line = text[max(text.rfind(b"\n", 0, start) + 1, start - 60) : start]
            sure = 0.8 if address.is_global and not address.is_multicast and address not in _RESOLVERS else 0.35
            if address in _PICTURES:
                sure = 0.35
            octets = [int(part) for part in match[0].split(b".")]
            if sure > 0.5:
                network = re.match(rb"/(\d{1,2})\b", text[end : end + 3])
                if network and int(network[1]) < 32 and int(address) & ((1 << (32 - int(network[1]))) - 1) == 0:
                    sure = 0.5  # a range, nobody's address
                elif _VERSION_BEFORE.search(line) or text[end : end + 2] in (b".*", b"-b", b"-r"):
                    sure = 0.25
                elif _NETWORK.search(line) or re.match(rb":\d{2,5}\b|/\d{1,2}\b", text[end : end + 6]):
                    sure = 0.9
                # Low parts are rather a version, a section or an object identifier.
                elif max(octets) < 32 or octets[0] < 4 or octets[-1] == 0 or sum(o < 10 for o in octets) >= 3:
                    sure = 0.4
            yield Span("ip_address", "ipv4", start, end, sure)


class Ipv6:
    """An IPv6 address that is public."""

    kind = "ip_address"

    def spans(self, text: bytes, hit: int, path: str | None) -> Iterator[Span]:
        for match in covering(_IPV6, text, hit, 6, 60):
            if match[0].count(b":") < 2:
                continue
            address = _address(match[0])
            if address is None:
                continue
            public = address.is_global and not address.is_multicast and address not in _RESOLVERS
            mapped = getattr(address, "ipv4_mapped", None)
            if mapped is not None:
                public = mapped.is_global
            elif int(address) >> 125 != 1:  # only 2000::/3 is given out (RFC 4291)
                public = False
            sure = 0.85 if public and match[0].count(b":") >= 3 and len(match[0]) >= 8 else 0.35
            if len(match[0]) < 3 or not re.search(rb"\d", match[0]):
                sure = min(sure, 0.3)
            yield Span("ip_address", "ipv6", match.start(), match.end(), sure)


_CARD = re.compile(rb"(?<![\w.+/=-])\d(?:[ -]?\d){11,18}(?![\w=/+]|[.-]\d)")
_CARD_WORDS = re.compile(
    rb"card|visa|master|amex|credit|debit|payment|\bpan\b|cc_?num|\bcc\b|cvv|maestro|diners", re.IGNORECASE
)
_TEST_CARDS: Final = frozenset(
    "4111111111111111 4242424242424242 4000056655665556 5555555555554444 5105105105105100 378282246310005 "
    "371449635398431 6011111111111117 6011000990139424 30569309025904 38520000023237 3530111333300000 "
    "3566002020360505 4012888888881881 4222222222222 2223003122003222 5200828282828210 5454545454545454".split()
)


def _issuer(number: str) -> bool:
    """Return whether the number's first digits and length are those of a card scheme (ISO/IEC 7812 ranges)."""
    size, two, three, four = len(number), int(number[:2]), int(number[:3]), int(number[:4])
    return (
        (number[0] == "4" and size in (13, 16, 19))
        or ((51 <= two <= 55 or 2221 <= four <= 2720) and size == 16)
        or (two in (34, 37) and size == 15)
        or ((four == 6011 or two == 65 or 644 <= three <= 649) and 16 <= size <= 19)
        or ((300 <= three <= 305 or two in (36, 38, 39)) and size == 14)
        or (3528 <= four <= 3589 and 16 <= size <= 19)
        or (two == 62 and 16 <= size <= 19)
        or (four in (5018, 5019, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763) and 12 <= size <= 19)
        or (four in (2014, 2149) and size == 15)
    )


class CreditCard:
    """A payment card number: an issuer's range and length, and the Luhn digit."""

    kind = "credit_card"

    def spans(self, text: bytes, hit: int, path: str | None) -> Iterator[Span]:
        for match in covering(_CARD, text, hit, 1, 40):
            written = match[0]
            number = re.sub(rb"[ -]", b"", written).decode()
            if not (12 <= len(number) <= 19 and _issuer(number) and checks.luhn(number)) or len(set(number)) < 3:
                continue
            groups = re.split(rb"[ -]", written)
            if len(groups) > 1 and not all(3 <= len(g) <= 7 for g in groups):
                continue
            line = text[max(text.rfind(b"\n", 0, match.start()) + 1, match.start() - 80) : match.start()]
            sure = 0.9 if _CARD_WORDS.search(line) else 0.65 if len(groups) == 4 else 0.5
            if number in _TEST_CARDS:
                sure = min(sure, 0.5)
            yield Span("credit_card", "payment-card", match.start(), match.end(), sure)


_IBAN = re.compile(rb"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
#: Length by country, from the SWIFT IBAN registry.
_IBAN_LENGTHS: Final = {
    k: int(v)
    for k, v in (
        pair.split(":")
        for pair in (
            "AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BI:27 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24 DE:22 "
            "DJ:27 DK:18 DO:28 EE:20 EG:29 ES:24 FI:18 FK:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HR:21 "
            "HU:28 IE:22 IL:23 IQ:23 IS:26 IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20 LV:21 LY:25 MC:27 "
            "MD:24 ME:22 MK:19 MN:20 MR:27 MT:31 MU:30 NI:28 NL:18 NO:15 OM:23 PK:24 PL:28 PS:29 PT:25 QA:29 RO:24 "
            "RS:22 RU:33 SA:24 SC:31 SD:18 SE:24 SI:19 SK:24 SM:27 SO:23 ST:25 SV:28 TL:23 TN:24 TR:26 UA:29 VA:22 "
            "VG:24 XK:20 YE:30"
        ).split()
    )
}
_EXAMPLE_IBANS: Final = frozenset(
    "GB29NWBK60161331926819 GB82WEST12345698765432 DE89370400440532013000 FR1420041010050500013M02606 "
    "NL91ABNA0417164300 BE68539007547034 ES9121000418450200051332 IT60X0542811101000000123456".split()
)


class Iban:
    """A bank account number (ISO 13616): its country's length and the check digits."""

    kind = "iban"

    def spans(self, text: bytes, hit: int, path: str | None) -> Iterator[Span]:
        for match in covering(_IBAN, text, hit, 3, 48):
            number = match[0].replace(b" ", b"").decode()
            # The pattern may run on into a following word; the country's length says where the number ends.
            size = _IBAN_LENGTHS.get(number[:2])
            if size is None or len(number) < size or not checks.mod97(number[:size]):
                continue
            end, left = match.start(), size
            while left:
                left -= text[end] != 0x20
                end += 1
            yield Span("iban", "iban", match.start(), end, 0.5 if number[:size] in _EXAMPLE_IBANS else 0.95)


_PHONE = re.compile(
    rb"(?<![\w.+-])(?:\+\d{1,3}[ .\-()/]{0,2}|\(\d{2,5}\)[ -]?|\d{2,5}[ .-])(?:\(?\d{1,5}\)?[ .\-/]?){1,6}\d(?![\w]|[.-]\d)"
)
_PHONE_WORDS = re.compile(
    rb"phone|\btel\b|tel:|telephone|mobile|\bcell|\bfax\b|call|whatsapp|\bsms\b|number is|contact", re.IGNORECASE
)


class Phone:
    """A phone number that libphonenumber accepts: international, or national beside a word that says phone."""

    kind = "phone"

    def spans(self, text: bytes, hit: int, path: str | None) -> Iterator[Span]:
        for match in covering(_PHONE, text, hit, 2, 30):
            written = match[0].decode()
            line = text[max(text.rfind(b"\n", 0, match.start()) + 1, match.start() - 60) : match.start()]
            said = _PHONE_WORDS.search(line) is not None
            international = written.startswith("+")
            count = sum(c.isdigit() for c in written)
            if not 7 <= count <= 15 or (
                not international
                and not said
                and not re.fullmatch(r"\(\d{3}\) ?\d{3}[.-]\d{4}|\d{3}-\d{3}-\d{4}", written)
            ):
                continue
            if not _valid_phone(written, said):
                continue
            if re.search(r"555-?01\d\d$", written) and not said:
                sure = 0.5
            elif international:
                sure = 0.85 if said or re.search(r"[ ()-]", written) else 0.5
            else:
                sure = 0.8 if said else 0.4
            yield Span("phone", "phone-number", match.start(), match.end(), sure)


@lru_cache(4096)
def _valid_phone(written: str, said: bool) -> bool:
    for region in (None,) if written.startswith("+") else ("US", "GB", "DE", "IL", "IN", "BR"):
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) or (said and phonenumbers.is_possible_number(number)):
            return True
    return False


# Letters of Latin-1 and Latin Extended-A, as UTF-8.
_NAME_WORD = rb"(?:[A-Z]|\xc3[\x80-\x9e])(?:[a-zA-Z'.-]|\xc3[\x9f-\xbf]|[\xc4\xc5][\x80-\xbf]|\xe2\x80\x99){0,24}"
_NAME = re.compile(
    rb"(?:[Cc]opyright|\xc2\xa9|\([Cc]\)|[Aa]uthors?__|@author|[Aa]uthors?|[Mm]aintainers?|[Ww]ritten by|[Cc]reated by)"
    rb"(?:[\s:=*\"',-]|\xc2\xa9|\xe2\x80\x93|\([Cc]\)|\d{4}|by\b|present){1,40}"
    rb"(" + _NAME_WORD + rb"(?: (?:(?:van|von|de|der|den|da|di|la|le|del) )?" + _NAME_WORD + rb"){1,3})"
)
_ORGANISATION = re.compile(
    rb"\b(?:Inc|LLC|Ltd|GmbH|Corp|Corporation|Foundation|Company|Co|Project|Team|Authors|Contributors|Developers|"
    rb"University|Institute|Group|Software|Technologies|Labs|Systems|Community|Organization|Association|Council|"
    rb"Google|Microsoft|Facebook|Meta|Apache|Mozilla|Amazon|IBM|Intel|NVIDIA|Oracle|Red Hat|The|All|Rights|Reserved|"
    rb"Notice|License|Holders?|Owner|Python|Free|Permission|Copyright|Department|Laboratory|Research|Open|Source)\b"
)


class Name:
    """A personal name in an author or copyright line."""

    kind = "name"
    expression = r"(?:[Cc]opyright|@author|[Aa]uthors?|[Mm]aintainers?|[Ww]ritten by|[Cc]reated by)[^\n]{0,60}[A-Z]"

    def spans(self, text: bytes, hit: int, path: str | None) -> Iterator[Span]:
        start = max(text.rfind(b"\n", 0, hit - 1) + 1, hit - 120)
        stop = text.find(b"\n", hit)
        for match in _NAME.finditer(text, start, min(stop if stop >= 0 else len(text), hit + 160)):
            if not _ORGANISATION.search(match[1]):
                yield Span("name", "author-line", match.start(1), match.end(1), 0.7)
