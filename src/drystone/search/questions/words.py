"""Words that ask and join, and say nothing about what is asked for: left out of a question beside any other word.

Knows English only; a word of another language is rare in code or common, and BM25 weighs it by that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from drystone.search import _kernel

_ASKING: Final = (
    "how what where what's which who whom whose when why is are was were am do does did done can could should would "
    "will shall may might must has have had having the a an of to in on at by for with from into onto that this these "
    "those it its itself be being been as and or not than then there if but so such i me my we us our you your they "
    "them their he she his her"
)

#: As the kernel cuts words: every character beyond ASCII belongs to one.
_WORD: Final = re.compile(r"[0-9A-Za-z_\x80-\U0010ffff]+")


@cache
def asking() -> npt.NDArray[np.uint64]:
    """Return the keys of these words, as terms, ascending."""
    return keys_of(_ASKING)


def keys_of(text: str) -> npt.NDArray[np.uint64]:
    """Return the distinct terms of a text, ascending. (`np.unique` loads numpy.ma: longer than a search takes.)"""
    keys = np.sort(_kernel.terms(text.encode("utf-8", "replace")))
    return keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys


def only_ask(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Return which of these terms only ask."""
    known = asking()
    found: npt.NDArray[np.bool_] = known[np.minimum(np.searchsorted(known, keys), len(known) - 1)] == keys
    return found


def words_of(text: str) -> Iterator[tuple[str, npt.NDArray[np.uint64]]]:
    """Yield each distinct word of a text with the keys of its terms: an identifier's is its own and its parts'."""
    for word in dict.fromkeys(_WORD.findall(text)):
        keys = keys_of(word)
        if len(keys):
            yield word, keys
