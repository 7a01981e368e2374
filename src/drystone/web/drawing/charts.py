"""Bar charts as inline SVG, drawn on the server: widths in per cent, so that bars grow with the page and text does not.

Each chart has a title and a description that says all it shows. Knows no release.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

from markupsafe import Markup

from drystone.release.inspection.stats import ReasonCount, Share
from drystone.release.layout import shown, size_text
from drystone.release.manifest import FunnelStep

#: Bars of one chart; what follows is summed in the last.
_BARS: Final = 8
_LONGEST_LABEL: Final = 30
#: Pixels of one bar with its label, and of the bar alone.
_ROW, _THICK = 38, 8


class Bar(NamedTuple):
    """One bar: its label, its length, and the amounts that stand beside it."""

    label: str
    length: float
    files: int
    size: int


def funnel(steps: Sequence[FunnelStep]) -> Markup:
    """Draw what was left after each stage, by files."""
    bars = [Bar(step.stage.replace("_", " "), step.files, step.files, step.bytes) for step in steps]
    return _draw("What was left after each stage", bars, "kept")


def kept(title: str, shares: Sequence[Share]) -> Markup:
    """Draw kept files by language or licence, by bytes."""
    bars = [Bar(share.name, share.kept_bytes, share.kept, share.kept_bytes) for share in shares if share.kept]
    return _draw(title, _most(bars), "kept")


def dropped(reasons: Sequence[ReasonCount]) -> Markup:
    """Draw why files were dropped, by files."""
    bars = [Bar(each.reason.replace("_", " "), each.files, each.files, each.bytes) for each in reasons]
    return _draw("Why files were dropped", _most(sorted(bars, key=lambda bar: -bar.length)), "dropped")


def _most(bars: list[Bar]) -> list[Bar]:
    if len(bars) <= _BARS:
        return bars
    rest = bars[_BARS - 1 :]
    sums = (sum(bar.length for bar in rest), sum(bar.files for bar in rest), sum(bar.size for bar in rest))
    return [*bars[: _BARS - 1], Bar(f"{len(rest)} more", *sums)]


def _draw(title: str, bars: Sequence[Bar], kind: str) -> Markup:
    if not bars:
        return Markup('<p class="empty">Nothing to show.</p>')
    name = re.sub(r"\W+", "-", title.lower())
    longest = max(bar.length for bar in bars) or 1
    said = "; ".join(f"{_label(bar)}: {_amount(bar)}" for bar in bars)
    rows = []
    for number, bar in enumerate(bars):
        top = number * _ROW
        width = 0.0 if bar.length == 0 else max(0.4, 100 * bar.length / longest)
        rows.append(
            f'<text class="label" x="0" y="{top + 14}">{escape(_label(bar))}</text>'
            f'<text class="amount" x="100%" y="{top + 14}" text-anchor="end">{escape(_amount(bar))}</text>'
            f'<rect class="track" x="0" y="{top + 20}" width="100%" height="{_THICK}" rx="4"/>'
            f'<rect class="{kind}" x="0" y="{top + 20}" width="{width:.2f}%" height="{_THICK}" rx="4"/>'
        )
    return Markup(  # noqa: S704  (every part that is not ours is escaped)
        f'<svg class="chart" role="img" aria-labelledby="{name}-title {name}-desc" width="100%" '
        f'height="{len(bars) * _ROW}"><title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(said)}.</desc>{"".join(rows)}</svg>'
    )


def _label(bar: Bar) -> str:
    text = shown(bar.label)
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…"


def _amount(bar: Bar) -> str:
    return f"{bar.files:,} {'file' if bar.files == 1 else 'files'}, {size_text(bar.size)}"
