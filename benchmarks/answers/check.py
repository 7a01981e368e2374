"""Checks every label against the files: `python -m benchmarks.answers.check [RELEASE…]`.

Fetches the pinned source distributions (once, into the benchmarks' cache) and reads every gold span at its bytes, every
context, and the words that must be absent. Releases, where given, must hold one place of each answer of their sources.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmarks.answers.questions import KINDS, SPLITS, Gold, Question, questions, settings
from benchmarks.harness import CACHE
from drystone.building.settings import load_settings
from drystone.release.read import Release, open_release
from drystone.sources import Limits
from drystone.sources.base import FILE, RepositorySource

#: By path inside the archive's top folder.
Files = Mapping[str, bytes]


def problems(asked: Sequence[Question], files: Files) -> Iterator[str]:
    """Yield what is wrong with the labels of one source's questions."""
    everything = b"\0".join(files.values()).lower()
    for one in asked:
        if one.split not in SPLITS or one.kind not in KINDS:
            yield f"{one.id}: split {one.split!r} or kind {one.kind!r} is unknown"
        if one.answerable == bool(one.absent):
            yield f"{one.id}: needs either answers or words that are absent"
        for word in one.absent:
            if word.lower().encode() in everything:
                yield f"{one.id}: {word!r} is not absent"
        for gold in one.answers:
            data = files.get(gold.path)
            if data is None:
                yield f"{one.id}: no file {gold.path}"
            elif data[gold.start : gold.end] != gold.text.encode():
                yield f"{one.id}: {gold.path} has not {gold.text!r} at bytes {gold.start} to {gold.end}"
            elif _cuts_a_word(data, gold):
                yield f"{one.id}: {gold.text!r} at byte {gold.start} of {gold.path} is a piece of a word"
            elif gold.text not in gold.context or data.count(gold.context.encode()) != 1:
                yield f"{one.id}: the context {gold.context!r} does not stand once in {gold.path}"


def _cuts_a_word(data: bytes, gold: Gold) -> bool:
    """Whether letters or digits go on at either end of the span."""
    edges = (data[gold.start - 1 : gold.start + 1], data[gold.end - 1 : gold.end + 1])
    return any(len(edge) == 2 and edge.isalnum() for edge in edges)


def missing(asked: Iterable[Question], texts: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """Yield the answerable questions none of whose places is among released texts, by source and path."""
    for one in asked:
        places = [texts.get((one.source, gold.path), "").count(gold.context) == 1 for gold in one.answers]
        if places and not any(places):
            yield f"{one.id}: the release holds none of its {len(places)} places"


def _inside(path: str) -> str:
    return path.strip("/").partition("/")[2]


def archive(source: RepositorySource) -> Files:
    """Fetch a source and return its files."""
    source.fetch(CACHE / "corpus")
    with source.open(CACHE / "corpus", Limits()) as opened:
        return {
            _inside(entry.path.decode()): entry.data
            for entry in opened.entries()
            if entry.kind == FILE and entry.data is not None
        }


def released(release: Release) -> dict[tuple[str, str], str]:
    """Return the texts of a release by origin and path."""
    return {
        (origin, _inside(path)): text
        for table in release.data(columns=["origin", "path", "content"])
        for origin, path, text in zip(*(column.to_pylist() for column in table.columns), strict=True)
    }


def main(folders: Sequence[str]) -> int:
    """Print what is wrong, then counts; return the exit status."""
    wrong: list[str] = []
    for split in SPLITS:
        asked = questions(split)
        sources = {source.spec: source for source in load_settings(settings(split))[1]}
        wrong += [f"{one.id}: {one.source} is not in {split}.toml" for one in asked if one.source not in sources]
        for spec, source in sources.items():
            if not isinstance(source, RepositorySource):
                raise TypeError(f"{spec} is not one repository")
            wrong += problems([one for one in asked if one.source == spec], archive(source))
    every = questions()
    wrong += [f"{each}: the id is not unique" for each, count in Counter(one.id for one in every).items() if count > 1]
    for folder in folders:
        texts = released(open_release(folder))
        there = {origin for origin, _ in texts}
        wrong += missing((one for one in every if one.source in there), texts)
    for line in wrong:
        print(line)
    print(f"{len(every)} questions, {sum(len(one.answers) for one in every)} places, {len(wrong)} problems")
    for split in SPLITS:
        part = questions(split)
        kinds = ", ".join(f"{kind} {sum(one.kind == kind for one in part)}" for kind in KINDS)
        print(f"{split}: {len(part)}, of them without an answer {sum(not one.answerable for one in part)}; {kinds}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
