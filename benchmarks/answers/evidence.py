"""Word F1 of evidence spans on others' labels: the gold rows of KRLabsOrg/acl-verbatim, where its file is here.

The file is `333_20260206_dense_top5_20260305.json` of that repository (github.com/KRLabsOrg/acl-verbatim, its texts
under CC BY 4.0), put into the benchmarks' cache as `acl-verbatim.jsonl`. The rule is that of its `span_metrics.py`:
words are divided at white space, a word counts that a span touches, and counts are summed over the relevant rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness import CACHE, Figure
from drystone.answer.verbs import ask_text

FILE = CACHE / "acl-verbatim.jsonl"
#: Spans of a text that are taken for evidence.
_SPANS = 3
_NAME = "evidence spans, word F1 on KRLabsOrg/acl-verbatim"
_WORD = re.compile(r"\S+")

#: From, and up to but not including, in characters.
Stretch = tuple[int, int]


class Evidence(NamedTuple):
    """A query, a text that is relevant to it, and the spans of the text that people marked as evidence."""

    query: str
    text: str
    spans: list[Stretch]


def figures(quick: bool) -> list[Figure]:
    """Return word F1, or say that the file is not here."""
    if not FILE.exists():
        note = f"no file {FILE.name} in the cache (see {Path(__file__).name}); verbatim-rag has 53.6"
        return [Figure(_NAME, None, "", aim=55, note=note)]
    rows = list(read(FILE))[: 20 if quick else None]
    found = [
        [(one.start, one.end) for one in ask_text(row.query[:1000], row.text, top_k=_SPANS, max_answer_len=100)]
        for row in rows
    ]
    value = 100 * word_f1(rows, found)
    return [Figure(_NAME, value, "", aim=55, note=f"{len(rows)} rows; verbatim-rag 53.6, best LLM 48.7")]


def read(file: Path) -> Iterator[Evidence]:
    """Yield the relevant rows; a span that does not stand in its text, in whatever case, is left out."""
    for line in file.read_text("utf-8").splitlines():
        record = json.loads(line)
        for result in record["results"]:
            text = result.get("chunk", "")
            if result.get("relevance_label") == "r" and text.strip():
                folded = text.lower()
                places = [(folded.find(span.lower()), len(span)) for span in result.get("gold_extraction") or ()]
                yield Evidence(record["query"], text, [(at, at + length) for at, length in places if at >= 0])


def word_f1(rows: list[Evidence], found: list[list[Stretch]]) -> float:
    """Return F1 over the words of all rows."""
    right = ours = theirs = 0
    for row, spans in zip(rows, found, strict=True):
        words = [match.span() for match in _WORD.finditer(row.text)]
        said, marked = _touched(words, spans), _touched(words, row.spans)
        right, ours, theirs = right + len(said & marked), ours + len(said), theirs + len(marked)
    return 2 * right / (ours + theirs) if ours + theirs else 0.0


def _touched(words: list[Stretch], spans: list[Stretch]) -> set[int]:
    return {
        number for number, (low, high) in enumerate(words) if any(low < end and high > start for start, end in spans)
    }
