"""Bytes to UTF-8 text, or an honest no. Knows nothing of names and languages.

UTF-8 is told by its own rules and costs one pass; UTF-16 and UTF-32 by a byte-order mark or by where the NUL bytes
stand; other encodings by charset-normalizer on a bounded sample, and only if the whole decodes and encodes back to the
same bytes. No character is ever replaced.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

from charset_normalizer import from_bytes

from drystone.detect._kernel import utf8_error

#: Bytes given to the detector: it takes milliseconds per KiB.
_SAMPLE_BYTES: Final = 8 * 1024
#: More than this share of bytes that no text has (controls) means binary.
_CONTROL_SHARE: Final = 0.02
#: More than this share of undecodable bytes within mostly UTF-8 text means binary; below it, a damaged text.
_DAMAGED_SHARE: Final = 0.3

_CONTROLS: Final = bytes([*range(1, 8), *range(14, 27), *range(28, 32), 127])
_HIGH_LINE: Final = re.compile(rb"[^\n]{0,200}[\x80-\xff][^\n]{0,200}")
_HIGH: Final = re.compile(rb"[\x80-\xff]+")
_VALID_SEQUENCE: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")

#: Byte-order marks; those of UTF-32 first, since UTF-16's little-endian mark begins one of them.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32LE"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32BE"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16LE"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16BE"),
)
#: Where NUL bytes stand in ASCII text of each wide encoding: (codec, name, width, offsets that are NUL).
_WIDE: Final = (
    ("utf-32-le", "UTF-32LE", 4, (1, 2, 3)),
    ("utf-32-be", "UTF-32BE", 4, (0, 1, 2)),
    ("utf-16-le", "UTF-16LE", 2, (1,)),
    ("utf-16-be", "UTF-16BE", 2, (0,)),
)
#: Python's codec names to IANA's, where they differ by more than case and underscores.
_IANA: Final = {
    "latin_1": "ISO-8859-1", "cp1252": "WINDOWS-1252", "cp1250": "WINDOWS-1250", "cp1251": "WINDOWS-1251",
    "cp1253": "WINDOWS-1253", "cp1254": "WINDOWS-1254", "cp1255": "WINDOWS-1255", "cp1256": "WINDOWS-1256",
    "cp1257": "WINDOWS-1257", "cp1258": "WINDOWS-1258", "cp932": "WINDOWS-31J", "cp949": "UHC", "koi8_r": "KOI8-R",
    "koi8_u": "KOI8-U", "euc_jp": "EUC-JP", "euc_kr": "EUC-KR", "shift_jis": "SHIFT_JIS", "gb2312": "GB2312",
    "gb18030": "GB18030", "gbk": "GBK", "big5": "BIG5", "big5hkscs": "BIG5-HKSCS", "mac_roman": "MACINTOSH",
    "iso2022_jp": "ISO-2022-JP", "tis_620": "TIS-620",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text as UTF-8, without a byte-order mark, or why there is none.

    `text` is the very object that was given where that is UTF-8 without a mark. `encoding` is IANA's name of the
    original's encoding ("ASCII" counts as UTF-8). `binary` says that the bytes are no text in any encoding; where
    `text` is None and `binary` False, they may be text, but nobody can say which. `reason` is None where `text` is not.
    """

    text: bytes | None
    encoding: str | None
    binary: bool
    reason: str | None


def decode(data: bytes) -> Decoded:
    """Return the text in `data`; linear in its size, with a fixed bound on the work of guessing."""
    if data.startswith(codecs.BOM_UTF8):
        text = data[3:]
        if b"\0" not in text and utf8_error(text) < 0:
            return Decoded(text, "UTF-8", False, None)
    for mark, codec, name in _MARKS:
        if data.startswith(mark):
            found = _wide(data[len(mark) :], codec, name)
            if found:
                return found
    if b"\0" in data:
        return _with_nul(data)
    position = utf8_error(data)
    if position < 0:
        return Decoded(data, "UTF-8", False, None)
    return _other(data, position)


def _wide(data: bytes, codec: str, name: str) -> Decoded | None:
    """Decode UTF-16 or UTF-32; None where it is not well-formed or holds U+0000."""
    try:
        text = data.decode(codec)
        encoded = text.encode()
    except UnicodeError:
        return None
    return None if "\0" in text else Decoded(encoded, name, False, None)


def _with_nul(data: bytes) -> Decoded:
    sample = data[:4096]
    for codec, name, width, nul_offsets in _WIDE:
        if len(data) % width or len(sample) < 2 * width:
            continue
        units = len(sample) // width
        shares = [sample[offset::width].count(0) / units for offset in range(width)]
        # Any text in these encodings has spaces, digits and line ends; a third of ASCII is far below code, and far
        # above what compiled files reach at one offset while they stay free of NUL at the others.
        if all(s >= 1 / 3 if o in nul_offsets else s == 0 for o, s in enumerate(shares)):
            found = _wide(data, codec, name)
            if found and found.text is not None and not _many_controls(found.text):
                return found
    return Decoded(None, None, True, "NUL bytes")


def _many_controls(data: bytes) -> bool:
    sample = data[:1_000_000]
    return len(sample) - len(sample.translate(None, _CONTROLS)) > _CONTROL_SHARE * len(sample)


def _other(data: bytes, position: int) -> Decoded:
    if _many_controls(data):
        return Decoded(None, None, True, "control characters, and not UTF-8")
    sample = _sample(data, position)
    high = sum(map(len, _HIGH.findall(sample)))
    valid = sum(map(len, _VALID_SEQUENCE.findall(sample)))
    if valid >= 0.7 * high and valid >= 4:
        return Decoded(None, None, False, f"damaged UTF-8: byte {position} is not part of a character")
    codec = _western(sample) or _guessed(sample)
    if codec is None:
        share = high / len(sample)
        return Decoded(None, None, share > _DAMAGED_SHARE, f"no encoding found; not UTF-8 at byte {position}")
    try:
        text = data.decode(codec)
        if text.encode(codec) != data:
            return Decoded(None, None, False, f"not UTF-8 at byte {position}, and {codec} would not give it back")
        return Decoded(text.encode(), _name(codec), False, None)
    except UnicodeError:
        return Decoded(None, None, False, f"not UTF-8 at byte {position}, nor {codec} throughout")


def _name(codec: str) -> str:
    return _IANA.get(codec) or codec.upper().replace("_", "-").replace("ISO8859", "ISO-8859")


def _sample(data: bytes, position: int) -> bytes:
    """Return text around bytes over 127, since ASCII tells nothing, from at most a few megabytes."""
    parts = []
    size = 0
    for found in _HIGH_LINE.finditer(data, max(0, position - 200), position + 4_000_000):
        parts.append(found[0])
        size += len(found[0]) + 1
        if size > _SAMPLE_BYTES:
            break
    return b"\n".join(parts)[:_SAMPLE_BYTES]


#: Letters and signs of Western European text in ISO-8859-1, as they occur in code and comments.
_WESTERN: Final = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüÿ§©®°±²³µ·«»¡¿ªº£¥ ×½¼".encode("latin_1"))
#: Windows-1252's own: quotes, dashes, ellipsis, bullet, euro, trademark, oe.
_WINDOWS: Final = frozenset("‘’“”–—…•€™Œœ".encode("cp1252"))


def _western(sample: bytes) -> str | None:
    """Return the Western codec where bytes over 127 stand alone between ASCII, as in European comments.

    Detectors guess from letter statistics, which a few names and signs in code do not carry; text in any multi-byte
    encoding or non-Latin alphabet has its high bytes in runs.
    """
    runs = _HIGH.findall(sample)
    single = sum(len(run) <= 2 for run in runs)
    if single < 0.95 * len(runs) or sum(map(len, runs)) > 1.3 * len(runs):
        return None
    used = set(b"".join(runs))
    if used <= _WESTERN:
        return "latin_1"
    return "cp1252" if used <= _WESTERN | _WINDOWS else None


#: What source files are found in; rarer relatives only take texts away from these.
_CODECS: Final = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 iso8859_2 iso8859_5 iso8859_7 iso8859_9 "
    "iso8859_15 koi8_r koi8_u cp437 cp850 cp866 mac_roman shift_jis euc_jp gb18030 big5 euc_kr cp949 tis_620"
).split()


def _guessed(sample: bytes) -> str | None:
    best = from_bytes(sample, cp_isolation=_CODECS, preemptive_behaviour=False, enable_fallback=False).best()
    return best.encoding if best else None
