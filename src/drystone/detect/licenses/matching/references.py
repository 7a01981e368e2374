"""The texts of the SPDX License List, indexed for comparison; built once per process, in about 0.2 s.

Source and licence of the texts stand in facts/spdx-licenses.json.xz itself. Knows nothing of notices or rules.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from drystone.detect._kernel import ComparableWords, TextIndex
from drystone.detect.licenses.copyrights import split_copyrights

#: A word that stands for any name in a reference text ("<year>", "[name of copyright owner]").
_PLACEHOLDER = re.compile(r"<(?!https?:)[^<>\n]{1,60}>|\[[^\[\]\n]{1,60}\]")

#: Texts that several identifiers share, and the one that the text alone stands for.
_PREFERRED = {"MIT": 2, "BSD-3-Clause": 2, "BSD-2-Clause": 2, "ISC": 2, "Apache-2.0": 2}

#: Entries whose text is only a notice that points elsewhere, so that similarity to it says little.
_MIN_WORDS = 12


@dataclass(frozen=True)
class References:
    """`ids[i]` is the SPDX identifier of the i-th text of `index`; `names` holds every identifier's full name.

    `by_hash` gives the identifier of a text by the SHA-256 of its comparable words, without its copyright lines.
    """

    ids: tuple[str, ...]
    lengths: tuple[int, ...]
    index: TextIndex
    by_hash: dict[bytes, str]
    names: dict[str, str]
    osi_approved: frozenset[str]
    by_family: dict[str, tuple[int, ...]]

    def numbers(self, identifiers: Iterable[str]) -> list[int]:
        """Return the texts of some identifiers; "-only" and "-or-later" are one."""
        return sorted({n for i in identifiers for n in self.by_family.get(_family(i), ())})


def _family(identifier: str) -> str:
    return re.sub(r"-only$|-or-later$", "", identifier)


def _rank(identifier: str) -> tuple[int, int, int, str]:
    """Order identifiers with one text: the plain one, "-only" before "-or-later", shorter before longer."""
    return (-_PREFERRED.get(identifier, 0), "or-later" in identifier, "invariants" in identifier, identifier)


@cache
def facts() -> dict[str, dict[str, str]]:
    """Return the SPDX License List: identifier -> name, text, osi."""
    data = files("drystone.detect.licenses").joinpath("facts/spdx-licenses.json.xz").read_bytes()
    licenses: dict[str, dict[str, str]] = json.loads(lzma.decompress(data))["licenses"]
    return licenses


def _variants(text: str) -> list[str]:
    """Return a text as listed, and without what people leave out.

    That is the appendix on how to apply it (Apache-2.0, GPL), and the GPL that the list appends to LGPL-3.0.
    """
    variants = [text]
    if (end := text.find("END OF TERMS AND CONDITIONS")) > 0:
        variants.append(text[:end])
    if "GNU LESSER" in text[:200] and (second := text.find("GNU GENERAL PUBLIC LICENSE\n")) > 0:
        variants.append(text[:second])
    return variants


@cache
def references() -> References:
    """Return the index over all reference texts."""
    licenses = facts()
    ids: list[str] = []
    texts: list[ComparableWords] = []
    lengths: list[int] = []
    by_hash: dict[bytes, str] = {}
    seen: set[bytes] = set()
    for identifier in sorted(licenses, key=_rank):
        for variant in _variants(licenses[identifier]["text"]):
            text = _PLACEHOLDER.sub(" ", variant).encode()
            words = ComparableWords(text)
            if words.count < _MIN_WORDS or words.text in seen:
                continue
            seen.add(words.text)
            body, claims = split_copyrights(variant.encode())
            rest = ComparableWords(_PLACEHOLDER.sub(" ", body.decode()).encode()) if claims else words
            if rest.count >= _MIN_WORDS:
                by_hash.setdefault(hashlib.sha256(rest.text).digest(), identifier)
            ids.append(identifier)
            texts.append(words)
            lengths.append(words.count)
    families: dict[str, list[int]] = {}
    for number, identifier in enumerate(ids):
        families.setdefault(_family(identifier), []).append(number)
    return References(
        ids=tuple(ids),
        lengths=tuple(lengths),
        index=TextIndex(texts),
        by_hash=by_hash,
        names={i: entry["name"] for i, entry in licenses.items()},
        osi_approved=frozenset(i for i, entry in licenses.items() if entry["osi"]),
        by_family={family: tuple(numbers) for family, numbers in families.items()},
    )
