"""Bytes to UTF-8 text, or an honest no. Knows nothing of names and languages.

UTF-8 is told by its own rules and costs one pass; UTF-16 and UTF-32 by a byte-order mark or by where the NUL bytes
stand; ISO-2022 by its escapes; other encodings by how likely each makes a bounded sample (drystone.detect.legacy), or
where that is not clear by what the file says of itself, and only if the whole decodes and encodes back to the same
bytes. No character is ever replaced.
"""

from __future__ import annotations

import codecs
import re
from typing import Final, NamedTuple

from drystone.detect._kernel import encoding_signs, utf8_error
from drystone.detect.legacy import is_written, judge

#: Bytes that are judged.
_SAMPLE_BYTES: Final = 8 * 1024
_SEARCHED_BYTES: Final = 4_000_000
#: If this share of the bytes over 127 near the first error forms UTF-8, the text is UTF-8 with damage.
_UTF8_SHARE: Final = 0.7
_JUDGED_BYTES: Final = 65_536
#: Bytes of a line that are read at once; a longer one is cut between words.
_LONGEST_LINE: Final = 2048
#: Up to this lead of another encoding (see drystone.detect.legacy), a few Western signs are Western: most files are.
_NEARLY_WESTERN: Final = 4.0
#: More than this share of bytes that no text has (controls) means binary.
_CONTROL_SHARE: Final = 0.02
#: More than this share of bytes over 127, and a single control, means binary where no encoding is found.
_DAMAGED_SHARE: Final = 0.3

_CONTROLS: Final = bytes([*range(1, 8), *range(14, 27), *range(28, 32), 127])
_HIGH: Final = re.compile(rb"[\x80-\xff]+")
_VALID_SEQUENCE: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")

#: Half of a surrogate pair, which no UTF-8 has, as UTF-8 would write it.
_SURROGATE: Final = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")

#: Byte-order marks; those of UTF-32 first, since UTF-16's little-endian mark begins one of them.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32LE"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32BE"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16LE"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16BE"),
)
#: First bytes of byte-order marks.
_FIRST: Final = frozenset({b"\xef", b"\xff", b"\xfe", b"\0"})
#: What `encoding_signs` says of a text that holds a NUL.
_NUL: Final = 1
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


class Decoded(NamedTuple):
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
    if data[:1] in _FIRST and (found := _marked(data)) is not None:
        return found
    signs = encoding_signs(data)
    if signs & _NUL:
        return _with_nul(data)
    position = utf8_error(data)
    if position < 0:
        return (_escaped(data) if signs else None) or Decoded(data, "UTF-8", False, None)
    return _other(data, position)


def _marked(data: bytes) -> Decoded | None:
    """Return the text behind a byte-order mark, where there is one and what follows is as it says."""
    if data.startswith(codecs.BOM_UTF8):
        text = data[3:]
        if not encoding_signs(text) & _NUL and utf8_error(text) < 0:
            return Decoded(text, "UTF-8", False, None)
    for mark, codec, name in _MARKS:
        if data.startswith(mark):
            found = _wide(data[len(mark) :], codec, name)
            if found:
                return found
    return None


#: Encodings in seven bits, by the escapes that they shift with: codec, IANA's name, language.
_ESCAPED: Final = (
    (b"\x1b$)C", "iso2022_kr", "ISO-2022-KR", "ko"),
    (b"\x1b$", "iso2022_jp", "ISO-2022-JP", "ja"),
    (b"\x1b$", "iso2022_jp_2", "ISO-2022-JP-2", "ja"),
    (b"\x1b$", "iso2022_jp_ext", "ISO-2022-JP-EXT", "ja"),
    (b"~{", "hz", "HZ-GB-2312", "zh_Hans"),
)


def _escaped(data: bytes) -> Decoded | None:
    """Return the text of ISO-2022 or HZ, which ASCII alone is made of; None where it is plain ASCII.

    One text may be written with several escapes, so what must come back is the text, not the bytes.
    """
    for escape, codec, name, language in _ESCAPED:
        if escape not in data:
            continue
        try:
            text = data.decode(codec)
            if text.encode(codec).decode(codec) != text:
                continue
        except UnicodeError:
            continue
        if is_written(text, language):
            return Decoded(text.encode(), name, False, None)
    return None


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
    around = data[max(0, position - _JUDGED_BYTES) : position + _JUDGED_BYTES]
    high = sum(map(len, _HIGH.findall(around)))
    valid = _VALID_SEQUENCE.findall(around)
    if sum(map(len, valid)) >= _UTF8_SHARE * high and (len(valid) >= 4 or any(len(s) > 2 for s in valid)):
        return Decoded(None, None, False, f"damaged UTF-8: byte {position} is not part of a character")
    if _SURROGATE.match(data, position):
        return Decoded(None, None, False, f"damaged UTF-8: half of a surrogate pair at byte {position}")
    sample = _sample(data, position)
    found = judge(sample)
    codec = found.codec if found and found.clear else None
    western = found is None or found.over_western <= _NEARLY_WESTERN
    if codec is None and (declared := _declared(data, bool(valid), western)) is not None:
        return declared
    # Where some characters are UTF-8, they would become two Western signs each.
    if codec is None and not valid and western:
        codec = _western(sample)
    if codec is None:
        binary = high > _DAMAGED_SHARE * len(around) and any(map(_CONTROLS.__contains__, around[:4096]))
        return Decoded(None, None, binary, f"no encoding found; not UTF-8 at byte {position}")
    try:
        text = data.decode(codec)
        if text.encode(codec) == data:
            return Decoded(text.encode(), _name(codec), False, None)
        reason = f"not UTF-8 at byte {position}, and {codec} would not give it back"
    except UnicodeError:
        reason = f"not UTF-8 at byte {position}, nor {codec} throughout"
    return _declared(data, bool(valid), western) or Decoded(None, None, False, reason)


#: Where a file says its encoding: XML's and CSS's first line, HTML's and mail's content type, PEP 263 and Emacs.
_SAYS: Final = re.compile(
    rb"""(?i)(?:<\?xml[^>]{0,80}?encoding[ \t]{0,3}=|\A@charset|<meta[^>]{0,160}?charset[ \t]{0,3}=|"""
    rb"""content-type:[^\n]{0,60}?charset=|"""
    rb"""\A(?:[^\n]{0,200}\n)?[ \t]{0,40}(?:#|//|/\*|;|%|--|")[^\n]{0,120}?coding[:=])"""
    rb"""[ \t]{0,3}["']?([a-z0-9][\w.:-]{2,30})"""
)
_SAYS_WITHIN: Final = 1024
#: The larger set that is tried after the one named (WHATWG's Encoding standard, "names and labels").
_LARGER: Final = {
    "iso8859-1": "cp1252", "ascii": "cp1252", "shift_jis": "cp932", "euc_kr": "cp949", "gb2312": "gb18030",
    "gbk": "gb18030", "tis-620": "cp874", "iso8859-9": "cp1254", "big5": "big5hkscs",
}  # fmt: skip
_OTHER_NAMES: Final = {"x-sjis": "cp932", "x-gbk": "gb18030", "x-euc-jp": "euc_jp", "windows-874": "cp874"}
_SEVERAL_BYTES: Final = (
    "shift_jis", "cp932", "euc_kr", "cp949", "gb2312", "gbk", "gb18030", "big5", "big5hkscs", "cp950", "euc_jp",
    "johab",
)  # fmt: skip
#: What editors write by default, also above text that is in another encoding.
_BY_DEFAULT: Final = ("iso8859-1", "cp1252", "ascii", "iso8859-15")
_NO_SETS: Final = ("utf", "iso2022", "unicode", "raw_unicode", "punycode", "idna", "undefined", "charmap", "mbcs")
#: Controls and private characters, which text read in a wrong encoding has.
_STRANGE: Final = re.compile("[\x80-\x9f\ue000-\uf8ff]")


def _declared(data: bytes, utf8_within: bool, western: bool) -> Decoded | None:
    """Return the text in the encoding that a file names in its first 1,024 bytes; None where it is not in that.

    `utf8_within`: some of its characters are UTF-8, which an encoding of one byte a character would spoil. `western`:
    it may be in ISO-8859-1.
    """
    for match in _SAYS.finditer(data[:_SAYS_WITHIN]):
        name = match[1].decode().lower()
        try:
            named = codecs.lookup(_OTHER_NAMES.get(name, name)).name
        except LookupError:
            continue
        if named in _BY_DEFAULT and not western:
            continue
        for codec in (named, _LARGER.get(named)):
            if codec is None or codec.startswith(_NO_SETS) or (utf8_within and codec not in _SEVERAL_BYTES):
                continue
            try:
                text = data.decode(codec)
                if text.encode(codec) == data and _STRANGE.search(text) is None:
                    return Decoded(text.encode(), _name(codec), False, None)
            except (UnicodeError, LookupError):
                continue
    return None


def _name(codec: str) -> str:
    return _IANA.get(codec.replace("-", "_")) or codec.upper().replace("_", "-").replace("ISO8859", "ISO-8859")


#: Bytes that are no part of a longer character in any encoding here: what stands between two is whole characters.
_BETWEEN: Final = re.compile(rb"[\x00-\x2f]")


def _sample(data: bytes, position: int) -> bytes:
    """Return what lies around bytes over 127, since ASCII tells nothing: whole lines, or whole words of long lines.

    Only the last character may be cut, where a run of such bytes does not end.
    """
    parts = []
    size = end = 0
    for found in _HIGH.finditer(data, position, position + _SEARCHED_BYTES):
        if found.end() <= end:
            continue
        # A byte over 127 behind one below begins a character: what is below ends the one before, or is one itself.
        begin = max(end, found.start() - _LONGEST_LINE)
        start = data.rfind(b"\n", begin, found.start()) + 1 or (begin if begin == end else found.start())
        stop = data.find(b"\n", found.end(), found.end() + _LONGEST_LINE)
        if stop < 0:
            limit = min(found.end() + _LONGEST_LINE, len(data))
            between = _BETWEEN.search(data, min(limit, start + _SAMPLE_BYTES), limit + _LONGEST_LINE)
            stop = between.start() if between else min(limit, start + _SAMPLE_BYTES)
        end = stop
        parts.append(data[start:end])
        size += end - start
        if size > _SAMPLE_BYTES or (end < len(data) and data[end] > 0x2F):
            break
    return b"\n".join(parts)


#: Letters and signs of Western European text in ISO-8859-1, as they occur in code and comments.
_WESTERN: Final = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüÿ§©®°±²³µ·«»¡¿ªº£¥ ×½¼".encode("latin_1")
)
#: Windows-1252's own: quotes, dashes, ellipsis, bullet, euro, trademark, oe.
_WINDOWS: Final = frozenset("‘’“”–—…•€™Œœ".encode("cp1252"))


#: Signs that begin no word in Western Europe, where letters of Central Europe have their codes.
_SIGN_IN_WORD: Final = re.compile(rb"[\xa3\xa5\xaa\xaf\xb3\xb9\xbc\xbe][a-z]{2}")


def _western(sample: bytes) -> str | None:
    """Return the Western codec where bytes over 127 stand alone between ASCII, as in European comments.

    Detectors guess from letter statistics, which a few names and signs in code do not carry; text in any multi-byte
    encoding or non-Latin alphabet has its high bytes in runs.
    """
    runs = _HIGH.findall(sample)
    single = sum(len(run) <= 2 for run in runs)
    if single < 0.95 * len(runs) or sum(map(len, runs)) > 1.3 * len(runs):
        return None
    if _SIGN_IN_WORD.search(sample):
        return None
    used = set(b"".join(runs))
    if used <= _WESTERN:
        return "latin_1"
    return "cp1252" if used <= _WESTERN | _WINDOWS else None
