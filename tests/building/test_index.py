"""An index follows its release through a retraction and through builds in the same place."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from drystone.building import verbs
from drystone.building.retract import apply
from drystone.registry import Registry
from drystone.registry.requests import subjects
from drystone.release import layout
from drystone.release.location import Folder
from drystone.release.manifest import Manifest
from drystone.release.read import open_release
from drystone.release.versions import switch
from drystone.release.versions.switch import settle
from drystone.search import _kernel, index
from drystone.search.search import Searcher
from drystone.search.segment import SECTIONS, Segment
from tests.building.conftest import MIT
from tests.building.test_optouts import Home

#: With trigrams and a term that nothing else has.
SECRET = "zqxjkvw_unmistakable"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    kept = "".join(f"def kept_{n}(x):\n    return x * {n}\n\n\n" for n in range(20))
    gone = "".join(f"def {SECRET}_{n}(y):\n    return y - {n}\n\n\n" for n in range(20))
    made.folder("https://forge.example/stays/kept", {"LICENSE": MIT, "kept.py": kept})
    made.folder("https://forge.example/goes/gone", {"LICENSE": MIT, "gone.py": gone})
    made.build()
    index.build(open_release(made.output))
    return made


def raw(path: Path) -> bytes:
    """Everything that a file of the index holds: its bytes, and those of every section unpacked."""
    data = path.read_bytes()
    if path.suffix == ".copies":
        return data + str(pa.ipc.open_file(data).read_all().to_pydict()).encode()
    found = [data]
    (listed,) = [file for file in open_release(path.parents[1]).manifest.index if file.path.endswith(path.name)]
    entries = {entry.path: entry for entry in open_release(path.parents[1]).manifest.files}
    segment = Segment(path, [entries[name] for name in listed.of])
    for name in SECTIONS:
        section = bytes(segment.section(name))
        found.append(section)
        if section.startswith(b"ARROW1"):
            found.append(str(pa.ipc.open_file(section).read_all().to_pydict()).encode())
    return b"".join([*found, segment.names])


def left_of(path: Path, word: str) -> list[str]:
    """Return what of a word is left in the postings of a segment: a trigram, the whole, a part."""
    (listed,) = [file for file in open_release(path.parents[1]).manifest.index if file.path.endswith(path.name)]
    entries = {entry.path: entry for entry in open_release(path.parents[1]).manifest.files}
    segment = Segment(path, [entries[name] for name in listed.of])
    trigrams = {key for key, _ in segment.trigrams.lists()}
    terms = {key for key, _ in segment.terms.lists()} | {key for key, _ in segment.path_terms.lists()}
    found = [f"trigram {key:#x}" for key in _kernel.trigrams(word.encode()).tolist() if key in trigrams]
    return found + [f"term {key:#x}" for key in _kernel.terms(word.encode()).tolist() if key in terms]


def words(home: Home) -> list[str]:
    found = Searcher([open_release(home.output)]).search(f"content:{SECRET} or content:kept_1")
    return sorted(one.path for one in found)


def nothing_is_left(home: Home) -> None:
    assert words(home) == ["/kept.py"]
    assert verbs.verify(home.output).holds
    paths = sorted((home.output / layout.INDEX).iterdir())
    listed = open_release(home.output).manifest.index
    assert [path.name for path in paths] == [Path(file.path).name for file in listed]
    for path in paths:
        data = raw(path)
        assert SECRET.encode() not in data
        assert b"gone.py" not in data
        if path.suffix == ".segment":
            assert left_of(path, "zqxjkvw") == []
            assert left_of(path, "kept")


def test_a_retraction_leaves_nothing_in_the_index(home: Home) -> None:
    assert words(home) == ["/gone.py", "/kept.py"]
    (path,) = (home.output / layout.INDEX).glob("*.segment")
    assert SECRET.encode() in raw(path)
    assert len(left_of(path, "zqxjkvw")) == 6
    home.opt_out(subjects.repository("https://forge.example/goes/gone"))
    with Registry.open(home.registry) as registry:
        apply([str(home.output)], registry)
    nothing_is_left(home)


def test_a_search_over_both_versions_tells_what_a_retraction_took(home: Home, tmp_path: Path) -> None:
    old = shutil.copytree(home.output, tmp_path / "old")
    home.opt_out(subjects.repository("https://forge.example/goes/gone"))
    with Registry.open(home.registry) as registry:
        apply([str(home.output)], registry)
    found = Searcher([open_release(old), open_release(home.output)]).search(f"content:{SECRET} or content:kept_1")
    told = {(one.version, one.path): one.lost for one in found}
    lost = told.pop(("1.0.0", "/gone.py"))
    assert told == {("1.0.0", "/kept.py"): None, ("1.0.1", "/kept.py"): None}
    assert lost is not None
    assert (lost.by, lost.text) == ("retracted", "not in 1.0.1: its repository was taken back")
    assert isinstance(lost.evidence, dict)
    assert len(lost.evidence["requests"]) == 1


def test_the_index_is_switched_with_the_release(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever the manifest is read, what it lists is there: also right after the switch, before the old goes."""
    seen = []

    def look(location: Folder, manifest: Manifest) -> int:
        there = open_release(home.output)
        seen.append((there.root, words(home)))
        return settle(location, manifest)

    monkeypatch.setattr(switch, "settle", look)
    home.opt_out(subjects.repository("https://forge.example/goes/gone"))
    before = open_release(home.output).root
    with Registry.open(home.registry) as registry:
        apply([str(home.output)], registry)
    assert [found for _, found in seen] == [["/kept.py"]]
    assert seen[0][0] != before
    nothing_is_left(home)


def test_a_retraction_that_was_killed_leaves_a_whole_index(home: Home) -> None:
    """Killed with the new segments beside the old ones: the old index answers; the next run leaves nothing behind."""
    home.opt_out(subjects.repository("https://forge.example/goes/gone"))
    code = (
        "import os, signal, sys\nfrom drystone.building import retract\nfrom drystone.registry import Registry\n"
        "follow = retract.follow\n"
        "def killed(*given):\n    follow(*given)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "retract.follow = killed\n"
        "with Registry.open(sys.argv[2]) as registry:\n    retract.apply([sys.argv[1]], registry)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(home.output), str(home.registry)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert words(home) == ["/gone.py", "/kept.py"]
    unlisted = verbs.verify(home.output)
    assert [problem.what for problem in unlisted.examples if problem.path.startswith("index/")] == [
        "is not listed in the manifest; drystone index removes it"
    ] * 2
    with Registry.open(home.registry) as registry:
        apply([str(home.output)], registry)
    nothing_is_left(home)


def test_a_build_in_the_same_place_leaves_nothing_in_the_index(home: Home) -> None:
    home.opt_out(subjects.repository("https://forge.example/goes/gone"))
    home.build()
    nothing_is_left(home)
