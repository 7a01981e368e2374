"""Turns the bytes of a blob into the text that is annotated, compared and released."""

from __future__ import annotations

from typing import NamedTuple

from drystone.detect.encoding import Decoded, decode
from drystone.detect.notebooks import notebook_script


class BlobText(NamedTuple):
    """A blob as text, or why it is none; `script_language` is that of a notebook's script, None for all else."""

    decoded: Decoded
    script_language: str | None


def to_text(data: bytes, notebook: bool) -> BlobText:
    """Return a blob as UTF-8 text with its encoding, or no text and the reason why.

    A notebook becomes a script of its code and Markdown cells; one that cannot be read stays as it is.
    """
    decoded = decode(data)
    if notebook and decoded.text is not None:
        made = notebook_script(decoded.text)
        if made.script is not None:
            return BlobText(decoded._replace(text=made.script), made.language)
    return BlobText(decoded, None)
