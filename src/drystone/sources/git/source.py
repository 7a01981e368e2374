"""The `git` source: a repository at a path or behind a URL, bare or not, at one revision, read through pygit2.

Never checks anything out. Submodules and symbolic links are listed and not followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final

import pygit2
from pygit2.enums import Option, RepositoryOpenFlag

from drystone._json import Json
from drystone._words import many
from drystone.errors import SourceError
from drystone.identity.hashes import EMPTY_TREE, MODE_SUBMODULE, MODE_SYMLINK, parse_tree
from drystone.sources._opened import describe
from drystone.sources._paths import MAX_LINK, link_note, path_problem
from drystone.sources.base import (
    FILE,
    LOST_CONTENT,
    LOST_DIRECTORY,
    LOST_REPOSITORY,
    SUBMODULE,
    SYMLINK,
    UNREADABLE,
    About,
    Entry,
    Limits,
    LostThing,
    OpenRepository,
    Repository,
    RepositorySource,
    SourceState,
    moment_text,
)
from drystone.sources.git import past, remote
from drystone.sources.git.history import Revision, revisions
from drystone.sources.git.objects import ChosenCommit, Commit, choose, read_commit, snapshot
from drystone.sources.git.store import ObjectStore
from drystone.work.remote.mirror import folder_here, placed

#: Larger trees and link targets are not read.
_MAX_TREE: Final = 64 << 20
_MAX_LINK: Final = 1 << 16
_DIRECTORY_TYPE: Final = 0o040000
_TYPE_BITS: Final = 0o170000
#: Packs are mapped in windows of this many bytes, and at most so many bytes of them at a time.
_WINDOW: Final = 32 << 20
_MAPPED: Final = 256 << 20


@dataclass(frozen=True)
class GitSource(RepositorySource):
    """One git repository: exactly one of `path`, of a folder or a bundle, and `url`.

    `ref` is a branch, a tag, a commit id or a full reference name; None is the default branch. `about` holds what the
    user says of the repository, by field of `Repository`. `as_of` (naive UTC) takes the commit at which the branch was
    by then (`past.Branch.by`); with `points`, or `every` year, quarter or month, the source is several, one for each.
    """

    path: Path | None = None
    url: str | None = None
    ref: str | None = None
    about: About = field(default_factory=About)
    as_of: datetime | None = None
    points: tuple[datetime, ...] = ()
    every: past.Every | None = None

    kind: ClassVar[str] = "git"
    random_access: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if (self.path is None) == (self.url is None):
            raise TypeError("a git source has either a path or a url")
        if self.url is not None:
            remote.check_url(self.url)
        if self.ref is not None:
            remote.check_ref(self.ref)

    @property
    def spec(self) -> str:
        """The path, or the URL after `git+` and without secrets; then `@` and the ref where one was given."""
        place = str(self.path) if self.path is not None else f"git+{remote.public_url(self.url or '')}"
        asked = place if self.ref is None else f"{place}@{self.ref}"
        moments = [self.as_of] if self.as_of is not None else self.points
        when = [f"as of {', '.join(map(moment_text, moments))}"] if moments else []
        return " ".join([asked, *when, *([f"every {self.every}"] if self.every else [])])

    @property
    def place(self) -> str | None:
        """The URL, where it was given by one."""
        return self.url

    @property
    def local(self) -> Path | None:
        """The repository's folder, where neither an origin is given nor a remote known."""
        if self.path is None or "origin" in self.about:
            return None
        if self.path.is_file():
            return self.path.resolve()
        try:
            repo = self._open_libgit(self.path)
        except SourceError:  # said when it is read
            return self.path.resolve()
        remote_url = _remote_origin(repo)
        repo.free()
        if remote_url is not None and remote.is_network(remote_url):
            return None
        folder = self.path.resolve()
        return folder.parent if folder.name == ".git" else folder

    @property
    def known_as(self) -> str:
        """The origin of one that cannot be opened: what the user says, the URL without secrets, or the folder."""
        if "origin" in self.about:
            return self.about["origin"]
        return (
            remote.public_url(self.url)
            if self.url is not None
            else f"git:{_folder_name((self.path or Path()).resolve())}"
        )

    @property
    def address(self) -> str:
        """The path, or the URL without secrets."""
        return replace(self, ref=None, as_of=None, points=(), every=None).spec

    def fetch(self, cache: Path) -> None:
        """Mirror a URL under `cache`; done once, and again only where the mirror does not know the ref."""
        if self.path is not None:
            if not self.path.exists():
                raise SourceError(f"{self.path}: there is no such folder; give the path of a git repository")
            if self.path.is_file() and not (mirror := self._folder(cache)).exists():
                remote.unbundle(self.path, mirror)
            return
        assert self.url is not None
        mirror = remote.mirror_path(self.url, cache)
        if not folder_here(mirror).exists():
            remote.clone(self.url, mirror)
        if self.ref is not None:
            repo = self._open_libgit(mirror)
            try:
                choose(repo, ObjectStore(common_folder(repo)), self.ref)
            except SourceError:
                remote.update(self.url, mirror, self.ref)
                placed(mirror)
            finally:
                repo.free()

    def _folder(self, cache: Path) -> Path:
        """Return the repository's folder: its own, or that of the mirror under `cache`."""
        if self.path is None:
            return folder_here(remote.mirror_path(self.url or "", cache))
        if not self.path.is_file():
            return self.path
        found = self.path.stat()
        key = repr((str(self.path.resolve()), found.st_size, found.st_mtime_ns))
        return folder_here(remote.mirror_path(key, cache))

    def at_points(self, cache: Path) -> list[RepositorySource]:
        """Return one source for each of the points in time that are asked for; `fetch` has been called."""
        if self.every is None:
            return [replace(self, as_of=point, points=()) for point in self.points] or [self]
        try:
            chosen = self._chosen(cache)
        except SourceError:  # said when it is read
            return [replace(self, every=None)]
        moments = past.branch(self._folder(cache), str(chosen.commit)).points(self.every) if chosen is not None else []
        return [replace(self, as_of=moment, every=None) for moment in moments] or [replace(self, every=None)]

    def _chosen(self, cache: Path) -> ChosenCommit | None:
        """Return the commit that `ref` stands for now; None of a branch without commits. Raises `SourceError`."""
        repo = self._open_libgit(self._folder(cache))
        try:
            return choose(repo, ObjectStore(common_folder(repo)), self.ref)
        finally:
            repo.free()

    def contents(self, cache: Path) -> set[bytes]:
        """Return the ids (20 bytes) of all blobs of all history, without reading one; `fetch` has been called."""
        path = self._folder(cache)
        listed = ("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objecttype) %(objectname)")
        lines = remote.output(str(path), "-C", str(path), *listed).splitlines()
        return {bytes.fromhex(line[5:]) for line in lines if line.startswith("blob ")}

    def history(self, cache: Path, heads: Sequence[str]) -> Iterator[Revision]:
        """Yield the revisions that lead to some, with what each changed; `fetch` has been called."""
        return revisions(self._folder(cache), heads)

    def revisions(self, cache: Path, revision: str) -> Iterator[bytes]:
        """Yield the ids (20 bytes) of all revisions that lead to one, and of that one; raise `SourceError`."""
        place = str(self._folder(cache))
        for line in remote.output(place, "-C", place, "rev-list", revision, "--").splitlines():
            yield bytes.fromhex(line)

    def authored(self, cache: Path, revision: str) -> Iterator[tuple[str, list[str]]]:
        """Yield who wrote each commit that leads to a revision (`Name <address>`), and the paths that it changed.

        Merges change nothing of their own. Paths are as the commit has them, of before a rename too, and damaged
        letters are U+FFFD. `fetch` has been called. Raises `SourceError`.
        """
        path = self._folder(cache)
        asked = ("log", "--no-renames", "--no-mailmap", "-z", "--format=format:%x01%an <%ae>", "--name-only", revision)
        for commit in remote.output(str(path), "-C", str(path), *asked, "--").split("\x01")[1:]:
            author, _, names = commit.partition("\n")
            yield author.rstrip("\0"), [name for name in names.split("\0") if name]

    def state(self, cache: Path) -> SourceState:
        """Return the state by commit and snapshot; the size is that of the packs."""
        path = self._folder(cache)
        try:
            with self.open(cache, Limits()) as opened:
                found = opened.repository()
        except FormatError as error:  # told when it is read, as a row, while the others go on
            return SourceState.of(0, self.spec, sorted(self.about.items()), str(error))
        objects = next((folder for folder in (path / ".git/objects", path / "objects") if folder.is_dir()), path)
        size = sum(file.stat().st_size for file in objects.glob("pack/*.pack"))
        parts = (self.spec, sorted(self.about.items()), found.origin, found.revision, found.snapshot)
        return replace(SourceState.of(size, *parts), repository=found)

    @contextmanager
    def open(self, cache: Path, limits: Limits) -> Iterator[OpenRepository]:
        """Open for reading; raise `SourceError` where it is no repository, or the ref or its commit cannot be read."""
        path = self._folder(cache)
        if not folder_here(path).exists():
            raise SourceError(f"{self.spec}: it was not fetched yet")
        repo = self._open_libgit(path)
        try:
            try:
                store = ObjectStore(common_folder(repo))
                clone = _Clone.of(repo)
                found = self._found(repo, store, path, clone)
                opened = _OpenGit(store, found, self.about, limits, clone.partial)
            except OSError as error:
                raise SourceError(f"{path} cannot be read ({error.strerror or error})") from error
            yield opened
        finally:
            repo.free()

    def _open_libgit(self, path: Path) -> pygit2.Repository:
        pygit2.option(Option.SET_MWINDOW_SIZE, _WINDOW)
        pygit2.option(Option.SET_MWINDOW_MAPPED_LIMIT, _MAPPED)
        try:
            return pygit2.Repository(str(path), RepositoryOpenFlag.NO_SEARCH)
        except (pygit2.GitError, ValueError, OSError) as error:
            said = str(error)
            if "not owned by" in said:
                raise SourceError(
                    f"{path} belongs to another user, so git refuses to read it; if you trust it: "
                    f"git config --global --add safe.directory '{path.resolve()}'"
                ) from None
            if "extension" in said or "object format" in said or "objectformat" in said:
                kind = "keeps its objects by SHA-256" if "objectformat" in said.replace(" ", "") else said
                raise FormatError(
                    f"{path.name} uses a format of git that cannot be read here ({kind}); name an archive of its "
                    "files instead (git archive HEAD)"
                ) from None
            raise SourceError(f"{path} is not a git repository, or a damaged one ({said})") from None

    def _found(self, repo: pygit2.Repository, store: ObjectStore, path: Path, clone: _Clone) -> Repository:
        try:
            chosen = tip = choose(repo, store, self.ref)
            if chosen is not None and self.as_of is not None:
                chosen = _by_then(past.branch(path, str(chosen.commit)), chosen, self.as_of)
            commit = read_commit(store, chosen.commit) if chosen else None
            branches = snapshot(repo, store).hex()
        except SourceError as error:
            lacks = clone.partial or clone.shallow or "check it with: git fsck"
            raise SourceError(f"{self.spec}: {error}; {lacks}") from None
        except (pygit2.GitError, ValueError, OSError) as error:
            raise SourceError(
                f"{self.spec}: its references cannot be read ({error}); check it with: git fsck"
            ) from None
        origin, name = self._names(repo, path)
        if chosen is None or commit is None:
            head: str | None
            if tip is not None and self.as_of is not None:
                empty = f"its branch has no commit by {moment_text(self.as_of)}"
                tree = EMPTY_TREE.hex()
                return Repository(origin, self.kind, name, tree, snapshot=branches, branch=tip.reference, empty=empty)
            head = str(repo.lookup_reference("HEAD").target)
            there = Repository(origin, self.kind, name, directory=EMPTY_TREE.hex(), snapshot=branches, branch=head)
            others = len(repo.listall_references())
            if others:
                said = (
                    f"HEAD names {head}, which is not there; {many(others, 'other reference')} can be named with @REF"
                )
                return replace(there, lost=said)
            return replace(there, empty=f"HEAD names {head}, which has no commits")
        metadata = clone.lacks()
        if self.as_of is not None:
            metadata = {**metadata, "as_of": moment_text(self.as_of)}
        return _at(chosen, commit, Repository(origin, self.kind, name, "", snapshot=branches, metadata=metadata))

    def _names(self, repo: pygit2.Repository, path: Path) -> tuple[str, str]:
        """Return origin and name, which do not depend on where a copy lies."""
        url = self.url or _remote_origin(repo)
        if url is not None and remote.is_network(url):
            return remote.public_url(url), remote.name_of(remote.public_url(url))
        name = _folder_name(Path(remote.name_of(url)) if self.url and url else (self.path or path).resolve())
        return f"git:{name}", name


@dataclass(frozen=True)
class _Clone:
    """What a clone left out of its origin, and how to get it: old commits (shallow), objects (partial); else None."""

    shallow: str | None
    partial: str | None

    @classmethod
    def of(cls, repo: pygit2.Repository) -> _Clone:
        folder = common_folder(repo)
        shallow = "commits are missing, as this is a shallow clone: git fetch --unshallow"
        try:
            config = {entry.name.lower(): entry.value or "" for entry in pygit2.Config(str(folder / "config"))}
        except (OSError, ValueError, pygit2.GitError):
            config = {}
        filters = [
            v for name, v in config.items() if name.startswith("remote.") and name.endswith("partialclonefilter")
        ]
        promised = any(name.startswith("remote.") and name.endswith(".promisor") for name in config)
        partial = f"this is a partial clone ({', '.join(filters) or 'of a promisor'}): git fetch --refetch --no-filter"
        promised = promised or bool(filters) or "extensions.partialclone" in config
        return cls(shallow if (folder / "shallow").is_file() else None, partial if promised else None)

    def lacks(self) -> dict[str, Json]:
        """Return what is missing of the history, for the metadata of the repository; rows say which objects are."""
        return {"shallow": self.shallow} if self.shallow is not None else {}


def _folder_name(path: Path) -> str:
    """Return what a repository's folder is called, whether it has a working tree or is bare."""
    return (path.parent if path.name == ".git" else path).name.removesuffix(".bundle").removesuffix(".git") or "root"


def _by_then(branch: past.Branch, chosen: ChosenCommit, moment: datetime) -> ChosenCommit | None:
    at = branch.by(moment)
    return ChosenCommit(chosen.reference, None, pygit2.Oid(hex=branch.commits[at])) if at >= 0 else None


def _at(chosen: ChosenCommit, commit: Commit, found: Repository) -> Repository:
    metadata = {**commit.metadata, **found.metadata}
    if chosen.release is not None:
        metadata["release"] = chosen.release
    return Repository(
        found.origin,
        found.kind,
        found.name,
        directory=commit.tree.hex(),
        revision=str(chosen.commit),
        snapshot=found.snapshot,
        branch=chosen.reference,
        revision_date=commit.author_date,
        committer_date=commit.committer_date,
        metadata=metadata,
    )


def common_folder(repo: pygit2.Repository) -> Path:
    """Return the folder of objects, references and configuration; a linked working tree names it (commondir)."""
    folder = Path(repo.path)
    note = folder / "commondir"
    return folder / note.read_text().strip() if note.is_file() else folder


def _remote_origin(repo: pygit2.Repository) -> str | None:
    """Return the URL of the remote `origin` from the repository's own configuration, not the user's."""
    try:
        return str(pygit2.Config(str(common_folder(repo) / "config"))["remote.origin.url"])
    except (KeyError, OSError, ValueError, pygit2.GitError):
        return None


class FormatError(SourceError):
    """A repository of a format that is read nowhere here: one of the others goes on without it."""


class _OpenGit:
    def __init__(
        self, store: ObjectStore, found: Repository, about: About, limits: Limits, partial: str | None = None
    ) -> None:
        self._store = store
        self._partial = partial
        self._root = bytes.fromhex(found.directory)
        self._empty = found.empty is not None or found.lost is not None
        self._repository = describe(found, about)
        self._limits = limits
        self._directories: list[tuple[bytes, bytes]] = []

    def repository(self) -> Repository:
        return self._repository

    def directories(self) -> list[tuple[bytes, bytes]]:
        return self._directories

    def entries(self) -> Iterator[Entry]:
        self._directories = []
        if self._empty:
            return
        count = 0
        # Each distinct blob is read once here, so that a damaged one is told of before anyone relies on it.
        checked: dict[bytes, tuple[int | None, str | None]] = {}
        # With the name apart from the folder above, which all below share: paths are long in hostile trees.
        trees = [(b"", b"", self._root)]
        while trees:
            above, name, id_ = trees.pop()
            folder = above + b"/" + name if above else name
            self._directories.append((folder, id_))
            below = []
            try:
                kind, body = self._store.read(id_, _MAX_TREE)
                if kind != "tree":
                    raise SourceError(f"the object {id_.hex()} is not a tree")
                items = list(parse_tree(body))
            except (SourceError, ValueError) as error:
                what: LostThing = LOST_DIRECTORY if folder else LOST_REPOSITORY
                why = f"its directory cannot be read: {self._why(error)}"
                yield Entry(folder, UNREADABLE, _DIRECTORY_TYPE, None, None, problem=why, lost=what)
                continue
            for mode, name, item in items:
                count += 1
                path = folder + b"/" + name if folder else name
                problem = "the name holds a slash" if b"/" in name else path_problem(path, self._limits)
                if count > self._limits.max_entries:
                    problem = f"the tree has more than {self._limits.max_entries} entries; the rest was not read"
                    yield Entry(b"", UNREADABLE, 0, None, None, problem=problem, lost=LOST_DIRECTORY)
                    return
                if problem is not None:
                    yield Entry(path, UNREADABLE, mode, None, None, problem=problem)
                elif mode & _TYPE_BITS == _DIRECTORY_TYPE:
                    below.append((folder, name, item))
                else:
                    yield self._entry(path, mode, item, checked)
            trees.extend(reversed(below))

    def _entry(self, path: bytes, mode: int, id_: bytes, checked: dict[bytes, tuple[int | None, str | None]]) -> Entry:
        if mode & _TYPE_BITS == MODE_SUBMODULE:
            return Entry(path, SUBMODULE, mode, id_, None)
        known = checked.get(id_)
        if known is None:
            known = checked[id_] = self._check(id_)
        size, problem = known
        if problem is not None:
            return Entry(path, UNREADABLE, mode, None, size, problem=problem, lost=LOST_CONTENT)
        if mode & _TYPE_BITS == MODE_SYMLINK:
            if size is None or size > MAX_LINK:
                return Entry(path, SYMLINK, mode, id_, size)
            target = self._store.read(id_, MAX_LINK)[1]
            return Entry(path, SYMLINK, mode, id_, size, note=link_note(path, target), target=target)
        return Entry(path, FILE, mode, id_, size)

    def _check(self, id_: bytes) -> tuple[int | None, str | None]:
        """Return a blob's size, and why it cannot be read; larger ones than the limit are not read, their size is."""
        try:
            kind, size = self._store.header(id_)
            if kind != "blob":
                return None, f"the object {id_.hex()} is not a blob"
            if size <= self._limits.max_file_bytes:
                self._store.read(id_, self._limits.max_file_bytes)
        except SourceError as error:
            return None, self._why(error)
        return size, None

    def _why(self, error: Exception) -> str:
        """Return why an object cannot be read, and of what a partial clone lacks how to get it."""
        return f"{error}; {self._partial}" if self._partial and "is missing" in str(error) else str(error)

    def read(self, blobs: Iterable[bytes]) -> Iterator[bytes]:
        for id_ in blobs:
            try:
                kind, data = self._store.read(id_, self._limits.max_file_bytes)
            except SourceError as error:
                raise SourceError(f"{self._repository.origin}: {error}; check it with: git fsck") from None
            if kind != "blob":
                raise SourceError(f"{self._repository.origin}: the object {id_.hex()} is not a blob")
            yield data
