"""Builds under opt-outs: what is out is not read, its copies fall, and nothing brings it back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from drystone import building as room
from drystone.building.engine import Engine
from drystone.building.settings import Settings
from drystone.identity.hashes import blob_hash
from drystone.registry import NewRequest, Registry, Subject, subjects
from drystone.release.manifest import Manifest
from drystone.release.read import Release, open_release
from drystone.release.verify import verify
from drystone.sources import FolderSource, GitSource, Source
from tests.building.conftest import MIT, git, program, write


class Home:
    """A registry, sources, and a release built of them again and again in one place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.registry = str(path / "registry.sqlite")
        self.output = path / "release"
        self.sources: list[Source] = []

    def repository(self, origin: str, files: dict[str, str | bytes]) -> Path:
        folder = self.path / "repositories" / origin.replace("/", "_").replace(":", "_")
        folder.mkdir(parents=True)
        git(folder, "init", "-q")
        git(folder, "remote", "add", "origin", origin)
        write(folder, files)
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "Begin")
        self.sources.append(GitSource(folder))
        return folder

    def folder(self, origin: str, files: dict[str, str | bytes], **about: Any) -> Path:
        folder = self.path / "repositories" / origin.replace("/", "_").replace(":", "_")
        write(folder, files)
        self.sources.append(FolderSource(folder, {"origin": origin, **about}))
        return folder

    def opt_out(self, *things: Subject, **more: Any) -> str:
        with Registry.open(self.registry) as registry:
            contact = "requester@stonework-atelier.example"
            request, _ = registry.requests.receive(NewRequest(things, contact=contact, **more))
            registry.requests.vouch(request.id, "moderator-mo", "known")
            registry.requests.decide(request.id, "accepted", "moderator-mo")
        return request.id

    def block(self, request: str, *contents: str | bytes) -> None:
        with Registry.open(self.registry) as registry:
            ids = [blob_hash(c.encode() if isinstance(c, str) else c) for c in contents]
            registry.optouts.block(request, ids, "the repository")

    def build(self, **more: Any) -> Manifest:
        chosen = Settings.model_validate({"registry": self.registry, "near_duplicates": {"scope": "off"}, **more})
        return room.build(chosen, self.sources, self.output, Engine(threads=1), replace=True)

    @property
    def release(self) -> Release:
        return open_release(self.output)

    def ledger(self) -> dict[str, dict[str, Any]]:
        rows = [row for batch in self.release.ledger() for row in batch.to_pylist()]
        return {f"{row['origin'].removeprefix('https://')}{row['path']}": row for row in rows}

    def decisions(self) -> dict[str, str]:
        return {name: row["reason"] or row["decision"] for name, row in self.ledger().items()}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_an_opted_out_repository_is_never_read(home: Home) -> None:
    out = home.repository("https://github.com/Ann/Walls", {"LICENSE": MIT, "a.py": program("a")})
    home.repository("https://github.com/ben/x", {"LICENSE": MIT, "b.py": program("b")})
    request = home.opt_out(subjects.repository("git@github.com:ann/walls.git"))
    # Whoever tried to read it would fail: its trees and blobs are not there any more.
    for fan in (out / ".git/objects").iterdir():
        for file in fan.iterdir() if len(fan.name) == 2 else ():
            kind = git(out, "cat-file", "-t", fan.name + file.name).strip()
            if kind in ("blob", "tree"):
                file.unlink()
    manifest = home.build()
    assert manifest.counts.opted_out_repositories == 1
    assert {name.split("/")[1] for name in home.ledger()} == {"ben"}
    assert verify(home.output).holds
    with Registry.open(home.registry) as registry:
        (application,) = registry.requests.get(request).applications
        assert (application.release_root, application.repositories) == (manifest.root, 1)
        assert manifest.facts.registry_head == registry.audit().release_head


def test_a_place_that_is_out_is_not_even_fetched(home: Home) -> None:
    home.repository("https://github.com/ben/x", {"LICENSE": MIT, "b.py": program("b")})
    home.sources.append(GitSource(url="https://127.0.0.1:1/ann/nothing-listens-here.git"))
    home.opt_out(subjects.owner("127.0.0.1/ann"))
    assert home.build().counts.opted_out_repositories == 1


def test_all_sources_may_be_out(home: Home) -> None:
    home.repository("https://github.com/ben/x", {"b.py": program("b")})
    home.opt_out(subjects.owner("ben"))
    counts = home.build().counts
    assert (counts.occurrences, counts.repositories, counts.opted_out_repositories) == (0, 0, 1)
    assert verify(home.output).holds


def test_copies_fall_elsewhere_with_the_request_and_nobody_is_named(home: Home) -> None:
    home.repository("https://github.com/ann/walls", {"LICENSE": MIT, "a.py": program("a"), "empty.py": ""})
    home.folder("https://github.com/ben/x", {"LICENSE": MIT, "copy.py": program("a"), "b.py": program("b"), "e.py": ""})
    before = home.build()
    assert home.decisions()["github.com/ben/x/copy.py"] == "exact_duplicate"
    request = home.opt_out(subjects.owner("ann"))
    home.block(request, program("a"), MIT, "")
    after = home.build()
    row = home.ledger()["github.com/ben/x/copy.py"]
    assert (row["decision"], row["stage"], row["reason"]) == ("dropped", "opted_out", "opted_out")
    assert row["evidence"] == f'{{"request":"{request}"}}'
    found = home.decisions()
    assert found["github.com/ben/x/b.py"] == "kept", "its licence is still known, though its text is a copy"
    assert found["github.com/ben/x/LICENSE"] == "opted_out"
    assert found["github.com/ben/x/e.py"] == "empty", "what says nothing of its origin is nobody's copy"
    assert verify(home.output).holds
    assert after.root != before.root
    for file in home.output.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert b"requester@" not in data
            assert b"moderator-mo" not in data
            assert b"github.com/ann" not in data
    with Registry.open(home.registry) as registry:
        (application,) = registry.requests.get(request).applications
        assert (application.occurrences, application.repositories) == (2, 1)
        assert application.bytes == len(program("a")) + len(MIT)


def test_what_is_out_leaves_the_packs_of_earlier_builds(home: Home) -> None:
    home.folder("folder:walls", {"LICENSE": MIT, "a.py": program("mortarless")})
    home.folder("folder:fences", {"LICENSE": MIT, "b.py": program("b")})
    home.build()
    work = home.output.with_name("release.work")
    packs = list(work.rglob("*.pack"))
    assert any(b"mortarless" in pack.read_bytes() for pack in packs)
    home.sources[0] = FolderSource(home.path / "repositories/folder_walls")
    home.sources[1] = FolderSource(home.path / "repositories/folder_fences")
    home.build()
    home.opt_out(subjects.repository("folder:folder_walls"))
    home.build()
    assert not any(b"mortarless" in pack.read_bytes() for pack in work.rglob("*.pack"))


def test_paths_contents_directories_and_authors(home: Home) -> None:
    files = {"LICENSE": MIT, **{f"{d}/{n}.py": program(f"{d}{n}") for d in ("src", "lib", "srcs") for n in "ab"}}
    walls = home.repository("https://github.com/ann/walls", files)
    copies = {f"deep/in/lib/{n}.py": files[f"lib/{n}.py"] for n in "ab"}
    home.repository("https://github.com/ben/x", {"LICENSE": MIT, "c.py": program("c"), **copies})
    home.folder("https://github.com/cat/y", {"LICENSE": MIT, "d.py": program("d")})
    home.folder("https://github.com/dan/z", {"LICENSE": MIT, "e.py": program("e")},
                metadata={"author": "Dan <Dan@example.org>"})  # fmt: skip
    lib = git(walls, "rev-parse", "HEAD:lib").strip()
    blob = git(walls, "rev-parse", "HEAD:srcs/a.py").strip()
    by_path = home.opt_out(subjects.path("ann/walls", "src"))
    by_tree = home.opt_out(subjects.object_(f"swh:1:dir:{lib}"))
    by_blob = home.opt_out(subjects.object_(f"swh:1:cnt:{blob}"))
    by_author = home.opt_out(*subjects.author("dan@example.org"))
    manifest = home.build()
    ledger = home.ledger()
    found = {name: row["evidence"] for name, row in ledger.items() if row["reason"] == "opted_out"}
    expected = {"ann/walls/src/a.py": by_path, "ann/walls/src/b.py": by_path, "ann/walls/lib/a.py": by_tree,
                "ann/walls/lib/b.py": by_tree, "ben/x/deep/in/lib/a.py": by_tree, "ben/x/deep/in/lib/b.py": by_tree,
                "ann/walls/srcs/a.py": by_blob}  # fmt: skip
    assert found == {f"github.com/{name}": f'{{"request":"{request}"}}' for name, request in expected.items()}
    assert not any(name.startswith("github.com/dan") for name in ledger)
    assert manifest.counts.opted_out_repositories == 1
    with Registry.open(home.registry) as registry:
        assert registry.requests.get(by_author).applications[0].repositories == 1
        assert registry.requests.get(by_tree).applications[0].occurrences == 4
    assert verify(home.output).holds


def test_a_git_author_is_found_by_the_address_alone(home: Home) -> None:
    home.repository("https://github.com/ann/walls", {"LICENSE": MIT, "a.py": program("a")})
    home.opt_out(*subjects.author("ADA@example.org"))
    assert home.build().counts.opted_out_repositories == 1


def test_a_withdrawn_request_lets_it_in_again(home: Home) -> None:
    home.repository("https://github.com/ann/walls", {"LICENSE": MIT, "a.py": program("a")})
    home.folder("https://github.com/ben/x", {"LICENSE": MIT, "copy.py": program("a")})
    home.build()
    before = home.decisions()
    request = home.opt_out(subjects.owner("ann"))
    home.block(request, program("a"))
    home.build()
    assert home.decisions() != before
    with Registry.open(home.registry) as registry:
        registry.requests.withdraw(request, "ann")
    home.build()
    assert home.decisions() == before
    assert verify(home.output).holds


def test_the_root_depends_on_what_is_decided_and_not_on_what_was_built_before(home: Home) -> None:
    home.repository("https://github.com/ann/walls", {"LICENSE": MIT, "a.py": program("a")})
    home.folder("https://github.com/ben/x", {"LICENSE": MIT, "copy.py": program("a"), "b.py": program("b")})
    home.build()
    request = home.opt_out(subjects.repository("ann/walls"))
    home.block(request, program("a"))
    root = home.build().root
    assert home.build().root == root, "a report of what fell is no decision"
    with Registry.open(home.registry) as registry:
        registry.requests.receive(NewRequest([subjects.owner("somebody")]))
        assert len(registry.requests.get(request).applications) == 1
    shutil.rmtree(home.output)
    shutil.rmtree(home.output.with_name("release.work"))
    home.sources.reverse()
    assert home.build().root == root


def test_a_dry_run_reads_nothing_that_is_out(home: Home) -> None:
    home.sources.append(GitSource(url="https://127.0.0.1:1/ann/nothing-listens-here.git"))
    home.folder("https://github.com/ben/x", {"LICENSE": MIT, "b.py": program("b")})
    home.opt_out(subjects.owner("127.0.0.1/ann"))
    chosen = Settings.model_validate({"registry": home.registry})
    assert room.estimate(chosen, home.sources, home.output, Engine(threads=1)).funnel[0].files == 2


POOL = {f"p{n}": program(f"pool{n}", 6) for n in range(7)}
OWNERS = ("ann", "ben", "cat")
NAMES = st.sampled_from([f"{owner}/{name}" for owner in OWNERS for name in ("x", "y")])
SPELLINGS = (
    "https://github.com/{}",
    "git@github.com:{}.git",
    "https://GitHub.com/{}.git/",
    "ssh://git@github.com:22/{}",
)


class Histories(RuleBasedStateMachine):
    """Random histories, with a model of its own that knows who asked for what and where everything came from."""

    make: Any

    @initialize()
    def begin(self) -> None:
        self.home = Home(self.make())
        #: Where a repository lies now -> names of files in it.
        self.repositories: dict[str, set[str]] = {}
        self.former: dict[str, set[str]] = {}
        self.upstream: dict[str, str] = {}
        self.recorded: set[str] = set()
        #: Request -> (name, forks, copies, contents known at that time).
        self.requests: dict[str, tuple[str, bool, bool, set[str]]] = {}
        self.built = False

    @rule(name=NAMES, files=st.sets(st.sampled_from(sorted(POOL)), min_size=1, max_size=3))
    def push(self, name: str, files: set[str]) -> None:
        if any(name in names for names in self.former.values()):
            return  # a recorded former name is the same subject; a stranger there needs the record removed first
        self.repositories.setdefault(name, set()).update(files)

    @precondition(lambda self: self.repositories)
    @rule(data=st.data(), name=NAMES, recorded=st.booleans())
    def fork(self, data: Any, name: str, recorded: bool) -> None:
        of = data.draw(st.sampled_from(sorted(self.repositories)))
        if name in self.repositories or name in self.former or any(name in names for names in self.former.values()):
            return
        self.repositories[name] = set(self.repositories[of])
        self.upstream[name] = of
        if recorded:
            with Registry.open(self.home.registry) as registry:
                registry.optouts.record_place("fork", name, of, "mo")
            self.recorded.add(name)

    @precondition(lambda self: self.repositories)
    @rule(data=st.data(), name=NAMES)
    def rename(self, data: Any, name: str) -> None:
        of = data.draw(st.sampled_from(sorted(self.repositories)))
        taken = set(self.repositories) | {n for names in self.former.values() for n in names}
        if name in taken:
            return
        self.repositories[name] = self.repositories.pop(of)
        self.former[name] = {of, *self.former.pop(of, set())}
        self.upstream = {(name if k == of else k): (name if v == of else v) for k, v in self.upstream.items()}
        self.recorded = {name if k == of else k for k in self.recorded}
        with Registry.open(self.home.registry) as registry:
            registry.optouts.record_place("rename", of, name, "mo")

    @rule(
        name=NAMES, whole=st.booleans(), forks=st.booleans(), copies=st.booleans(), spelling=st.sampled_from(SPELLINGS)
    )
    def opt_out(self, name: str, whole: bool, forks: bool, copies: bool, spelling: str) -> None:
        owner = name.partition("/")[0]
        subject = subjects.owner(owner) if whole else subjects.repository(spelling.format(name))
        wanted = owner if whole else name
        request = self.home.opt_out(subject, forks=forks, copies=copies)
        known = {file for place in self.repositories if self.covers(wanted, place) for file in self.repositories[place]}
        self.home.block(request, *(POOL[file] for file in known))
        self.requests[request] = (wanted, forks, copies, known)

    @precondition(lambda self: self.requests)
    @rule(data=st.data())
    def withdraw(self, data: Any) -> None:
        request = data.draw(st.sampled_from(sorted(self.requests)))
        with Registry.open(self.home.registry) as registry:
            registry.requests.withdraw(request, "them")
        del self.requests[request]

    def names(self, place: str) -> set[str]:
        return {place, *self.former.get(place, ())}

    def covers(self, wanted: str, place: str) -> bool:
        return any(wanted in (name, name.split("/")[0]) for name in self.names(place))

    def is_out(self, place: str) -> bool:
        for wanted, forks, _, _ in self.requests.values():
            at: str | None = place
            while at is not None:
                if self.covers(wanted, at) and (at == place or forks):
                    return True
                at = self.upstream.get(at)
        return False

    @precondition(lambda self: self.repositories)
    @rule(spelling=st.sampled_from(SPELLINGS))
    def build(self, spelling: str) -> None:
        home = self.home
        home.sources = []
        shutil.rmtree(home.path / "repositories", ignore_errors=True)
        for name, files in self.repositories.items():
            content: dict[str, str | bytes] = {"LICENSE": MIT, **{f"{file}.py": POOL[file] for file in files}}
            upstream = self.upstream.get(name)
            told = {"forked_from": f"https://github.com/{upstream}"} if upstream else {}
            home.folder(spelling.format(name), content, metadata=told)
        home.build()
        self.built = True
        out = {place for place in self.repositories if self.is_out(place)}
        gone = {file for _, _, copies, known in self.requests.values() if copies for file in known}
        blobs = {f"swh:1:cnt:{blob_hash(POOL[file].encode()).hex()}" for file in gone}
        ledger = [row for batch in home.release.ledger() for row in batch.to_pylist()]
        read = {name for name in self.repositories for row in ledger if row["origin"] == spelling.format(name)}
        assert read == set(self.repositories) - out
        kept = {row["swhid"] for row in ledger if row["decision"] == "kept"}
        assert not kept & blobs
        released = {s for batch in home.release.data(columns=["swhid"]) for s in batch.column("swhid").to_pylist()}
        assert released == kept
        # And nothing that nobody asked for is missing.
        wanted = {f for place in read for f in self.repositories[place]} - gone
        assert {f"swh:1:cnt:{blob_hash(POOL[f].encode()).hex()}" for f in wanted} <= kept

    @invariant()
    def whole(self) -> None:
        if getattr(self, "built", False):
            with Registry.open(self.home.registry) as registry:
                assert registry.audit([self.home.release.manifest.facts.registry_head or ""]).problems == ()


def histories(tmp_path_factory: pytest.TempPathFactory, examples: int, steps: int) -> None:
    machine = type("Machine", (Histories,), {"make": staticmethod(lambda: tmp_path_factory.mktemp("history"))})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # Whole builds: looking for a shorter history would take minutes, and this one is short enough to read.
            phases=[Phase.explicit, Phase.generate],
        ),
    )


def test_no_short_history_lets_what_is_out_into_a_release(tmp_path_factory: pytest.TempPathFactory) -> None:
    histories(tmp_path_factory, 8, 8)


@pytest.mark.slow
def test_no_history_lets_what_is_out_into_a_release(tmp_path_factory: pytest.TempPathFactory) -> None:
    histories(tmp_path_factory, 40, 15)
