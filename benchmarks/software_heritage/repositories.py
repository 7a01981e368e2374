"""Real git repositories out of real source distributions: every version a commit, with branches, tags and odd entries.

    python -m benchmarks.software_heritage.repositories tests/data/software-heritage

writes the small ones as git bundles, the test data from which `tests/oracles/make_swh_export.py` makes an export.
The same packages give the same commits everywhere: names, dates and order are fixed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.harness import CACHE
from drystone.identity.hashes import MODE_EXECUTABLE, MODE_FILE, MODE_SUBMODULE, MODE_SYMLINK
from drystone.sources import Limits, parse_source
from drystone.sources.base import FILE

#: Nobody's configuration, a fixed person.
ENVIRONMENT: Final = {
    **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
}
_PERSON: Final = "Ada Example <ada@example.org>"
_START: Final = 1_600_000_000
#: A commit of another repository, for a submodule.
_ELSEWHERE: Final = bytes.fromhex("0d1d7fc32e5a947fbd92ee598033d85bfc445a50")


@dataclass(frozen=True)
class Recipe:
    """A repository made of a package's versions; `head` is its default branch, `origin` its URL."""

    package: str
    versions: tuple[str, ...]
    head: str = "main"

    @property
    def origin(self) -> str:
        """The URL that git source and export both give."""
        return f"https://example.org/{self.package}"


#: Small enough to lie among the tests.
SMALL: Final = (
    Recipe("six", ("1.15.0", "1.16.0", "1.17.0"), "master"),
    Recipe("iniconfig", ("1.1.1", "2.0.0")),
    Recipe("toml", ("0.10.1", "0.10.2"), "trunk"),
    Recipe("python-slugify", ("8.0.1", "8.0.4")),
)
#: At least twenty, of several languages and sizes.
ALL: Final = (
    *SMALL,
    Recipe("click", ("8.0.4", "8.1.7", "8.1.8")),
    Recipe("flask", ("2.3.3", "3.0.3", "3.1.0")),
    Recipe("jinja2", ("3.0.3", "3.1.4")),
    Recipe("requests", ("2.31.0", "2.32.3"), "devel"),
    Recipe("pygments", ("2.17.2", "2.18.0"), "master"),
    Recipe("orjson", ("3.10.10", "3.10.11"), "master"),
    Recipe("lxml", ("5.2.2", "5.3.0"), "master"),
    Recipe("pyyaml", ("6.0.1", "6.0.2")),
    Recipe("markupsafe", ("2.1.5", "3.0.2")),
    Recipe("werkzeug", ("3.0.4", "3.1.3")),
    Recipe("attrs", ("23.2.0", "24.2.0")),
    Recipe("networkx", ("3.3", "3.4.2")),
    Recipe("h5py", ("3.11.0", "3.12.1"), "master"),
    Recipe("nltk", ("3.8.1", "3.9.1"), "develop"),
    Recipe("cython", ("3.0.10", "3.0.11"), "master"),
    Recipe("aiohttp", ("3.10.10", "3.11.2"), "master"),
    Recipe("psutil", ("6.0.0", "6.1.0"), "master"),
    Recipe("regex", ("2024.9.11", "2024.11.6")),
    Recipe("gensim", ("4.3.2", "4.3.3"), "develop"),
    Recipe("zstandard", ("0.22.0", "0.23.0")),
)


def make(recipe: Recipe, folder: Path, number: int) -> Path:
    """Make a bare repository under `folder` and return its path; `number` chooses what is odd about it."""
    path = folder / f"{recipe.package}.git"
    _git(path.parent, "init", "-q", "--bare", f"--initial-branch={recipe.head}", str(path))
    _git(path, "config", "remote.origin.url", recipe.origin)
    stream = b"".join(_stream(recipe, number))
    _git(path, "fast-import", "--quiet", stdin=stream)
    _git(path, "repack", "-adq")
    return path


def _stream(recipe: Recipe, number: int) -> Iterator[bytes]:
    """Yield the commits in git's fast-import format: versions on the default branch, the first ones on others too."""
    for index, version in enumerate(recipe.versions):
        moment = _START + 86_400 * (97 * number + 31 * index)
        message = b"Version %s\n" % version.encode()
        yield b"commit refs/heads/%s\nmark :%d\n" % (recipe.head.encode(), index + 1)
        yield b"author %s %d +0200\ncommitter %s %d -0530\n" % (
            _PERSON.encode(), moment, _PERSON.encode(), moment + 3600,
        )  # fmt: skip
        yield b"data %d\n%s\n" % (len(message), message)
        if index:
            yield b"from :%d\n" % index
        yield b"deleteall\n"
        files = dict(_files(recipe.package, version))
        for path, (mode, data) in {**files, **_odd(number)}.items():
            quoted = b'"' + path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
            if mode == MODE_SUBMODULE:
                yield b"M %o %s %s\n" % (mode, data.hex().encode(), quoted)
            else:
                yield b"M %o inline %s\ndata %d\n%s\n" % (mode, quoted, len(data), data)
        tag = version.encode()
        if index % 2:
            yield b"reset refs/tags/v%s\nfrom :%d\n\n" % (tag, index + 1)
        else:
            yield b"tag v%s\nfrom :%d\ntagger %s %d +0000\ndata %d\n%s\n" % (
                tag, index + 1, _PERSON.encode(), moment + 7200, len(message), message,
            )  # fmt: skip
        if index == 0:
            yield b"reset refs/heads/stable\nfrom :1\n\nreset refs/pull/1/head\nfrom :1\n\n"


def _files(package: str, version: str) -> Iterator[tuple[bytes, tuple[int, bytes]]]:
    """Yield the files of a source distribution, without the folder that holds them all."""
    source = parse_source(f"pypi:{package}=={version}")
    cache = CACHE / "corpus"
    cache.mkdir(parents=True, exist_ok=True)
    source.fetch(cache)
    with source.open(cache, Limits(max_file_bytes=1 << 30)) as opened:
        for entry in opened.entries():
            path = entry.path.partition(b"/")[2]
            if entry.kind == FILE and entry.data is not None and path:
                yield path, (entry.mode, entry.data)


def _odd(number: int) -> dict[bytes, tuple[int, bytes]]:
    """Return what sources must tell apart, a few of them in each repository."""
    odd: list[tuple[bytes, tuple[int, bytes]]] = [
        (b"latest", (MODE_SYMLINK, b"setup.py")),
        (b"outside", (MODE_SYMLINK, b"../../etc/passwd")),
        (b"vendor/elsewhere", (MODE_SUBMODULE, _ELSEWHERE)),
        (b".gitmodules", (MODE_FILE, b'[submodule "e"]\n\tpath = vendor/elsewhere\n\turl = https://example.org/e\n')),
        (b"scripts/run me.sh", (MODE_EXECUTABLE, b"#!/bin/sh\nexec python -m setup \"$@\"\n")),
        (b"docs/caf\xe9.txt", (MODE_FILE, b"A name that is Latin-1, not UTF-8.\n")),
        (b'docs/quo"te\\back\ttab.md', (MODE_FILE, b"# Punctuation in a name\n")),
        (b"docs/two\nlines.md", (MODE_FILE, b"# A name of two lines\n")),
        ("docs/\u00fcber \U0001f600.md".encode(), (MODE_FILE, b"# A name beyond ASCII\n")),
        (b"empty.py", (MODE_FILE, b"")),
        (b"windows.py", (MODE_FILE, b"\xef\xbb\xbfprint('with a mark')\r\n" * 3)),
        (b"latin.py", (MODE_FILE, "# -*- coding: latin-1 -*-\nNAME = 'M\u00f6rtel'\n".encode("latin-1"))),
        (b"binary.dat", (MODE_FILE, bytes(range(256)) * 4)),
        (b"a/b/c/d/e/f/g/h/i/j/deep.py", (MODE_FILE, b"DEPTH = 10\n")),
    ]  # fmt: skip
    return {path: item for i, (path, item) in enumerate(odd) if (i + number) % 4 < 2 or number == 0}


def _git(folder: Path, *arguments: str, stdin: bytes = b"") -> None:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, env=ENVIRONMENT, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.decode(errors='replace')}")


def main() -> None:
    """Write the small repositories as bundles into a folder."""
    target = Path(sys.argv[1]) / "repositories"
    target.mkdir(parents=True, exist_ok=True)
    scratch = CACHE / "runs" / "bundles"
    scratch.mkdir(parents=True, exist_ok=True)
    for number, recipe in enumerate(SMALL):
        path = make(recipe, scratch, number)
        _git(path, "bundle", "create", "-q", str((target / f"{recipe.package}.bundle").resolve()), "HEAD", "--all")


if __name__ == "__main__":
    main()
