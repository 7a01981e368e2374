"""Lines that a search found as HTML: escaped, what matches marked, odd characters made visible. Knows no release."""

from __future__ import annotations

from html import escape

from markupsafe import Markup

from drystone.search.results.found import Line
from drystone.web.drawing.highlight import visible


def marked(line: Line) -> Markup:
    """Return a line as HTML."""
    pieces, at = ['<span class="aside">…</span>' if line.column else ""], 0
    for begin, end in line.spans:
        pieces.append(_piece(line.text[at:begin]))
        pieces.append(f"<mark>{_piece(line.text[max(at, begin) : end])}</mark>" if end > max(at, begin) else "")
        at = max(at, end)
    pieces += [_piece(line.text[at:]), '<span class="aside">…</span>' if line.cut else ""]
    return Markup("".join(pieces))  # noqa: S704  (every part that is not ours is escaped)


def _piece(text: str) -> str:
    return visible(escape(text))
