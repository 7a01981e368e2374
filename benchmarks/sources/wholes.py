"""Repositories as wholes: mirrors, forks and renamed copies planted among others; histories against `git log --raw`.

Real git repositories, made by `git fast-import`, and real builds and readings. `figures(quick)` measures both.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import tempfile
from pathlib import Path

from benchmarks.harness import Figure
from drystone import building
from drystone.building.repositories.history import run
from drystone.building.settings import Settings
from drystone.detect.secrets import ScanSettings
from drystone.release.read import open_release
from drystone.sources import GitSource
from drystone.work.engine import Engine
from drystone.work.store import Stage

_WORDS = [
    f"{a}{b}" for a in ("wall", "stone", "gate", "arch", "mortar", "lintel") for b in ("er", "ing", "s", "ed", "")
]


def _text(chance: random.Random) -> str:
    lines = (
        " = ".join(chance.sample(_WORDS, 2)) + f" + {chance.randrange(10**6)}\n" for _ in range(chance.randint(5, 40))
    )
    return "".join(lines)


def make(folder: Path, commits: list[dict[str, str | None]], onto: Path | None = None) -> Path:
    """Make a bare repository with commits, each of changed files by path (None: removed); after all of another's."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder)], check=True)
    if onto is not None:
        subprocess.run(["git", "-C", str(folder), "fetch", "-q", str(onto), "main:main"], check=True)
    stream = []
    for at, files in enumerate(commits):
        who = f"committer Ada <ada{at % 50}@stonework-atelier.fr> {1_500_000_000 + 60 * at} +0000\n"
        message = f"Change {len(files)} files, number {at}\n"
        stream.append(f"commit refs/heads/main\n{who}data {len(message)}\n{message}")
        stream.append("from refs/heads/main^0\n" if at == 0 and onto is not None else "")
        for path, text in files.items():
            stream.append(f"D {path}\n" if text is None else f"M 100644 inline {path}\ndata {len(text)}\n{text}\n")
    subprocess.run(["git", "-C", str(folder), "fast-import", "--quiet"], input="".join(stream).encode(), check=True)
    return folder


def alike(folder: Path, unlike: int, planted: int) -> list[Figure]:
    """Plant repositories that are alike among others; count what is found of them, and what is found besides."""
    chance = random.Random(1)
    shared = {f"vendor/{at}.py": _text(chance) for at in range(3)}  # what many have, and makes nobody a copy
    made, pairs = [], set()
    for at in range(unlike):
        files = {f"src/{chance.choice(_WORDS)}{number}.py": _text(chance) for number in range(chance.randint(6, 20))}
        vendored = shared if chance.random() < 0.3 else {}
        later = {path: text + "# more\n" for path, text in list(files.items())[:2]}
        made.append((make(folder / f"r{at:03}", [{**files, **vendored}, later]), {**files, **later, **vendored}))
    sources = [path for path, _ in made]
    for at in range(planted):
        of, files = made[at]
        name = folder / f"p{at:03}"
        if at % 3 == 0:  # a mirror that is behind or went on, a fork, a copy without a history under other names
            make(name, [{"README.md": _text(chance)}], of)
        elif at % 3 == 1:
            make(name, [{f"own/{number}.py": _text(chance) for number in range(3)}], of)
        else:
            make(name, [{f"lib/{number}/renamed.py": text for number, text in enumerate(files.values())}])
        sources.append(name)
        pairs.add(frozenset((of.name, name.name)))
    settings = Settings.model_validate({"repository_duplicates": {"action": "report"}, "quality": {"profile": "off"}})
    given = [GitSource(path, about={"origin": f"https://forge.example/all/{path.name}"}) for path in sources]
    building.build(settings, given, folder / "release", Engine())
    release = open_release(folder / "release")
    (entry,) = release.manifest.of_kind("repository_duplicates")
    found = {
        frozenset(row[name].rpartition("/")[2] for name in ("origin", "other_origin"))
        for table in release.rows(entry)
        for row in table.to_pylist()
    }
    among = f"among {len(sources)} repositories"
    return [
        Figure(
            f"planted mirrors, forks and copies found {among}",
            len(found & pairs),
            f"of {planted}",
            0.96 * planted,
            planted,
        ),
        Figure(f"found besides, {among}", len(found - pairs), "pairs", 0, 0, lower_is_better=True),
    ]


def _seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def history(folder: Path, commits: int) -> list[Figure]:
    """Read a history into a table, with hashed authors and redacted messages, against `git log --raw` alone."""
    chance = random.Random(2)
    texts = [_text(chance) for _ in range(200)]
    changes: list[dict[str, str | None]] = [
        {f"src/{chance.randrange(40)}/{chance.choice(_WORDS)}.py": f"{chance.choice(texts)}{at}" for _ in range(3)}
        for at in range(commits)
    ]
    place = make(folder / "long", changes)
    before = _seconds(resource.RUSAGE_CHILDREN)
    with Path(os.devnull).open("wb") as nothing:
        subprocess.run(["git", "-C", str(place), "log", "--raw"], stdout=nothing, check=True)
    alone = _seconds(resource.RUSAGE_CHILDREN) - before
    start = _seconds(resource.RUSAGE_SELF) + _seconds(resource.RUSAGE_CHILDREN)
    head = subprocess.run(["git", "-C", str(place), "rev-parse", "main"], capture_output=True, text=True, check=True)
    stage = Stage(folder)
    done = run(
        stage, "history", GitSource(place), "git:long", [head.stdout.strip()], folder, ScanSettings(), "hash", None
    )
    took = _seconds(resource.RUSAGE_SELF) + _seconds(resource.RUSAGE_CHILDREN) - start
    if done["revisions"] != commits:
        raise AssertionError(f"{done['revisions']} of {commits} commits were read")
    note = f"{commits / took:,.0f} commits a second and core, git log --raw {commits / alone:,.0f}"
    return [
        Figure(
            f"history of {commits:,} commits read, over git log --raw", alone / took, "of its rate", 0.5, 1.0, note=note
        )
    ]


def figures(quick: bool) -> list[Figure]:
    """Measure both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [*alike(folder, *((30, 9) if quick else (150, 50))), *history(folder, 5_000 if quick else 100_000)]
