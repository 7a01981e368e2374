"""An index follows its release through a retraction and through builds in the same place."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from drystone import building as room
from drystone.building import verbs
from drystone.building.retract import apply
from drystone.building.settings import Settings
from drystone.errors import ReleaseError
from drystone.registry import Registry
from drystone.registry.requests import subjects
from drystone.release import layout
from drystone.release.location import Folder
from drystone.release.manifest import Manifest
from drystone.release.read import open_release
from drystone.release.versions import switch
from drystone.release.versions.switch import settle
from drystone.search import _kernel, index
from drystone.search.indexes import pieces
from drystone.search.search import Searcher
from drystone.search.segment import SECTIONS, Segment
from drystone.sources import FolderSource
from drystone.work.engine import Engine, Silent
from tests.building.conftest import MIT, program, write
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


def test_a_release_that_was_opened_before_a_retraction_is_not_searched_after_it(home: Home) -> None:
    opened = open_release(home.output)
    home.opt_out(subjects.repository("https://forge.example/goes/gone"))
    with Registry.open(home.registry) as registry:
        apply([str(home.output)], registry)
    with pytest.raises(ReleaseError, match="has become another version meanwhile"):
        Searcher([opened])


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


@pytest.mark.parametrize("in_place", [True, False])
def test_an_update_leaves_nothing_of_what_was_opted_out(home: Home, in_place: bool) -> None:
    home.opt_out(subjects.repository("https://forge.example/goes/gone"))
    old = home.output
    if not in_place:
        home.output = home.path / "next"
    chosen = Settings.model_validate({"registry": home.registry, "near_duplicates": {"scope": "off"}})
    room.build(chosen, home.sources, home.output, Engine(threads=1), update=old)
    nothing_is_left(home)


@pytest.fixture
def three(tmp_path: Path) -> list[FolderSource]:
    """Sources of three languages, so that there are three shards."""
    made = []
    for name, suffix in (("stones", ".py"), ("walls", ".js"), ("fences", ".rs")):
        write(tmp_path / name, {"LICENSE": MIT, f"{name}{suffix}": program(name)})
        made.append(FolderSource(tmp_path / name, {"origin": f"https://forge.example/own/{name}"}))
    return made


#: Builds a release, with segments of one shard each, in a process of its own; "kill" ends it after each file made.
CODE = """
import os, signal, sys
from pathlib import Path
from drystone import building
from drystone.building.settings import Settings, sources_from_arguments
from drystone.search import index
from drystone.search.indexes import pieces
from drystone.work.engine import Engine

output, engine, threads, kill, *sources = sys.argv[1:]
pieces.SEGMENT_BYTES = 1
make = index.make_piece
def once(*given, **named):
    made = make(*given, **named)
    if index.killed:
        os.kill(os.getpid(), signal.SIGKILL)
    index.killed = True
    return made
index.killed = False
if kill == "kill":
    index.make_piece = once
settings = Settings.model_validate({"search": {}})
building.build(settings, sources_from_arguments(tuple(sources)), Path(output), Engine(engine, int(threads)))
"""


def indexed_build(output: Path, sources: list[FolderSource], engine: str, threads: int, kill: str = "no") -> int:
    command = [sys.executable, "-c", CODE, output, engine, str(threads), kill, *(s.path for s in sources)]
    return subprocess.run(command, check=False, timeout=300).returncode


def index_of(output: Path) -> dict[str, bytes]:
    return {name: (output / name).read_bytes() for name in layout.index_files(output)}


def test_a_build_makes_the_index_as_a_stage(three: list[FolderSource], tmp_path: Path) -> None:
    seen: list[str] = []

    class Stages(Silent):
        def start(self, stage: str, total: float, done: float) -> None:
            seen.append(stage)

    engine = Engine(threads=1, progress=Stages())
    manifest = room.build(Settings.model_validate({"search": {}}), three, tmp_path / "release", engine)
    assert seen[-2:] == ["ledger, shards", "index"]
    assert open_release(tmp_path / "release").manifest == manifest
    assert [file.path for file in manifest.index] == list(layout.index_files(tmp_path / "release"))
    found = Searcher([open_release(tmp_path / "release")]).search("content:stones_input")
    assert [one.path for one in found] == ["/stones.py"]
    assert verbs.verify(tmp_path / "release", deep=True).holds
    plain = room.build(Settings(), three, tmp_path / "plain", Engine(threads=1))
    assert plain.root == manifest.root
    assert plain.index == ()
    later = room.build(Settings.model_validate({"search": {}}), three, tmp_path / "plain", Engine(threads=1))
    assert later == manifest
    assert index.build(open_release(tmp_path / "plain")).built == 0


def test_threads_give_the_same_bytes(three: list[FolderSource], tmp_path: Path) -> None:
    assert indexed_build(tmp_path / "one", three, "native", 1) == 0
    assert indexed_build(tmp_path / "two", three, "native", 2) == 0
    assert len(index_of(tmp_path / "one")) == 4
    assert index_of(tmp_path / "one") == index_of(tmp_path / "two")


@pytest.mark.slow
def test_ray_gives_the_same_bytes(three: list[FolderSource], tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    assert indexed_build(tmp_path / "one", three, "native", 1) == 0
    assert indexed_build(tmp_path / "ray", three, "ray", 2) == 0
    assert index_of(tmp_path / "ray") == index_of(tmp_path / "one")
    one, ray = (open_release(tmp_path / name).manifest for name in ("one", "ray"))
    assert one == ray


@pytest.mark.slow
def test_a_stage_that_is_killed_goes_on_where_it_was(three: list[FolderSource], tmp_path: Path) -> None:
    """SIGKILL as the second file of each run is made: every run adds files, and none is made that was there."""
    assert indexed_build(tmp_path / "whole", three, "native", 1) == 0
    output, before = tmp_path / "release", dict[str, int]()
    runs = 0
    while (code := indexed_build(output, three, "native", 1, "kill")) != 0:
        runs += 1
        assert code == -signal.SIGKILL
        assert not (output / layout.MANIFEST).exists()
        there = {name: (output / name).stat().st_ino for name in layout.index_files(output)}
        assert before.items() <= there.items()
        assert len(there) > len(before)
        before = there
    assert runs == 2
    assert before.items() <= {name: (output / name).stat().st_ino for name in layout.index_files(output)}.items()
    assert index_of(output) == index_of(tmp_path / "whole")
    assert open_release(output).manifest == open_release(tmp_path / "whole").manifest


@pytest.mark.parametrize("in_place", [True, False])
def test_an_update_makes_only_the_segments_of_shards_that_changed(
    three: list[FolderSource], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_place: bool
) -> None:
    monkeypatch.setattr(pieces, "SEGMENT_BYTES", 1)
    output = tmp_path / "release"
    old = room.build(Settings.model_validate({"search": {}}), three, output, Engine(threads=1))
    files = {file.path: (output / file.path).stat().st_ino for file in old.index}
    write(tmp_path / "gates", {"LICENSE": MIT, "gates.rs": program("gates")})
    sources = [*three, FolderSource(tmp_path / "gates", {"origin": "https://forge.example/own/gates"})]
    target = output if in_place else tmp_path / "next"
    new = room.build(Settings(), sources, target, Engine(threads=1), update=output)
    assert new.facts.version == "1.1.0"
    kept = {file.path for file in old.index} & {file.path for file in new.index}
    assert len(new.index) == 4
    assert len(kept) == 2
    assert {name: (target / name).stat().st_ino for name in kept} == {name: files[name] for name in kept}
    assert list(layout.index_files(target)) == [file.path for file in new.index]
    assert verbs.verify(target, deep=True).holds
    assert [one.path for one in Searcher([open_release(target)]).search("content:gates_input")] == ["/gates.rs"]
