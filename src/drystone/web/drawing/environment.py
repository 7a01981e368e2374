"""The templates and the words that all of them may use. Knows no server, no request and no address."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from drystone._words import many
from drystone.errors import MissingExtraError
from drystone.release import layout

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup


def environment() -> jinja2.Environment:
    """Return the templates. Raises `MissingExtraError` without the extra `server`."""
    try:
        import jinja2  # noqa: PLC0415  (an extra)
    except ImportError:
        raise MissingExtraError("jinja2", "server") from None
    env = jinja2.Environment(
        loader=jinja2.PackageLoader("drystone.web.drawing"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        shown=lambda text: layout.shown(str(text)),
        shown_lines=lambda text: "\n".join(map(layout.shown, str(text).splitlines())),
        number="{:,}".format,
        size=layout.size_text,
        code=code,
        words=lambda name: layout.shown(str(name)).replace("_", " "),
    )
    env.globals.update(count=many)
    return env


@cache
def style() -> str:
    """Return the style of all pages."""
    return files("drystone.web.drawing").joinpath("style.css").read_text("utf-8")


def code(text: str) -> Markup:
    """Return text as HTML, with what stands between backticks as code."""
    from markupsafe import Markup, escape  # noqa: PLC0415  (comes with jinja2)

    pieces = [escape(piece) for piece in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(p) if i % 2 else p for i, p in enumerate(pieces))
