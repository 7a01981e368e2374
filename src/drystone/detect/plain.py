r"""The plain form of a text, by which it is known in whatever form it is written: UTF-8, `\n`, one at the end.

A copy in UTF-16, with a byte-order mark, with the line ends of another system or without the last one has other bytes
and the same plain form. Knows nothing of who asks.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Final

from drystone.detect.encoding import decode
from drystone.identity.hashes import blob_hash

_FORMS: Final = (
    (b"", "utf-8"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def plain_form(text: bytes) -> bytes:
    """Return the plain form of a text that is UTF-8 without a mark, as `encoding.decode` returns it."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text.rstrip(b"\n") + b"\n"


def plain_id(data: bytes, text: bytes | None = None) -> bytes | None:
    """Return the git blob hash (20 bytes) of the plain form of a file's bytes; None where they are it, or are no text.

    `text` is what `encoding.decode` made of them, where that is known.
    """
    if text is None and (text := decode(data).text) is None:
        return None
    is_plain = text is data and b"\r" not in data and data.endswith(b"\n") and not data.endswith(b"\n\n")
    return None if is_plain or not text.strip(b"\r\n") else blob_hash(plain_form(text))


def plain_ids(data: bytes) -> set[bytes]:
    """Return the ids by which copies of a file's bytes are known: of themselves, and of their plain form, with the last
    line end and without.
    """
    text = decode(data).text
    if text is None or not text.strip(b"\r\n"):
        return {blob_hash(data)}
    form = plain_form(text)
    return {blob_hash(data), blob_hash(form), blob_hash(form[:-1])}


def other_forms(text: bytes) -> Iterator[bytes]:
    """Yield the ids of a UTF-8 text in the forms in which it is found most: with a mark and in UTF-16, with the line
    ends of Windows, with the last line end and without.
    """
    form = plain_form(text).decode("utf-8", "surrogatepass")
    for lines in (form, form.replace("\n", "\r\n")):
        for whole in (lines, lines.rstrip("\r\n")):
            for mark, codec in _FORMS:
                yield blob_hash(mark + whole.encode(codec, "surrogatepass"))
