"""Numbers that belong to a person: payment cards, bank accounts, phones. Knows no engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from drystone.detect.secrets import checks
from drystone.detect.secrets.spans import Span, covering, line_start

_CARD = re.compile(rb"(?<![\w.+/=-])\d(?:[ -]?\d){11,18}(?![\w=/+]|[.-]\d)")
_CARD_WORDS = re.compile(
    rb"card|visa|master|amex|credit|debit|payment|\bpan\b|cc_?num|\bcc\b|cvv|maestro|diners", re.IGNORECASE
)
_GROUP_BEFORE = re.compile(rb"(?<![A-Za-z])[0-9a-fA-F]{4}[ -]$")
_GROUP_AFTER = re.compile(rb"[ -][0-9a-fA-F]{4}(?![0-9A-Za-z])")
_LISTED_TEST_CARDS = (
    "4111111111111111 4242424242424242 4000056655665556 5555555555554444 5105105105105100 378282246310005 "
    "371449635398431 6011111111111117 6011000990139424 30569309025904 38520000023237 3530111333300000 "
    "3566002020360505 4012888888881881 4222222222222 2223003122003222 5200828282828210 5454545454545454"
)
_TEST_CARDS: Final = frozenset(_LISTED_TEST_CARDS.split())


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
    most = 0.9

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        for match in covering(_CARD, text, max(since, hit - 1), hit, 40):
            written = match[0]
            number = re.sub(rb"[ -]", b"", written).decode()
            if not (12 <= len(number) <= 19 and _issuer(number) and checks.luhn(number)) or len(set(number)) < 2:
                continue
            groups = re.split(rb"[ -]", written)
            if len(groups) > 1 and not all(3 <= len(g) <= 7 for g in groups):
                continue
            line = text[line_start(text, match.start(), 80) : match.start()]
            sure = 0.9 if _CARD_WORDS.search(line) else 0.65 if len(groups) == 4 else 0.5
            if len(groups) > 1 and (_GROUP_BEFORE.search(line) or _GROUP_AFTER.match(text, match.end())):
                sure = 0.4  # a stretch of a table or of a hexadecimal dump
            if number in _TEST_CARDS:
                sure = min(sure, 0.5)
            yield Span("credit_card", "payment-card", match.start(), match.end(), sure)


_IBAN = re.compile(rb"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
#: Length by country, from the SWIFT IBAN registry.
_LISTED_LENGTHS = (
    "AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BI:27 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24 DE:22 "
    "DJ:27 DK:18 DO:28 EE:20 EG:29 ES:24 FI:18 FK:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HR:21 "
    "HU:28 IE:22 IL:23 IQ:23 IS:26 IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20 LV:21 LY:25 MC:27 "
    "MD:24 ME:22 MK:19 MN:20 MR:27 MT:31 MU:30 NI:28 NL:18 NO:15 OM:23 PK:24 PL:28 PS:29 PT:25 QA:29 RO:24 "
    "RS:22 RU:33 SA:24 SC:31 SD:18 SE:24 SI:19 SK:24 SM:27 SO:23 ST:25 SV:28 TL:23 TN:24 TR:26 UA:29 VA:22 "
    "VG:24 XK:20 YE:30"
)
_IBAN_LENGTHS: Final = {pair[:2]: int(pair[3:]) for pair in _LISTED_LENGTHS.split()}
_LISTED_EXAMPLE_IBANS = (
    "GB29NWBK60161331926819 GB82WEST12345698765432 DE89370400440532013000 FR1420041010050500013M02606 "
    "NL91ABNA0417164300 BE68539007547034 ES9121000418450200051332 IT60X0542811101000000123456"
)
_EXAMPLE_IBANS: Final = frozenset(_LISTED_EXAMPLE_IBANS.split())


class Iban:
    """A bank account number (ISO 13616): its country's length and the check digits."""

    kind = "iban"
    most = 0.95

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        for match in covering(_IBAN, text, max(since, hit - 3), hit, 48):
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
    rb"(?<![\w.+-])(?:\+\d{1,3}[ .\-()/]{0,2}|\(\d{2,5}\)[ -]?|\d{2,5}[ .-])"
    rb"(?:\(?\d{1,5}\)?[ .\-/]?){1,6}\d(?![\w]|[.-]\d)"
)
#: In small letters; what is no letter of ASCII bounds a word.
_PHONE_WORDS = re.compile(
    r"phone|\btel\b|tel:|telephone|mobile|\bcell|\bfax\b|call|whatsapp|\bsms\b|number is|contact|"
    r"t[eé]l[eé][fp]|m[oó]vil|handy|\btlf|puhelin|ponsel|cellulare|celular|\bgsm\b|"
    r"电话|電話|手机|手機|联系|聯絡|传真|傳真|热线|携帯|ファックス|連絡先|전화|휴대폰|연락처|팩스|"
    r"телефон|тел\.|тел:|факс|моб|τηλ|κινητό|هاتف|جوال|موبايل|تلفن|פקס|טלפון|נייד|"
    r"फ़ोन|फोन|मोबाइल|ফোন|โทร|มือถือ|điện thoại|sđt|தொலைபேசி",
    re.ASCII,
)
#: Countries whose national numbers are tried, by the script of the word beside the number (its first letters).
_REGIONS: Final = (
    (re.compile("[\uac00-\ud7af]"), ("KR",)),
    (re.compile("[\u3040-\u30ff]"), ("JP",)),
    (re.compile("[\u4e00-\u9fff]"), ("CN", "TW", "HK", "JP", "SG")),
    (re.compile("[\u0400-\u04ff]"), ("RU", "UA", "KZ", "BG", "RS")),
    (re.compile("[\u0370-\u03ff]"), ("GR", "CY")),
    (re.compile("[\u0600-\u06ff]"), ("SA", "EG", "AE", "IR", "MA")),
    (re.compile("[\u0900-\u097f]"), ("IN",)),
    (re.compile("[\u0e00-\u0e7f]"), ("TH",)),
    (re.compile("[\u1e00-\u1eff\u0111]"), ("VN",)),
    (re.compile(""), ("US", "GB", "DE", "IL", "IN", "BR", "FR", "ES", "IT", "PL")),
)
#: A number in any groups, where a word of another script says that it is one.
_NATIONAL = re.compile(rb"(?<![\w.+-])\(?\d(?:[ ().-]{0,2}\d){6,12}(?![\w]|[.-]\d)")


class Phone:
    """A phone number that libphonenumber accepts: international, or national beside a word that says phone."""

    kind = "phone"
    most = 0.85

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        found = list(covering(_PHONE, text, max(since, hit - 2), hit, 30))
        for match in found or covering(_NATIONAL, text, max(since, hit - 2), hit, 30):
            written = match[0].decode()
            line = text[line_start(text, match.start(), 60) : match.start()]
            word = _PHONE_WORDS.search(line.decode("utf-8", "replace").lower())
            said = word is not None
            if not found and (word is None or word[0].isascii()):
                continue
            international = written.startswith("+")
            if re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}", written):
                continue  # an address of a machine
            count = sum(c.isdigit() for c in written)
            if not 7 <= count <= 15 or (
                not international
                and not said
                and not re.fullmatch(r"\(\d{3}\) ?\d{3}[.-]\d{4}|\d{3}-\d{3}-\d{4}", written)
            ):
                continue
            if not _valid_phone(written, "" if word is None else word[0]):
                continue
            if re.search(r"555[ .-]?\d{4}$", written):
                sure = 0.5  # the exchange of numbers that nobody has
            elif international:
                sure = 0.85 if said or re.search(r"[ ()-]", written) else 0.5
            else:
                sure = 0.8 if said else 0.4
            yield Span("phone", "phone-number", match.start(), match.end(), sure)


@lru_cache(4096)
def _valid_phone(written: str, word: str) -> bool:
    """Return whether a number is one; `word` is what says so beside it, "" where nothing does."""
    import phonenumbers  # noqa: PLC0415 - large, and few texts come this far

    regions = next(countries for script, countries in _REGIONS if script.search(word))
    for region in (None,) if written.startswith("+") else regions:
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) or (
            word and word.isascii() and phonenumbers.is_possible_number(number)
        ):
            return True
    return False
