"""Recall of files on questions about code: 186 of them, labelled by hand over ten pinned packages.

`search_questions.jsonl` has for each a source, files that answer it, and an anchor that stands in the first of them.
A release is built from the sources as anyone can; each question is asked of its repository. The weights were chosen on
the repositories of `TUNED` alone; the others are held out. tantivy ranks the same passages in the same run, with
identifiers split, stemming and the path as a field, which is how the best of its variants was found.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.builds import build as build_release
from benchmarks.builds import workplace
from benchmarks.harness import CACHE, Figure, main, peer
from drystone.release.read import Release, open_release
from drystone.search import index
from drystone.search.search import Searcher
from drystone.sources import parse_source

QUESTIONS = Path(__file__).with_suffix(".jsonl")
#: Repositories whose questions chose the weights of the ranking.
TUNED = frozenset({"attrs", "flask", "jinja2", "rich", "urllib3"})
_PEERS = Path(__file__).with_name("search_peers.py")

#: The files of each question, best first: paths without the archive's folder.
Ranked = Mapping[str, Sequence[str]]


class Question(NamedTuple):
    """A question about one source, and the files (paths in it) any of which answers it."""

    id: str
    source: str
    question: str
    gold: list[str]
    anchor: str

    @property
    def repository(self) -> str:
        """The package's name."""
        return self.source.removeprefix("pypi:").partition("==")[0]


def questions() -> list[Question]:
    """Return the labelled questions."""
    return [Question(**json.loads(line)) for line in QUESTIONS.read_text().splitlines()]


def recall(asked: Sequence[Question], ranked: Ranked, most: int) -> float:
    """Return for how many of the questions one of their files is among the first `most`."""
    return sum(not set(one.gold).isdisjoint(ranked[one.id][:most]) for one in asked) / len(asked)


def _inside(path: str) -> str:
    """Return a path without the folder that a source archive has at its top."""
    return path.split("/", 2)[2]


def ours(release: Release, asked: Sequence[Question], *, known: bool = True) -> Ranked:
    """Rank files for each question; with `known` among those of its repository alone."""
    searcher = Searcher([release])
    ranked = {}
    for one in asked:
        where = f'repo:"{one.source}"' if known else ""
        found = searcher.rank_files(one.question, limit=20, passages=0, where=where)
        ranked[one.id] = [_inside(file.path) if file.origin == one.source else "" for file in found]
    return ranked


def tantivy(release: Release, asked: Sequence[Question], folder: Path) -> Ranked:
    """Rank files by tantivy, in a process of its own."""
    files = [
        {"origin": origin, "path": path, "text": text}
        for table in release.data(columns=["origin", "path", "content"])
        for origin, path, text in zip(*(column.to_pylist() for column in table.columns), strict=True)
    ]
    job = folder / "questions.json"
    job.write_text(json.dumps({"files": files, "questions": [one._asdict() for one in asked]}))
    command = [str(peer("tantivy", ["tantivy==0.27.0"])), str(_PEERS), "files", str(job), str(folder / "tantivy-files")]
    ranked = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {name: [_inside(path) for path in paths] for name, paths in ranked.items()}


def build(folder: Path) -> Release:
    """Build and index the release of all sources."""
    cache = CACHE / "corpus"
    cache.mkdir(parents=True, exist_ok=True)
    sources = [parse_source(source) for source in sorted({one.source for one in questions()})]
    for source in sources:
        source.fetch(cache)
    build_release(sources, folder, cores=2)
    release = open_release(folder / "release")
    index.build(release)
    return release


def figures(release: Release, folder: Path) -> list[Figure]:
    """Recall at 5 and 10 over all questions, over those held out, and of tantivy."""
    asked = questions()
    held_out = [one for one in asked if one.repository not in TUNED]
    tuned = [one for one in asked if one.repository in TUNED]
    us, them, unknown = ours(release, asked), tantivy(release, asked, folder), ours(release, asked, known=False)

    def note(of: Callable[[Sequence[Question]], float]) -> str:
        return f"tuned on {of(tuned):.3f} ({len(tuned)} questions), held out {of(held_out):.3f} ({len(held_out)})"

    rows = []
    for most, least, aim in ((5, 0.82, 0.9), (10, 0.88, 0.95)):
        rows += [
            Figure(
                f"file recall at {most} on questions about code", recall(asked, us, most), "", least, aim,
                note=note(lambda some, k=most: recall(some, us, k)),
            ),
            Figure(f"the same, held-out repositories alone, at {most}", recall(held_out, us, most), "", least, aim),
            Figure(f"tantivy, split and stemmed, path a field: at {most}", recall(asked, them, most), "",
                   note=note(lambda some, k=most: recall(some, them, k))),
            Figure(f"among all ten repositories: at {most}", recall(asked, unknown, most), ""),
        ]  # fmt: skip
    return rows


def measure(quick: bool) -> list[Figure]:
    """Recall of files on labelled questions about code, against tantivy."""
    with workplace() as folder:
        return figures(build(folder), folder)


if __name__ == "__main__":
    main(measure)
