"""Markup blanked in place: a reader sees words, and every offset into the text stays. Knows no files and no models.

Markdown, reStructuredText and the marks of comments and docstrings are known, by their common forms alone: what is
taken for markup and is none costs a reader a few signs, never an offset.
"""

from __future__ import annotations

import re
from typing import Final

#: Each match is blanked, but for its groups named `keep`, `keep2`.
_MARKS: Final = re.compile(
    r"""
      ^[ \t]*(?:```|~~~)[^\n]*$                                # fences of code
    | ^[ \t]*(?:[=\-~^"'*+\#]{3,})[ \t]*$                      # underlines of headings, rulers
    | ^[ \t]*\.\.[ ]+[\w:-]+::[ \t]*                           # directives
    | ^[ \t]*\.\.[ ]+_[^\n]*:[ \t]*$                           # targets of links
    | ^[ \t]*(?:\#{1,6}|//+!?|;;+|--|>+)[ \t]+                 # headings, comments, quotes
    | ^[ \t]*(?:[*+\-]|\d{1,3}[.)])[ \t]+(?=\S)                # items of lists
    | !?\[(?P<keep>[^\[\]\n]{1,300})\](?:\([^()\n]{0,500}\)|\[[^\[\]\n]{0,200}\])   # links
    | :[A-Za-z][\w+.:-]{0,30}:(?=`)                            # roles
    | (?<=`)[~!](?=\w)                                         # :class:`~a.b`
    | [ ]?<[^<>`\n]{1,300}>(?=`)                               # `text <target>`_
    | `+_{0,2}                                                 # code, and ends of links
    | \*{2,3} | (?<![\w*])\*(?=[^\s*]) | (?<=[^\s*])\*(?![\w*])   # strong, emphasis
    | \"{3} | '{3}                                             # docstrings
    | </?[A-Za-z][^<>\n]{0,300}>                               # tags
    | \|(?=[ \t]|$) | (?<=[ \t])\|                             # cells of tables
    """,
    re.VERBOSE | re.MULTILINE,
)


def blank(text: str) -> str:
    """Return a text of the same length with its markup replaced by spaces; all white space stays as it is."""
    return _MARKS.sub(_blanked, text)


def _blanked(match: re.Match[str]) -> str:
    whole, (low, high) = match[0], match.span("keep")
    if low < 0:
        return _spaces(whole)
    low, high = low - match.start(), high - match.start()
    return _spaces(whole[:low]) + whole[low:high] + _spaces(whole[high:])


def _spaces(text: str) -> str:
    return "".join(character if character.isspace() else " " for character in text)
