"""How the lines of a text end. Of a text in another encoding, as it is after decoding."""

from __future__ import annotations


def annotate(text: bytes, name: str) -> str | None:
    r"""Return `lf` (\n), `crlf` (\r\n), `cr` (\r alone) or `mixed`; None where no line ends."""
    pairs = text.count(b"\r\n")
    counts = {"crlf": pairs, "lf": text.count(b"\n") - pairs, "cr": text.count(b"\r") - pairs}
    found = [kind for kind, count in counts.items() if count]
    if not found:
        return None
    return found[0] if len(found) == 1 else "mixed"
