"""How `make site` makes these pages a site: pages in Markdown, the reference of the Python interface from docstrings.

It knows nothing of what the pages say. Nothing is fetched from a network, neither here nor by who reads the site.
"""

from __future__ import annotations

import re
from importlib.metadata import version as version_of
from typing import Any

project = "Drystone"
author = "the authors of Drystone"
copyright = "the authors of Drystone, Apache-2.0"
version = release = version_of("drystone")
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_static"]
html_theme = "furo"
html_title = "Drystone"
html_show_sourcelink = False
html_copy_source = False
# A link to a heading that is not there is an error, as is every other warning (`-W`).
myst_heading_anchors = 3
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 100
autodoc_member_order = "alphabetical"
suppress_warnings = ["misc.highlighting_failure"]

_CODE = re.compile(r"``.+?``|`[^`\n]+(?:\n[^`\n]+)?`")
#: What has a meaning in reStructuredText and none in a docstring of ours.
_MARKUP = re.compile(r"([*|\\]|(?<=\w)_(?!\w))")


def as_rest(text: str) -> str:
    """Return a docstring as reStructuredText: what stands in backticks is code, and nothing else is markup."""
    parts, at = [], 0
    for found in _CODE.finditer(text):
        parts += [_MARKUP.sub(r"\\\1", text[at : found.start()]), f"``{found[0].strip('`')}``"]
        at = found.end()
    return "".join([*parts, _MARKUP.sub(r"\\\1", text[at:])])


def _docstring(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    lines[:] = as_rest("\n".join(lines)).split("\n")


def setup(app: Any) -> None:
    """Read docstrings by `as_rest`."""
    app.connect("autodoc-process-docstring", _docstring)
