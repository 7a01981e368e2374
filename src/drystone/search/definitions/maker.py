"""What makes the symbols of a segment: keywords by default, trees where somebody asks for them; never both unsaid.

Which of them, with their versions, is a text that goes into the name of the segment and into the manifest. Knows texts
and the kernel's builder; knows no release.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from drystone.detect import grammars
from drystone.errors import MissingExtraError, ReleaseError
from drystone.release.layout import shown
from drystone.search import _kernel
from drystone.search.definitions import keywords, trees
from drystone.search.limits import Symbols

#: What a segment is made with unless the manifest says otherwise.
KEYWORDS: Final = "keywords"


def means(asked: Symbols | None, before: Iterable[str] = ()) -> str:
    """Return what makes symbols now, with its versions: what was asked for, else what made the index before.

    Raises `MissingExtraError` where trees were asked for and the extra is not installed; an index that follows a
    release without it is made by keywords, all of it.
    """
    wanted = asked or ("trees" if any(one.startswith("trees") for one in before) else KEYWORDS)
    if wanted == KEYWORDS:
        return KEYWORDS
    try:
        return trees.means()
    except MissingExtraError:
        if asked:
            raise
        return KEYWORDS


class SymbolMaker:
    """Gives files to a builder, each with what finds the symbols of its language."""

    def __init__(self, made_by: str, languages: Sequence[str | None]) -> None:
        """Prepare for files in `languages`. Raises `ReleaseError` where `made_by` is not what is installed here."""
        self._families = np.array([keywords.family_of(name or "") for name in languages] or [0], np.uint8)
        self._finders: dict[int, trees.TreeSymbols] = {}
        if made_by == KEYWORDS:
            return
        here = means(None, [made_by])
        if made_by != here:
            raise ReleaseError(
                f"symbols are to be made by {shown(made_by)}; here is {here}. Install the same grammars everywhere "
                "(extra symbols)"
            )
        for code, name in enumerate(languages):
            finder = trees.finder(name or "")
            if finder is not None:
                self._finders[code] = finder

    @staticmethod
    def builder(files: int, size: int) -> _kernel.Builder:
        """Return the builder of a segment of so many files, whose texts have about `size` bytes."""
        families = [(list(family.words), family.shapes) for family in keywords.families()]
        return _kernel.Builder(files, size, families, keywords.FUNCTION, keywords.HEADING)

    def add(
        self,
        builder: _kernel.Builder,
        data: npt.NDArray[np.uint8],
        starts: npt.NDArray[np.int64],
        lengths: npt.NDArray[np.int64],
        files: npt.NDArray[np.uint32],
        languages: npt.NDArray[Any],
    ) -> None:
        """Add files: spans of `data`, each with its number in the segment and the number of its language."""
        if not self._finders:
            builder.add(data, starts, lengths, files, self._families[languages])
            return
        parsed = np.isin(languages, [*self._finders]) & (lengths <= grammars.LONGEST)
        for row in np.flatnonzero(parsed).tolist():
            text = data[starts[row] : starts[row] + lengths[row]]
            found = self._finders[int(languages[row])].find(text.tobytes())
            builder.add_parsed(text, int(files[row]), found)
        rest = ~parsed
        builder.add(data, starts[rest], lengths[rest], files[rest], self._families[languages[rest]])
