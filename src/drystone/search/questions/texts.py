"""Passages with their lines and text, and files with their best passages, from what ranked them. Knows no scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from drystone.search.questions.scores import FileHit, Hit
from drystone.search.results.found import Passage, RankedFile
from drystone.search.segment import FLAGS, column
from drystone.search.swhids import swhid_of

if TYPE_CHECKING:
    from drystone.search.search import _Opened


def passage_of(opened: _Opened, at: int, hit: Hit) -> Passage:
    """Return a passage with its text. Raises `ReleaseError` where texts are not those that were indexed."""
    segment = opened.segments[at]
    value = segment.value
    data = bytes(opened.text(at, hit.file))
    text = data[hit.start : hit.end].decode("utf-8", "replace")
    first = data.count(b"\n", 0, hit.start) + 1
    lines = (first, first + text.removesuffix("\n").count("\n"))
    facts = opened.release.manifest.facts
    origin = value("origin", hit.file)
    rows = np.flatnonzero(column(segment.symbols, "file") == hit.file)
    numbers = column(segment.symbols, "line")[rows]
    inside = rows[(numbers >= lines[0]) & (numbers <= lines[1])]
    order = np.argsort(column(segment.symbols, "line")[inside], kind="stable")
    names, begins = segment.name_lines
    defines = [int(begins[n]) for n in column(segment.symbols, "name")[inside[order]]]
    return Passage(
        facts.name, facts.version, value("path", hit.file), origin, value("repo_name", hit.file) or origin,
        value("language", hit.file), value("license_expression", hit.file), swhid_of(value, hit.file, lines),
        lines, (hit.start, hit.end), text, hit.score,
        tuple(names[begin : names.index(b"\n", begin)].decode("utf-8", "replace") for begin in defines),
    )  # fmt: skip


def ranked_file(opened: _Opened, at: int, hit: FileHit) -> RankedFile:
    """Return a file with the texts of its passages. Raises as `passage_of` does."""
    segment = opened.segments[at]
    value, flags = segment.value, int(segment.flags[hit.file])
    facts = opened.release.manifest.facts
    origin = value("origin", hit.file)
    return RankedFile(
        facts.name, facts.version, value("path", hit.file), origin, value("repo_name", hit.file) or origin,
        value("language", hit.file), value("license_expression", hit.file), swhid_of(value, hit.file, None),
        tuple(name for name, bit in FLAGS.items() if flags & bit), hit.score, hit.prior, hit.parts,
        tuple(passage_of(opened, at, one) for one in hit.passages),
    )  # fmt: skip
