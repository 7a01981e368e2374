"""Fill-in-the-middle: a file as prefix, suffix and middle, cut anywhere or around a node of its syntax tree.

As in Bavarian et al., arXiv:2207.14255 (PSM, and SPM in the form in which prefix and middle follow each other); cuts
around nodes as in Gong et al., arXiv:2506.00204. Which files, and where, follows from the seed and the file alone.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from typing import Final, NamedTuple

from drystone.release.exports.tokens.choice import FimOrder, FimSplit, Special
from drystone.release.exports.tokens.syntax import nodes_of

#: A piece of a document: text, or a special token by the part it plays.
Piece = str | tuple[Special]

_PREFIX: Final[tuple[Special]] = ("fim_prefix",)
_SUFFIX: Final[tuple[Special]] = ("fim_suffix",)
_MIDDLE: Final[tuple[Special]] = ("fim_middle",)


class Fim(NamedTuple):
    """How files are given for filling in the middle: share of them, order, where they are cut, and the seed."""

    rate: float
    order: FimOrder
    split: FimSplit
    seed: int

    def pieces(self, swhid: str, language: str | None, text: str) -> tuple[list[Piece], FimOrder | None]:
        """Return a file's pieces in the order in which they are given, and that order; whole files have none."""
        chance = random.Random(f"{self.seed} fim {swhid}")
        if len(text) < 2 or chance.random() >= self.rate:
            return [text], None
        order: FimOrder = self.order if self.order != "both" else chance.choice(("psm", "spm"))
        cut = _around_a_node(text, language, chance) if self.split == "syntax" else None
        first, second = cut or sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        prefix, middle, suffix = text[:first], text[first:second], text[second:]
        if order == "psm":
            return [_PREFIX, prefix, _SUFFIX, suffix, _MIDDLE, middle], order
        return [_PREFIX, _SUFFIX, suffix, _MIDDLE, prefix, middle], order


def _around_a_node(text: str, language: str | None, chance: random.Random) -> tuple[int, int] | None:
    """Return where a node chosen by its length begins and ends, in characters; None where nothing parses the text."""
    data = text.encode("utf-8", "surrogatepass")
    nodes = nodes_of(language or "", data)
    if not nodes:
        return None
    # A size first, then a node of at least it: large nodes are few, small ones are many and say little.
    wanted = chance.random() ** 2 * len(data) / 2
    nodes = sorted(nodes, key=lambda node: node[1] - node[0])
    least = bisect_left(nodes, wanted, key=lambda node: node[1] - node[0])
    begin, end = nodes[min(least, len(nodes) - 1)]
    first = len(data[:begin].decode("utf-8", "surrogatepass"))
    return first, first + len(data[begin:end].decode("utf-8", "surrogatepass"))
