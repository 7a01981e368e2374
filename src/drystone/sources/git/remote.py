"""Git repositories behind a URL: names for them without secrets, and bare mirrors of them in a cache.

Runs the `git` command without prompts, hooks or submodules. Knows nothing of what a repository holds.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from drystone.errors import SourceError, UsageError
from drystone.work.files import whole_folder

#: Transports that are let through; others (ext::, fd::, custom helpers) run commands.
PROTOCOLS: Final = ("https", "http", "git", "ssh", "file")

_SCP = re.compile(r"(?:[A-Za-z0-9_.+-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!/)\S")
_SURROUNDINGS: Final = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_ASKPASS",
    "SSH_ASKPASS",
)
_SETTINGS: Final = (
    "core.askPass=",
    "core.hooksPath=/dev/null",
    "gc.auto=0",
    # A server that stops sending is given up after a minute.
    "http.lowSpeedLimit=100",
    "http.lowSpeedTime=60",
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long git may take, and how large a file it writes (a pack, or what it prints) may be."""

    seconds: float
    bytes: int


def check_url(url: str) -> None:
    """Raise `UsageError` for a URL that git could take for something else than a repository's place."""
    if url.startswith("-") or any(c <= " " or c == "\x7f" for c in url):
        raise UsageError(f"{url!r} is not a URL of a git repository")
    parts = urlsplit(url)
    if "://" not in url or parts.scheme not in PROTOCOLS:
        raise UsageError(f"{public_url(url)!r}: git sources are fetched by {', '.join(PROTOCOLS)} only")
    if parts.scheme != "file" and not parts.hostname:
        raise UsageError(f"{public_url(url)!r} names no host")
    if (parts.hostname or "").startswith("-") or (parts.username or "").startswith("-") or parts.path.startswith("-"):
        raise UsageError(f"{public_url(url)!r} is not a URL of a git repository")


def check_ref(ref: str) -> None:
    """Raise `UsageError` for what cannot be the name of a branch, a tag or a commit (git-check-ref-format)."""
    if not ref or ref[0] in "-/" or ref.endswith(("/", ".lock", ".")) or ".." in ref or "@{" in ref or "//" in ref:
        raise UsageError(f"{ref!r} is not the name of a branch, a tag or a commit")
    if any(c <= " " or c in "~^:?*[\\\x7f" for c in ref):
        raise UsageError(f"{ref!r} is not the name of a branch, a tag or a commit")


def public_url(url: str) -> str:
    """Return a URL without login names, passwords, tokens or a query; an ssh login name stays."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    if parts.scheme == "ssh" and parts.username:
        place = f"{parts.username}@{place}"
    return urlunsplit((parts.scheme, place, parts.path, "", ""))


def is_network(url: str) -> bool:
    """Return whether a remote's URL means the same place on any machine."""
    if "://" in url:
        return urlsplit(url).scheme in PROTOCOLS and urlsplit(url).scheme != "file"
    return bool(_SCP.match(url))


def name_of(url: str) -> str:
    """Return a repository's name by its URL: the path without ".git", such as "owner/repository"."""
    path = urlsplit(url).path if "://" in url else url.partition(":")[2]
    return path.strip("/").removesuffix(".git").rstrip("/") or url


def mirror_path(url: str, cache: Path) -> Path:
    """Return where under `cache` the mirror of a URL lies."""
    return cache / "git" / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.git"


def clone(url: str, target: Path) -> None:
    """Make a bare mirror with every reference; raise `SourceError` where that fails. Complete or absent."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), whole_folder(target) as mirror:  # another process may be first, with the same
        _git(url, "clone", "--quiet", "--mirror", "--template=", "--no-recurse-submodules", "--", url, str(mirror))
        # What git notes down would keep a token of the URL on disk.
        _git(url, "-C", str(mirror), "config", "remote.origin.url", public_url(url))


def is_bundle(path: Path) -> bool:
    """Return whether a file is a git bundle (git: gitformat-bundle)."""
    try:
        with path.open("rb") as file:
            return re.match(rb"# v[23] git bundle\n", file.read(32)) is not None
    except OSError:
        return False


def unbundle(bundle: Path, target: Path) -> None:
    """Make a bare mirror of a bundle; raise `SourceError` where that fails. Complete or absent.

    Where a bundle does not say which branch is its HEAD, its only one is, or main, or master.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    place = str(bundle)
    with suppress(FileExistsError), whole_folder(target) as mirror:
        try:
            _git(place, "clone", "--quiet", "--mirror", "--template=", "--", str(bundle.absolute()), str(mirror))
        except SourceError as error:
            raise SourceError(
                f"{bundle} cannot be unpacked ({error}); it is damaged, or builds on commits that it does not hold: "
                "make a whole one with git bundle create FILE --all"
            ) from None
        _git(place, "-C", str(mirror), "config", "--unset", "remote.origin.url")
        names = _git(place, "-C", str(mirror), "for-each-ref", "--format=%(refname)", "refs/heads").split()
        head = _git(place, "-C", str(mirror), "symbolic-ref", "HEAD").strip()
        usual = [name for name in ("refs/heads/main", "refs/heads/master") if name in names]
        if names and head not in names and (len(names) == 1 or usual):
            _git(place, "-C", str(mirror), "symbolic-ref", "HEAD", names[0] if len(names) == 1 else usual[0])


def update(url: str, mirror: Path, ref: str) -> None:
    """Fetch all references again and, where `ref` is a commit that none reaches, that commit."""
    _git(url, "-C", str(mirror), "fetch", "--quiet", "--prune", "--no-recurse-submodules", "--", url, "+refs/*:refs/*")
    if re.fullmatch(r"[0-9a-f]{40}", ref):
        known = _run(["git", "-C", str(mirror), "cat-file", "-e", f"{ref}^{{commit}}"]).returncode == 0
        if not known:
            _git(url, "-C", str(mirror), "fetch", "--quiet", "--no-recurse-submodules", "--", url, ref)


def output(url: str, *arguments: str, settings: Sequence[str] = (), bounds: Bounds | None = None) -> str:
    """Run git and return what it prints; raise `SourceError` where it fails, with no secret of `url` in it."""
    return _git(url, *arguments, settings=settings, bounds=bounds)


def streamed(url: str, *arguments: str, settings: Sequence[str] = (), size: int = 1 << 20) -> Iterator[bytes]:
    """Run git and yield what it prints, in pieces of at most `size` bytes; raise as `output` does, at the end."""
    command = ["git", *(part for setting in (*_SETTINGS, *settings) for part in ("-c", setting)), *arguments]
    with tempfile.TemporaryFile() as wrong:
        process = subprocess.Popen(
            command, env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=wrong
        )
        assert process.stdout is not None
        try:
            while piece := process.stdout.read(size):
                yield piece
            process.wait()
        finally:
            process.kill()
            process.stdout.close()
            process.wait()
        wrong.seek(0)
        _check(url, process.returncode, wrong.read().decode("utf-8", "replace"))


def _git(url: str, *arguments: str, settings: Sequence[str] = (), bounds: Bounds | None = None) -> str:
    command = ["git", *(part for setting in (*_SETTINGS, *settings) for part in ("-c", setting)), *arguments]
    done = _run(command) if bounds is None else _run_bounded(url, command, bounds)
    _check(url, done.returncode, done.stderr)
    return done.stdout


def _check(url: str, status: int, said: str) -> None:
    """Raise `SourceError` where git failed, with no secret of `url` in what it said."""
    if status:
        said = said.replace(url, public_url(url))
        for secret in (urlsplit(url).password, urlsplit(url).username):
            if secret is not None and len(secret) > 3:
                said = said.replace(secret, "...")
        lines = [line for line in said.splitlines() if line.strip()]
        why = next((line for line in reversed(lines) if line.startswith(("fatal:", "ERROR:", "remote:"))), "")
        raise SourceError(
            f"{public_url(url)} could not be fetched: {why or ' '.join(lines[-1:]) or 'git gave no reason'}; check the "
            "URL and your access to it"
        )


def _run_bounded(url: str, command: list[str], bounds: Bounds) -> subprocess.CompletedProcess[str]:
    """Run git within bounds: time, the size of any file that it writes, memory, and no way round by a proxy."""
    # The shell sets the limits, since threads of ours go on while a child is made.
    blocks, kilobytes = max(1, bounds.bytes // 512), 4 * 1024**2
    limited = ["sh", "-c", f'ulimit -f {blocks} && ulimit -v {kilobytes} && exec "$@"', "sh", *command]
    environment = {k: v for k, v in _environment().items() if not k.lower().endswith("_proxy")}
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as wrong:
        process = subprocess.Popen(
            limited, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=wrong, start_new_session=True
        )
        try:
            process.wait(bounds.seconds)
        except subprocess.TimeoutExpired:
            raise SourceError(f"{public_url(url)} gave no answer within {bounds.seconds:g} seconds") from None
        finally:
            # What git started does not stay either.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        texts = []
        for file in (said, wrong):
            file.seek(0)
            texts.append(file.read(bounds.bytes).decode("utf-8", "replace"))
    return subprocess.CompletedProcess(command, process.returncode, *texts)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _environment() -> dict[str, str]:
    if shutil.which("git") is None:
        raise SourceError("git is not installed; git sources with a URL are fetched by it")
    environment = {key: value for key, value in os.environ.items() if key not in _SURROUNDINGS}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": ":".join(PROTOCOLS), "LC_ALL": "C"}
    environment.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes -oConnectTimeout=30 -oServerAliveInterval=30")
    return environment
