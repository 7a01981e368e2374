"""Builds under opt-outs: what is out is not read, its copies fall, and nothing brings it back."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
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
from drystone.building import listing, plan
from drystone.building.settings import Settings
from drystone.building.stages.opting_out import marks as opted
from drystone.identity.hashes import Tree, blob_hash
from drystone.registry import NewRequest, Registry, Subject
from drystone.registry.requests import subjects
from drystone.release.checking.verify import verify
from drystone.release.manifest import Manifest
from drystone.release.read import Release, open_release
from drystone.sources import FolderSource, GitSource, Source
from drystone.work.engine import Engine
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
    assert found["github.com/ben/x/LICENSE"] == "plain_text", "the text of a licence is nobody's work"
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
        assert (application.occurrences, application.repositories) == (1, 1)
        assert application.bytes == len(program("a"))


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


def test_what_is_out_leaves_the_cache_of_clones(home: Home) -> None:
    origins = []
    for name in ("walls", "fences"):
        folder = home.repository(f"https://github.com/ann/{name}", {"LICENSE": MIT, "a.py": program(name)})
        origins.append(home.path / f"{name}.git")
        git(folder, "clone", "-q", "--bare", ".", str(origins[-1]))
    home.sources = [GitSource(url=path.as_uri()) for path in origins]
    home.build()
    cache = home.output.with_name("release.work") / "cache"
    assert len(list((cache / "git").iterdir())) == 2
    home.opt_out(subjects.repository("git:walls"))
    home.build()
    (left,) = (cache / "git").iterdir()
    assert "fences" in (left / "config").read_text()
    # By what only the repository says: it must be fetched to be known, and does not stay.
    home.opt_out(*subjects.author("ada@example.org"))
    assert home.build().counts.opted_out_repositories == 2
    assert list((cache / "git").iterdir()) == []
    assert home.build().counts.opted_out_repositories == 2


def test_a_package_that_is_out_leaves_the_cache(home: Home) -> None:
    home.folder("https://github.com/ben/x", {"LICENSE": MIT, "b.py": program("b")})
    folder = home.output.with_name("release.work") / "cache" / "pypi"
    for name in ("gone-1.0", "stays-1.0"):
        (folder / name[0]).mkdir(parents=True)
        (folder / name[0] / f"{name}.tar.gz").write_bytes(b"x")
        (folder / f"{name}.json").write_text(f'{{"sha256": "{name[0]}", "filename": "{name}.tar.gz"}}')
    home.opt_out(subjects.repository("pypi:gone"))
    home.build()
    assert sorted(p.name for p in folder.rglob("*.*")) == ["stays-1.0.json", "stays-1.0.tar.gz"]


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


def test_directories_are_known_as_they_are_listed_and_as_they_follow_from_entries(home: Home) -> None:
    """A part of a collection lists entries alone; for it the second way is taken."""
    files = {"a.py": program("a"), "lib/b.py": program("b"), "lib/deep/er/c.py": program("c"), "x/y": "z"}
    home.repository("https://github.com/ann/walls", files)
    home.folder("https://github.com/ben/x", files)
    home.build()
    written = home.output.with_name("release.work").glob("inventory-*/*.parquet")
    listings = [path for path in written if path.name.count(".") == 1]
    assert len(listings) == 2
    for each in listings:
        told = pq.read_table(each.with_suffix(".directories.parquet")).to_pylist()
        known = {(row["repository"], row["path"], row["id"]) for row in told}
        assert {path for _, path, _ in known} == {b"", b"lib", b"lib/deep", b"lib/deep/er", b"x"}
        assert set(opted._computed(pq.read_table(each))) == known


def test_a_git_author_is_found_by_the_address_alone(home: Home) -> None:
    home.repository("https://github.com/ann/walls", {"LICENSE": MIT, "a.py": program("a")})
    home.opt_out(*subjects.author("ADA@example.org"))
    assert home.build().counts.opted_out_repositories == 1


def test_an_author_is_found_in_every_commit_and_takes_the_files_that_they_changed(home: Home) -> None:
    theirs = {"LICENSE": MIT, "ben.py": program("ben"), "both.py": program("both")}
    folder = home.repository("https://github.com/ben/x", theirs)

    def commit(name: str, files: dict[str, str | bytes]) -> None:
        write(folder, files)
        git(folder, "add", "-A")
        git(folder, "-c", f"user.email={name}@example.org", "-c", f"user.name={name}", "commit", "-qm", "More",
            f"--author={name} <{name}@example.org>")  # fmt: skip

    commit("ann", {"ann/own.py": program("own"), "both.py": program("both") + "# ann\n"})
    commit("cat", {"cat.py": program("cat")})
    request = home.opt_out(*subjects.author("Ann@Example.org"))
    home.build()
    out = {name.partition("/x/")[2] for name, reason in home.decisions().items() if reason == "opted_out"}
    assert out == {"ann/own.py", "both.py"}
    with Registry.open(home.registry) as registry:
        (application,) = registry.requests.get(request).applications
        assert (application.repositories, application.occurrences) == (0, 2)


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


def test_another_version_of_the_program_makes_every_stage_anew(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def stages() -> set[str]:
        folders = home.output.with_name("release.work").glob("*-" + 16 * "[0-9a-f]")
        return {folder.name for folder in folders}

    home.repository("https://github.com/ann/walls", {"LICENSE": MIT, "a.py": program("a")})
    home.folder("https://github.com/ben/x", {"LICENSE": MIT, "copy.py": program("a"), "b.py": program("b")})
    home.block(home.opt_out(subjects.repository("ann/walls")), program("a"))
    root = home.build(near_duplicates={"scope": "all"}).root
    before = stages()
    for module in (listing, plan):
        monkeypatch.setattr(module, "VERSION", "another")
    assert home.build(near_duplicates={"scope": "all"}).root == root
    assert before
    assert before & stages() == set()


def test_a_dry_run_reads_nothing_that_is_out(home: Home) -> None:
    home.sources.append(GitSource(url="https://127.0.0.1:1/ann/nothing-listens-here.git"))
    home.folder("https://github.com/ben/x", {"LICENSE": MIT, "b.py": program("b")})
    home.opt_out(subjects.owner("127.0.0.1/ann"))
    chosen = Settings.model_validate({"registry": home.registry})
    assert room.estimate(chosen, home.sources, home.output, Engine(threads=1)).funnel[0].files == 2


POOL = {f"p{n}": program(f"pool{n}", 6) for n in range(7)}
IDS = {file: blob_hash(text.encode()) for file, text in POOL.items()}
OWNERS = ("ann", "ben", "cat")
NAMES = st.sampled_from([f"{owner}/{name}" for owner in OWNERS for name in ("x", "y")])
FILES = st.sampled_from(sorted(POOL))
SPELLINGS = (
    "https://github.com/{}",
    "git@github.com:{}.git",
    "https://GitHub.com/{}.git/",
    "ssh://git@github.com:22/{}",
)


def folder_of(files: Iterable[str]) -> bytes:
    """The hash of `src` in a repository with these files."""
    tree = Tree()
    for file in files:
        tree.add(f"{file}.py".encode(), 0o100644, IDS[file])
    return tree.hash()


@dataclass
class Wish:
    """What a request asks for, as the model sees it: a name (whole, or one file of it), bytes, a folder, or an author.

    `known` are the contents that were listed for it.
    """

    name: str | None = None
    file: str | None = None
    blob: str | None = None
    folder: bytes | None = None
    author: str | None = None
    forks: bool = True
    copies: bool = True
    known: frozenset[str] = frozenset()


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
        #: Who made a repository's revision: stays where it is renamed.
        self.authors: dict[str, str] = {}
        #: Request -> what it asks for, in the order in which they came: ids are drawn at random, so that a history
        #: that is played again must not depend on them.
        self.requests: dict[str, Wish] = {}
        self.built = False

    @rule(name=NAMES, files=st.sets(FILES, min_size=1, max_size=3))
    def push(self, name: str, files: set[str]) -> None:
        if any(name in names for names in self.former.values()):
            return  # a recorded former name is the same subject; a stranger there needs the record removed first
        self.repositories.setdefault(name, set()).update(files)
        self.authors.setdefault(name, name.partition("/")[0])

    @precondition(lambda self: self.repositories)
    @rule(data=st.data(), name=NAMES, recorded=st.booleans())
    def fork(self, data: Any, name: str, recorded: bool) -> None:
        of = data.draw(st.sampled_from(sorted(self.repositories)))
        if name in self.repositories or name in self.former or any(name in names for names in self.former.values()):
            return
        self.repositories[name] = set(self.repositories[of])
        self.upstream[name] = of
        self.authors[name] = self.authors[of]
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
        self.authors[name] = self.authors.pop(of)
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
        known = {file for place in self.repositories if self.covers(wanted, place) for file in self.repositories[place]}
        self.ask(subject, Wish(wanted, forks=forks, copies=copies, known=frozenset(known)))

    @rule(name=NAMES, file=FILES, forks=st.booleans(), copies=st.booleans(), spelling=st.sampled_from(SPELLINGS))
    def opt_out_a_path(self, name: str, file: str, forks: bool, copies: bool, spelling: str) -> None:
        there = any(self.covers(name, place) and file in files for place, files in self.repositories.items())
        subject = subjects.path(spelling.format(name), f"src/{file}.py")
        self.ask(subject, Wish(name, file, forks=forks, copies=copies, known=frozenset({file} if there else ())))

    @rule(file=FILES)
    def opt_out_bytes(self, file: str) -> None:
        self.ask(subjects.object_(f"swh:1:cnt:{IDS[file].hex()}"), Wish(blob=file))

    @precondition(lambda self: self.repositories)
    @rule(data=st.data())
    def opt_out_a_folder(self, data: Any) -> None:
        id_ = folder_of(self.repositories[data.draw(st.sampled_from(sorted(self.repositories)))])
        self.ask(subjects.object_(f"swh:1:dir:{id_.hex()}"), Wish(folder=id_))

    @rule(author=st.sampled_from(OWNERS))
    def opt_out_an_author(self, author: str) -> None:
        (subject,) = subjects.author(f"{author.upper()}@example.org")
        self.ask(subject, Wish(author=author))

    def ask(self, subject: Subject, wish: Wish) -> None:
        request = self.home.opt_out(subject, forks=wish.forks, copies=wish.copies)
        self.home.block(request, *(POOL[file] for file in wish.known))
        self.requests[request] = wish

    @precondition(lambda self: self.requests)
    @rule(data=st.data())
    def withdraw(self, data: Any) -> None:
        request = list(self.requests)[data.draw(st.integers(0, len(self.requests) - 1))]
        with Registry.open(self.home.registry) as registry:
            registry.requests.withdraw(request, "them")
        del self.requests[request]

    def names(self, place: str) -> set[str]:
        return {place, *self.former.get(place, ())}

    def covers(self, wanted: str, place: str) -> bool:
        return any(wanted in (name, name.split("/")[0]) for name in self.names(place))

    def follows(self, wish: Wish, place: str) -> bool:
        """Whether a place is the one that a request names, or follows it as a fork."""
        at: str | None = place
        while at is not None and wish.name is not None:
            if self.covers(wish.name, at) and (at == place or wish.forks):
                return True
            at = self.upstream.get(at)
        return False

    def is_out(self, place: str) -> bool:
        return any(
            (w.file is None and self.follows(w, place)) or w.author == self.authors[place]
            for w in self.requests.values()
        )

    def file_is_out(self, place: str, file: str) -> bool:
        """Whether a file of a place that is not out itself is out there."""
        return any(
            w.blob == file
            or (w.copies and file in w.known)
            or (w.file == file and self.follows(w, place))
            or w.folder == folder_of(self.repositories[place])
            for w in self.requests.values()
        )

    def has_paths_out(self, place: str) -> bool:
        return any(w.file is not None and self.follows(w, place) for w in self.requests.values())

    @precondition(lambda self: self.repositories)
    @rule(spelling=st.sampled_from(SPELLINGS), update=st.booleans())
    def build(self, spelling: str, update: bool) -> None:
        home = self.home
        home.sources = []
        shutil.rmtree(home.path / "repositories", ignore_errors=True)
        for name, files in self.repositories.items():
            content: dict[str, str | bytes] = {"LICENSE": MIT, **{f"src/{file}.py": POOL[file] for file in files}}
            upstream = self.upstream.get(name)
            told = {"forked_from": f"https://github.com/{upstream}"} if upstream else {}
            author = self.authors[name]
            told["author"] = f"{author.title()} <{author}@example.org>"
            home.folder(spelling.format(name), content, metadata=told)
        if update and self.built:
            chosen = Settings.model_validate({"registry": home.registry, "near_duplicates": {"scope": "off"}})
            room.build(chosen, home.sources, home.output, Engine(threads=1), update=home.output)
        else:
            home.build()
        self.built = True
        out = {place for place in self.repositories if self.is_out(place)}
        ledger = [row for batch in home.release.ledger() for row in batch.to_pylist()]
        place_of = {spelling.format(name): name for name in self.repositories}
        read = {place_of[row["origin"]] for row in ledger if row["origin"] in place_of}
        own = {place for place in set(self.repositories) - out if self.has_paths_out(place)}
        alike: dict[frozenset[str], set[str]] = {}
        for place in set(self.repositories) - out - own:
            alike.setdefault(frozenset(self.repositories[place]), set()).add(place)
        # Of those with one root directory one is read, and who is out stands for nobody, nor who has paths out.
        assert own <= read <= set(self.repositories) - out
        assert all(len(read & group) == 1 for group in alike.values())
        released = {s for batch in home.release.data(columns=["swhid"]) for s in batch.column("swhid").to_pylist()}
        assert released == {row["swhid"] for row in ledger if row["decision"] == "kept"}
        stays = set()
        for row in ledger:
            file = row["path"].removeprefix("/src/").removesuffix(".py")
            if file in POOL:
                gone = self.file_is_out(place_of[row["origin"]], file)
                assert (row["reason"] == "opted_out") == gone, row
                stays |= set() if gone else {row["swhid"]}
        # And nothing that nobody asked for is missing, of those that were left to another one neither.
        for place in set(self.repositories) - out:
            stays |= {
                f"swh:1:cnt:{IDS[file].hex()}" for file in self.repositories[place] if not self.file_is_out(place, file)
            }
        assert stays <= released
        assert not verify(home.output).problems

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
