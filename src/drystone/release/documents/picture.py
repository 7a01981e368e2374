"""A picture of what a release holds: the funnel, languages, licences and reasons as bars, in SVG or PNG.

Draws from `Stats` alone; the same numbers give the same bytes.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from drystone._words import many
from drystone.errors import UsageError
from drystone.release.files import write_whole
from drystone.release.inspection.stats import Stats
from drystone.release.layout import shown, size_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The palette of Okabe and Ito (2008), which people with colour vision deficiencies can tell apart.
_KEPT: Final = "#0072B2"
_DROPPED: Final = "#D55E00"
_INK: Final = "#222222"
_FAINT: Final = "#6b6b6b"
_BARS: Final = 12
_LONGEST_LABEL: Final = 34

#: One bar: label, length in bytes, what stands behind it.
_Bar = tuple[str, float, str]


def draw(stats: Stats, path: Path) -> None:
    """Write a picture to `path`, whose ending says which: .svg or .png.

    Raises `UsageError` for another ending, `ReleaseError` where the file cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in {"svg", "png"}:
        raise UsageError(f"{shown(str(path))}: a picture ends in .svg or .png")
    write_whole(path, render(stats, kind))


def render(stats: Stats, kind: str) -> bytes:
    """Return the picture as `svg` or `png`."""
    import matplotlib as mpl  # noqa: PLC0415  (half a second, and few callers draw)
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415

    panels = [panel for panel in _panels(stats) if panel[1]]
    rows = -(-len(panels) // 2)
    settings: Any = {
        "font.size": 9.5,
        "svg.hashsalt": "drystone",
        "svg.fonttype": "path",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.bottom": False,
        "text.color": _INK,
        "ytick.color": _INK,
        "axes.labelcolor": _INK,
        "text.parse_math": False,
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # names in scripts that the font lacks show as boxes
        rooms = [max(len(bars) for _, bars, _ in panels[2 * r : 2 * r + 2]) for r in range(rows)]
        heights = [room + 1.6 for room in rooms]
        margins = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.12)
        figure = Figure(figsize=(12.5, 1.1 + 0.3 * sum(heights)), layout=margins)
        grid = figure.add_gridspec(rows, 2, height_ratios=heights)
        for number, (title, bars, colour) in enumerate(panels):
            alone = number == len(panels) - 1 and number % 2 == 0
            place = grid[number // 2, :] if alone else grid[number // 2, number % 2]
            _draw_bars(figure.add_subplot(place), title, bars, colour, rooms[number // 2])
        figure.supxlabel("Bars: bytes of the original files.", x=0.012, ha="left", fontsize=8.5, color=_FAINT)
        figure.suptitle(_title(stats), x=0.012, ha="left", fontsize=12.5, fontweight="bold", linespacing=1.5)
        out = BytesIO()
        quiet = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
        figure.savefig(out, format=kind, dpi=130, metadata=quiet)
    return out.getvalue()


def _title(stats: Stats) -> str:
    c = stats.counts
    return (
        f"{_cut(shown(stats.name), 60)} {_cut(shown(stats.version), 20)}: {c.kept:,} of "
        f"{many(c.occurrences, 'file')} kept, {size_text(c.text_bytes)} of text "
        f"from {many(c.repositories, 'repository')}"
    )


def _panels(stats: Stats) -> list[tuple[str, list[_Bar], str]]:
    funnel: list[_Bar] = [
        (_words(step.stage), float(step.bytes), _amount(step.files, step.bytes)) for step in stats.funnel
    ]
    kept_languages = [(s.name, s.kept_bytes, s.kept) for s in stats.languages if s.kept]
    kept_licenses = [(s.name, s.kept_bytes, s.kept) for s in stats.licenses if s.kept]
    dropped = [(_words(r.reason), r.bytes, r.files) for r in stats.reasons]
    return [
        ("What was left after each stage", funnel, _KEPT),
        ("Why files were dropped", _bars(dropped), _DROPPED),
        ("Kept, by language", _bars(kept_languages), _KEPT),
        ("Kept, by licence", _bars(kept_licenses), _KEPT),
    ]


def _bars(rows: Sequence[tuple[str, int, int]]) -> list[_Bar]:
    rows = list(rows)
    if len(rows) > _BARS:
        rest = rows[_BARS - 1 :]
        rows = [*rows[: _BARS - 1], (f"{len(rest)} more", sum(r[1] for r in rest), sum(r[2] for r in rest))]
    return [(name, float(size), _amount(files, size)) for name, size, files in rows]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _amount(files: int, size: int) -> str:
    return f"{many(files, 'file')}, {size_text(size)}"


def _draw_bars(axes: Axes, title: str, bars: Sequence[_Bar], colour: str, room: int) -> None:
    """Draw bars from the top of a panel that has room for `room` of them, so that all have one thickness."""
    places = range(len(bars))
    longest = max(length for _, length, _ in bars) or 1.0
    axes.barh(places, [length for _, length, _ in bars], color=colour, height=0.66)
    axes.set_yticks(places, [_cut(shown(name), _LONGEST_LABEL) for name, _, _ in bars])
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, longest * 1.55)  # room for the text behind the longest bar
    axes.xaxis.set_visible(False)
    axes.set_ylim(room - 0.4, -0.6)
    axes.spines.left.set_bounds(len(bars) - 0.5, -0.5)
    for place, (_, length, text) in enumerate(bars):
        axes.text(length + longest * 0.015, place, text, va="center", ha="left", color=_FAINT, fontsize=8.5)
    axes.set_title(title, loc="left", fontsize=10.5, fontweight="bold")


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
