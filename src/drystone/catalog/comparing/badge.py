"""A comparison in one line, as an SVG badge that stands in any page."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

from drystone.catalog.comparing.shapes import Comparison
from drystone.release.layout import shown

#: Pixels of a letter of 11 px Verdana on average, and beside a text.
_LETTER: Final = 6.6
_BESIDE: Final = 12
_LONGEST: Final = 60
#: What is said of nothing in grey, what is said of one in blue: both under white letters with a contrast above 4.5.
_COLOURS: Final = {True: "#1f5fae", False: "#595959"}


def badge(found: Comparison) -> str:
    """Return the badge: who is compared, then who is ahead at how many shared jobs, or that no job is shared."""
    left = " and ".join(one.title for one in found.artifacts)
    right = _said(found)
    told = any(verdict.ahead is not None for verdict in found.verdicts)
    left, right = _cut(left), _cut(right)
    first, second = _width(left), _width(right)
    text = escape(f"{left}: {right}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{first + second}" height="20" role="img" '
        f'aria-label="{escape(text, {chr(34): "&quot;"})}">'
        f"<title>{text}</title>"
        f'<rect width="{first}" height="20" fill="#3a3a3a"/>'
        f'<rect x="{first}" width="{second}" height="20" fill="{_COLOURS[told]}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{first / 2:g}" y="14">{escape(left)}</text>'
        f'<text x="{first + second / 2:g}" y="14">{escape(right)}</text></g></svg>\n'
    )


def _said(found: Comparison) -> str:
    if found.state == "no_shared_job":
        return "no shared job"
    ahead = [verdict.ahead for verdict in found.verdicts if verdict.ahead is not None]
    if not ahead:
        return "who is ahead cannot be told"
    first = max(set(ahead), key=lambda at: (ahead.count(at), -at))
    return f"{found.artifacts[first].title} ahead at {ahead.count(first)} of {len(found.verdicts)} shared jobs"


def _cut(text: str) -> str:
    text = shown(" ".join(text.split()))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _width(text: str) -> int:
    return round(len(text) * _LETTER) + _BESIDE
