"""Turns the bytes of a blob into the text that is annotated, compared and released."""

from __future__ import annotations

from dataclasses import replace

from drystone.detect.encoding import Decoded, decode
from drystone.detect.notebooks import notebook_script


def to_text(data: bytes, notebook: bool) -> Decoded:
    """Return a blob as UTF-8 text with its encoding, or no text and the reason why.

    A notebook becomes a script of its code and Markdown cells; one that cannot be read stays as it is.
    """
    decoded = decode(data)
    if notebook and decoded.text is not None:
        script = notebook_script(decoded.text).script
        if script is not None:
            return replace(decoded, text=script)
    return decoded
