"""Lines that were found as HTML: escaped, what was found marked, odd characters made visible. Knows no release."""

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


def quoted(before: str, quote: str, after: str, first: int) -> list[tuple[int, Markup, bool]]:
    """Return a quote in the text around it as lines: the number of each from `first` on, HTML, whether it is quoted."""
    found: list[tuple[int, list[str], bool]] = [(first, [], False)]
    for text, is_quote in ((before, False), (quote, True), (after, False)):
        for at, line in enumerate(text.split("\n")):
            if at:
                found.append((found[-1][0] + 1, [], False))
            number, pieces, hit = found[-1]
            pieces.append(f"<mark>{_piece(line)}</mark>" if is_quote and line else _piece(line))
            found[-1] = (number, pieces, hit or (is_quote and bool(line)))
    return [(number, Markup("".join(pieces)), hit) for number, pieces, hit in found]  # noqa: S704  (each is escaped)


def _piece(text: str) -> str:
    return visible(escape(text))
