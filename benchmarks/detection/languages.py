"""Languages: right answers on labelled files that no part of the detector was made from, against enry; speed.

Labelled files come from `../shared/data/languages` (or the folder in DRYSTONE_LABELLED): Pygments' example files with
their names, highlight.js's detection tests without.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import enry

from benchmarks.detection.nameless import CODE, NOTHING
from benchmarks.detection.table import LABELLED, bounded
from benchmarks.harness import Figure
from drystone.detect.languages import detect_languages
from drystone.detect.languages.names import base_name, extension
from drystone.detect.languages.tables import by_extension, by_filename
from drystone.detect.paths import path_flags


@dataclass(frozen=True)
class Case:
    """One labelled file."""

    filename: str | None
    language: str
    source: str
    content: bytes

    @property
    def group(self) -> str:
        """How much the name says: unambiguous, ambiguous, or nothing."""
        if self.filename is None:
            return "nameless"
        names = by_filename().get(base_name(self.filename)) or by_extension().get(extension(self.filename), ())
        return ("no extension", "unambiguous")[len(names)] if len(names) < 2 else "ambiguous"


def cases() -> list[Case]:
    """Read the labelled files."""
    with gzip.open(LABELLED / "languages" / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Case(r["filename"], r["language"], r["source"], r["content"].encode()) for r in rows]


def _ours(paths: Sequence[str | None], contents: Sequence[bytes]) -> list[str | None]:
    return detect_languages(paths, contents)


def _enry(paths: Sequence[str | None], contents: Sequence[bytes]) -> list[str | None]:
    return [enry.get_language(p or "", c) or None for p, c in zip(paths, contents, strict=True)]


def _right(found: Sequence[str | None], wanted: Sequence[Case]) -> float:
    # Spelling is Linguist's; enry 0.2.0 has an older capital in one name, which is not held against it.
    return sum((f or "").lower() == w.language.lower() for f, w in zip(found, wanted, strict=True)) / len(wanted)


def _speed(detect: Callable[..., object], chosen: Sequence[Case], seconds: float) -> float:
    paths, contents = [c.filename for c in chosen], [c.content for c in chosen]
    detect(paths, contents)
    start, rounds = time.process_time(), 0
    while time.process_time() - start < seconds:
        detect(paths, contents)
        rounds += 1
    return rounds * len(chosen) / (time.process_time() - start)


def figures(quick: bool) -> list[Figure]:
    """Languages against enry in the same run."""
    every = cases()
    named = [c for c in every if c.filename is not None]
    groups = {g: [c for c in named if c.group == g] for g in ("unambiguous", "ambiguous", "no extension")}
    bounds = {"ambiguous": (0.90, 0.97), "no extension": (0.75, 0.90), "unambiguous": (None, None)}

    def score(detect: Callable[..., list[str | None]], chosen: Sequence[Case], hide: str = "") -> float:
        paths = [_hidden(c.filename, hide) for c in chosen]
        return _right(detect(paths, [c.content for c in chosen]), chosen)

    found = [
        bounded("languages: files with names", score(_ours, named), f"of {len(named)}",
                f"enry {score(_enry, named):.3f}"),
        Figure("languages: the same, stems hidden", score(_ours, named, "stem"), f"of {len(named)}",
               note="names without extension kept"),
    ]  # fmt: skip
    found += _without_names()
    bare = [c for c in named if extension(c.filename or "")]
    found.append(
        Figure("languages: extensions taken away", score(_ours, bare, "extension"), f"of {len(bare)}",
               note=f"enry {score(_enry, bare, 'extension'):.3f}")
    )  # fmt: skip
    for group, chosen in groups.items():
        if chosen:
            at_least, aim = bounds[group]
            found.append(
                Figure(f"languages: {group}", score(_ours, chosen), f"of {len(chosen)}", at_least, aim,
                       note=f"enry {score(_enry, chosen):.3f}")
            )  # fmt: skip
    for source in sorted({c.source for c in every}):
        chosen = [c for c in every if c.source == source]
        found.append(
            Figure(f"languages: content alone, {source}", score(_ours, chosen, "name"), f"of {len(chosen)}",
                   note=f"enry {score(_enry, chosen, 'name'):.3f}")
        )  # fmt: skip
    seconds = 0.5 if quick else 3.0
    enry_speed = _speed(_enry, named, seconds)
    found.append(
        bounded("languages: labelled files, one core", _speed(_ours, named, seconds), "files/s",
                f"enry {enry_speed:,.0f}")
    )  # fmt: skip
    installed = _installed(300 if quick else 3000)
    found.append(
        Figure("languages: installed packages, one core", _speed(_ours, installed, seconds), "files/s",
               note=f"enry {_speed(_enry, installed, seconds):,.0f}")
    )  # fmt: skip
    found.append(_path_flags(quick))
    return found


def _without_names() -> list[Figure]:
    """Small files of our own: code in common languages, and files that no language is settled for."""
    code = _ours([None] * len(CODE), [text.encode() for _, text in CODE])
    right = sum(found == language for found, (language, _) in zip(code, CODE, strict=True))
    wrong = sum(found not in (language, None) for found, (language, _) in zip(code, CODE, strict=True))
    nothing = _ours([name for name, _ in NOTHING], [text.encode() for _, text in NOTHING])
    answered = [language for language in nothing if language not in (None, "Text")]
    return [
        bounded("languages: nothing to go by, answered wrongly", len(answered) / len(NOTHING), f"of {len(NOTHING)}",
                f"{len(answered)}: {', '.join(answered)}"),
        Figure("languages: common code without a name, right", right / len(CODE), f"of {len(CODE)}", 0.9, 0.97),
        Figure("languages: common code without a name, wrong", wrong / len(CODE), f"of {len(CODE)}", 0.03, 0,
               lower_is_better=True),
    ]  # fmt: skip


def _path_flags(quick: bool) -> Figure:
    """Flags of distinct paths against enry's one flag of them, in CPU time of the same run."""
    paths = [str(path) for path in Path(enry.__file__).parents[1].rglob("*.py")][: 2_000 if quick else 20_000]
    times = {}
    for name, flag in (("ours", path_flags), ("enry", enry.is_vendor)):
        for path in paths[:50]:
            flag("warm/" + path)  # patterns are compiled once in a process
        start = time.process_time()
        for path in paths:
            flag(path)
        times[name] = time.process_time() - start
    note = f"{len(paths) / times['ours']:,.0f} paths/s, four flags against enry's is_vendor"
    return Figure("path flags against enry", times["enry"] / times["ours"], "times", 1.0, note=note)


def _hidden(filename: str | None, hide: str) -> str | None:
    if filename is None or hide == "name":
        return None
    if hide == "extension":
        return filename.removesuffix(filename[filename.rfind(".") :])
    if hide == "stem" and extension(filename) and base_name(filename) not in by_filename():
        return "x" + extension(filename)
    return filename


def _installed(count: int) -> list[Case]:
    """Return files of the packages in this environment, as a repository has them: any kind, any size below 1 MB."""
    found = []
    root = Path(enry.__file__).parents[1]
    for path in sorted(root.rglob("*"))[:: 7 if count > 1000 else 61]:
        if path.is_file() and path.suffix not in (".so", ".pyc") and path.stat().st_size < 1_000_000:
            found.append(Case(str(path.relative_to(root)), "", "", path.read_bytes()))
        if len(found) == count:
            break
    return found
