"""Draws features: a page of heads and layers, and explanations as a page or for a terminal; no script from elsewhere.

A page is one file that opens without a network. It knows nothing of models.
"""

from __future__ import annotations

import base64
import html
import json
from importlib.resources import files
from unicodedata import category

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from drystone.errors import UsageError
from drystone.reader.features.features import AnswerExplanation, Features

#: Attention weights a page may carry, a byte each: beyond this, browsers take long to open it.
_MOST_WEIGHTS = 40_000_000


def attention_page(window: Features, title: str) -> str:
    """Return a self-contained HTML page of a window's attention: every layer and head, and each token's weights.

    Weights are rounded to 1/255. Raises UsageError for a window whose weights would fill more than 40 MB.
    """
    layers, heads, count, _ = window.attentions.shape
    if window.attentions.size > _MOST_WEIGHTS:
        size = f"{layers} layers of {heads} heads over {count} tokens"
        raise UsageError(f"context: {size} are more than a page should carry; give a shorter text or max_seq_len.")
    weights = np.rint(window.attentions * 255).astype(np.uint8)
    data = {
        "title": title,
        "layers": layers,
        "heads": heads,
        "tokens": window.tokens,
        "source": window.source,
        "weights": base64.b64encode(weights.tobytes()).decode(),
    }
    page = files("drystone.reader.features").joinpath("attention.html").read_text(encoding="utf-8")
    # Within a script nothing but "<" could end it early.
    return page.replace("__TITLE__", html.escape(title)).replace("__DATA__", json.dumps(data).replace("<", "\\u003c"))


def explanation_page(found: AnswerExplanation) -> str:
    """Return a self-contained HTML page: the window's text shaded by start and end probability, answers marked."""
    rows = "".join(
        f"<tr><td>{_number(a.score)}<td>{html.escape(_shown(a.text)) or '<i>no answer</i>'}<td>{a.start}–{a.end}"
        for a in found.answers
    )
    pieces, at = [], int(found.spans[0, 0]) if len(found.spans) else 0
    best = next((a for a in found.answers if a.text), None)
    for (begin, end), start, final in zip(found.spans.tolist(), found.start, found.end, strict=True):
        if begin > at:
            pieces.append(html.escape(_shown(found.context[at:begin])))
        kind = "token answer" if best is not None and begin >= best.start and end <= best.end else "token"
        style, title = f"--start:{_root(start)};--end:{_root(final)}", f"start {_number(start)}, end {_number(final)}"
        token = html.escape(_shown(found.context[begin:end]))
        pieces.append(f'<span class="{kind}" style="{style}" title="{title}">{token}</span>')
        at = max(at, end)
    page = files("drystone.reader.features").joinpath("explanation.html").read_text(encoding="utf-8")
    for name, value in (
        ("__QUESTION__", html.escape(_shown(found.question))),
        ("__ANSWERS__", rows),
        ("__NULL__", f"start {_number(found.null_start)}, end {_number(found.null_end)}"),
        ("__TEXT__", "".join(pieces)),
    ):
        page = page.replace(name, value, 1)
    return page


def explanation_text(found: AnswerExplanation, top: int = 8) -> RenderableType:
    """Return the explanation for a terminal: answers, the passage around the best, the likeliest starts and ends."""
    lines: list[RenderableType] = [
        Text(f"{a.score:.3f}  {_shown(a.text)!r}  (characters {a.start}-{a.end})" if a.text else f"{a.score:.3f}  none")
        for a in found.answers
    ]
    best = next((a for a in found.answers if a.text), None)
    if best:
        low, high = max(0, best.start - 120), min(len(found.context), best.end + 120)
        line = Text()
        line.append(_shown(found.context[low : best.start]).replace("\n", " "), "dim")
        line.append(_shown(found.context[best.start : best.end]), "bold reverse")
        line.append(_shown(found.context[best.end : high]).replace("\n", " "), "dim")
        lines.append(line)
    table = Table("start", "token", "", "end", "token", "", show_edge=False, pad_edge=False)
    for i, j in zip(_greatest(found.start, top), _greatest(found.end, top), strict=True):
        cells: list[RenderableType] = []
        for index, values in ((i, found.start), (j, found.end)):
            bar = "█" * max(1, round(20 * float(values[index]))) if values[index] >= 0.01 else "·"
            cells += [f"{values[index]:.3f}", Text(_shown(found.tokens[index])), bar]
        table.add_row(*cells)
    nothing = f"no answer: start {found.null_start:.3f}, end {found.null_end:.3f}"
    return Group(*lines, table, Text(nothing, "dim"))


def _greatest(values: np.ndarray, top: int) -> list[int]:
    order: list[int] = np.argsort(-values, kind="stable")[:top].tolist()
    return order


def _shown(text: str) -> str:
    """Return text that a page or terminal can show: control characters and lone surrogates become signs."""
    return "".join(c if c in "\n\r\t" or category(c) not in {"Cc", "Cs"} else "\N{REPLACEMENT CHARACTER}" for c in text)


def _number(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 or value == 0 else f"{value:.1e}"


def _root(value: float) -> str:
    """Probabilities span orders of magnitude: the eye is shown their square root."""
    return f"{float(value) ** 0.5:.3f}"
