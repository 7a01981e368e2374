"""Where the right answers of a set stand in releases: texts and bytes. Knows no reader and no pipeline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from drystone.answer.evaluation.sets import GoldAnswer, LabelledQuestion
from drystone.release.read import Release

_COLUMNS: Final = ["origin", "repo_name", "path", "swhid", "content"]


class GoldPlace(NamedTuple):
    """Bytes `start` to `end` of the text of a content in a release."""

    swhid: str
    start: int
    end: int

    def meets(self, swhid: str, start: int, end: int) -> bool:
        """Whether some bytes of a content have any of this place."""
        return swhid == self.swhid and start < self.end and end > self.start

    def inside(self, swhid: str, start: int, end: int) -> bool:
        """Whether some bytes of a content have all of this place."""
        return swhid == self.swhid and start <= self.start and end >= self.end


def sources_of(releases: Sequence[Release]) -> set[str]:
    """Return the origins and names of the repositories whose files releases hold."""
    found: set[str] = set()
    for release in releases:
        for table in release.data(columns=["origin", "repo_name"]):
            for column in table.columns:
                found.update(column.unique().to_pylist())
    return found


def places_of(questions: Sequence[LabelledQuestion], releases: Sequence[Release]) -> list[tuple[GoldPlace, ...]]:
    """Return for each question where its answers stand in the releases; empty where they hold none of its places."""
    wanted: dict[str, list[tuple[int, GoldAnswer]]] = defaultdict(list)
    for number, question in enumerate(questions):
        for gold in question.golds:
            wanted[gold.path.strip("/")].append((number, gold))
    found: list[dict[GoldPlace, None]] = [{} for _ in questions]
    for release in releases:
        for table in release.data(columns=_COLUMNS):
            origins, names, paths, ids, contents = table.columns
            for row, path in enumerate(paths.to_pylist()):
                whole = path.strip("/")
                here = [*wanted.get(whole, ()), *wanted.get(whole.partition("/")[2], ()), *wanted.get("", ())]
                of = {"", origins[row].as_py(), names[row].as_py()} if here else set()
                here = [(number, gold) for number, gold in here if questions[number].source in of]
                if here:
                    swhid, text = ids[row].as_py(), contents[row].as_py().encode()
                    for number, gold in here:
                        found[number].update(dict.fromkeys(GoldPlace(swhid, *span) for span in _spans(text, gold)))
    return [tuple(one) for one in found]


def _spans(text: bytes, gold: GoldAnswer) -> Iterator[tuple[int, int]]:
    """Yield the bytes of a text where an answer stands."""
    answer, context = gold.text.encode(), gold.context.encode()
    if not context:
        if gold.start is not None and gold.end is not None and text[gold.start : gold.end] == answer:
            yield gold.start, gold.end
        return
    within = context.find(answer) if gold.offset is None else len(gold.context[: gold.offset].encode())
    at = text.find(context)
    while at >= 0:
        start = at + within
        if gold.start is not None and at <= gold.start <= at + len(context) - len(answer):
            # Nothing before it was redacted: the bytes say which of several in the context it is.
            start = gold.start if text.startswith(answer, gold.start) else start
        yield start, start + len(answer)
        at = text.find(context, at + 1)
