"""Members of a tar archive, read forward: POSIX ustar and pax, GNU and old V7 headers.

An own reader because inventories are a hot path and input is hostile: the standard library's tarfile spends more time
per member than all hashing together, and reads headers of any claimed size into memory. Formats: POSIX.1-2024, pax,
"ustar Interchange Format" and "pax Header Block"; GNU tar manual, "Basic Tar Format". Knows nothing of trees, limits
on files or kinds of occurrence.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from drystone.sources.archives.streams import ByteStream, DamagedError

_BLOCK: Final = 512
_ZEROS: Final = bytes(_BLOCK)
#: Names and pax records above this are not read; real ones have at most a few thousand bytes.
_MAX_EXTENDED: Final = 1 << 20
#: Types whose header's size is not followed by data, whatever it says (as GNU tar has it).
_WITHOUT_DATA: Final = b"123456"
_PAX_KEYS: Final = frozenset(
    [b"path", b"linkpath", b"size", b"GNU.sparse.major", b"GNU.sparse.map", b"GNU.sparse.size", b"GNU.sparse.name"]
)
_OCTAL: Final = re.compile(rb"\s*([0-7]*)[\s\0]*\Z")
_DIGITS: Final = re.compile(rb"[0-9]{1,18}\Z")

REGULAR: Final = "regular"
HARD_LINK: Final = "hard link"
SYMBOLIC_LINK: Final = "symbolic link"
DIRECTORY: Final = "directory"
SPECIAL: Final = "special"
UNKNOWN: Final = "unknown"

_TYPES: Final = {
    ord("0"): REGULAR,
    0: REGULAR,
    ord("7"): REGULAR,
    ord("1"): HARD_LINK,
    ord("2"): SYMBOLIC_LINK,
    ord("3"): SPECIAL,
    ord("4"): SPECIAL,
    ord("5"): DIRECTORY,
    ord("6"): SPECIAL,
    ord("D"): DIRECTORY,
}


class TarMember(NamedTuple):
    """One member. `size` bytes of data come next in the stream; `problem` says why they cannot be used as a file."""

    path: bytes
    type: str
    mode: int
    size: int
    target: bytes
    problem: str | None


def is_tar(head: bytes) -> bool:
    """Return whether a file's first block is a tar header, or the end mark of an archive without members."""
    return len(head) >= _BLOCK and (head[:_BLOCK] == _ZEROS or _checksum_holds(head[:_BLOCK]))


def members(stream: ByteStream) -> Iterator[TarMember]:
    """Yield the members in order; the caller takes at most `size` bytes from the stream before the next one.

    Raises `DamagedError` where no further member can be found.
    """
    own: dict[bytes, bytes] = {}
    everywhere: dict[bytes, bytes] = {}
    problem: str | None = None
    while (header := _next_header(stream)) is not None:
        code = header[156]
        size = _number(header[124:136], stream)
        if code in b"xgLKX":
            problem = _extend(stream, code, size, own, everywhere) or problem
            continue
        member = _member(stream, header, size, {**everywhere, **own} if everywhere else own, problem)
        data_at = stream.position
        yield member
        _skip(stream, data_at + member.size + -member.size % _BLOCK - stream.position)
        if own:
            own = {}
        problem = None


def _next_header(stream: ByteStream) -> bytes | None:
    """Return the next block, which must be a header; None at the end mark."""
    header = stream.take(_BLOCK)
    if len(header) < _BLOCK:
        start = stream.position - len(header)
        what = "a header is cut short" if header else "the archive has no end mark, it may be cut short"
        raise DamagedError(f"{what} (at byte {start} of the unpacked archive)")
    if header == _ZEROS:
        return None
    if not _checksum_holds(header):
        start = stream.position - _BLOCK
        raise DamagedError(f"the header at byte {start} of the unpacked archive is damaged; the rest was not read")
    return header


def _extend(
    stream: ByteStream, code: int, size: int, own: dict[bytes, bytes], everywhere: dict[bytes, bytes]
) -> str | None:
    """Read an extended header into what it says of the next member, or of all that follow; return what is wrong."""
    if size > _MAX_EXTENDED:
        _skip(stream, size + -size % _BLOCK)
        return f"its extended header claims {size} bytes"
    body = stream.take(size + -size % _BLOCK)
    if len(body) < size:
        raise DamagedError("the archive is cut short in an extended header")
    body = body[:size]
    if code == 0x4C:  # L
        own[b"path"] = body.partition(b"\0")[0]
    elif code == 0x4B:  # K
        own[b"linkpath"] = body.partition(b"\0")[0]
    elif b"path=" in body or b"size" in body or b"sparse" in body:
        # Most pax headers tell times and owners alone; those are not taken apart.
        records = _pax_records(body)
        if records is None:
            return "its extended header is malformed"
        (everywhere if code == 0x67 else own).update(records)
    return None


def _member(
    stream: ByteStream, header: bytes, size: int, extended: dict[bytes, bytes], problem: str | None
) -> TarMember:
    """Return the member of a header, with what extended headers say in place of what it says itself."""
    code = header[156]
    path, target = header[:100].partition(b"\0")[0], header[157:257].partition(b"\0")[0]
    if header[345] and header[257:263] == b"ustar\0":
        path = header[345:500].partition(b"\0")[0] + b"/" + path
    kind = _TYPES.get(code, UNKNOWN)
    if extended:
        path = extended.get(b"path", path)
        target = extended.get(b"linkpath", target)
        if b"size" in extended:
            claimed = extended[b"size"]
            if not _DIGITS.match(claimed):
                raise DamagedError("a size in an extended header is not a number; the rest was not read")
            size = int(claimed)
        if b"GNU.sparse.major" in extended or b"GNU.sparse.map" in extended or b"GNU.sparse.size" in extended:
            problem = problem or "it is a sparse member"
            path = extended.get(b"GNU.sparse.name", path)
    if kind is REGULAR and path.endswith(b"/") and code == 0:
        kind = DIRECTORY
    if kind is UNKNOWN:
        problem = problem or _unknown(code)
        if code == 0x53 and header[482]:
            _skip_sparse_headers(stream)
    if code in _WITHOUT_DATA:
        size = 0
    return TarMember(path, kind, _number(header[100:108], stream), size, target, problem)


def _unknown(code: int) -> str:
    names = {0x53: "it is a sparse member", 0x4D: "it continues another volume", 0x56: "it is a volume label"}
    return names.get(code, f"its type {chr(code)!r} is not known")


def _checksum_holds(header: bytes) -> bool:
    # The sum counts the checksum's own eight bytes as spaces. Adler-32's low half is 1 + the sum of the bytes modulo
    # 65521 (RFC 1950): the same sum at a tenth of the time.
    try:
        claimed = int(header[148:156].rstrip(b"\0 ").lstrip() or b"x", 8)
    except ValueError:
        return False
    if (zlib.adler32(header) & 0xFFFF) == (claimed + sum(header[148:156]) - 8 * 0x20 + 1) % 65521:
        return True
    # Old tars summed signed bytes.
    return (
        claimed
        == sum(b - 256 if b > 127 else b for b in header)
        - sum(b - 256 if b > 127 else b for b in header[148:156])
        + 8 * 0x20
    )


def _number(field: bytes, stream: ByteStream) -> int:
    """Return a header's number: octal digits, or two's complement after a first byte of 0x80 (GNU)."""
    try:
        number = int(field.rstrip(b"\0 "), 8)
    except ValueError:
        pass
    else:
        if number >= 0:
            return number
    if field[0] == 0x80:
        number = int.from_bytes(field[1:], "big")
        if number < 1 << 63:
            return number
    digits = _OCTAL.match(field.partition(b"\0")[0])
    if digits:
        return int(digits[1] or b"0", 8)
    raise DamagedError(f"a number in the header before byte {stream.position} of the unpacked archive is damaged")


def _pax_records(body: bytes) -> dict[bytes, bytes] | None:
    r"""Return the known records "LENGTH KEY=VALUE\n" of a pax header, None where it is malformed."""
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(body) and body[at]:
        space = body.find(b" ", at, at + 8)
        if space < 0 or not body[at:space].isdigit():
            return None
        end = at + int(body[at:space])
        if end <= space or end > len(body) or body[end - 1] != 0x0A:
            return None
        key, equals, value = body[space + 1 : end - 1].partition(b"=")
        if not equals:
            return None
        if key in _PAX_KEYS:
            records[key] = value
        at = end
    return records


def _skip(stream: ByteStream, count: int) -> None:
    if stream.skip(count) < count:
        raise DamagedError("the archive is cut short")


def _skip_sparse_headers(stream: ByteStream) -> None:
    # Old GNU sparse members: further blocks of the map follow the header while byte 504 is set.
    while True:
        block = stream.take(_BLOCK)
        if len(block) < _BLOCK:
            raise DamagedError("the archive is cut short")
        if not block[504]:
            return
