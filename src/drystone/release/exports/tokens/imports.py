"""The order of a repository's files in which what is imported comes before what imports it, where imports tell.

Imports are read by patterns, in the first 64 kB of a file; a name stands for the file of the same repository that it
resolves to, relative to the importing file or by the end of a path. What resolves to nothing, or to several files, says
nothing. As in DeepSeek-Coder (arXiv:2401.14196, 2.2), but by a walk in depth, so that a circle costs nothing.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import re2

_HEAD: Final = 64 << 10
#: Imports of one file that are looked at.
_MOST: Final = 1000


class SourceFile(NamedTuple):
    """A file of a repository: path (with `/` in front), language by Linguist's name, text."""

    path: str
    language: str | None
    text: str


def dependency_order(files: Sequence[SourceFile]) -> list[int]:
    """Return the places of `files`, in the order of their paths but that what a file imports comes before it."""
    names = _Names(files)
    by_path = sorted(range(len(files)), key=lambda at: files[at].path)
    done: set[int] = set()
    order: list[int] = []
    for start in by_path:
        if start in done:
            continue
        done.add(start)
        walk = [(start, names.imported(start))]
        while walk:
            at, imported = walk[-1]
            other = next((one for one in imported if one not in done), None)
            if other is None:
                order.append(at)
                walk.pop()
            else:
                done.add(other)
                walk.append((other, names.imported(other)))
    return order


class _Names:
    """Which file of a repository an imported name stands for."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self._files = files
        self._paths: dict[str, int] = {}
        self._stems: dict[str, list[int]] = defaultdict(list)
        self._last: dict[str, list[int]] = defaultdict(list)
        self._folders: dict[str, list[int]] = defaultdict(list)
        self._ends: dict[str, int | None] = {}
        for at, file in enumerate(files):
            self._paths[file.path] = at
            self._folders[posixpath.dirname(file.path)].append(at)
            for stem in _stems(file.path):
                self._stems[stem].append(at)
                self._last[posixpath.basename(stem)].append(at)

    def imported(self, at: int) -> Iterator[int]:
        """Yield the files that one imports, by its own order."""
        file = self._files[at]
        find = _FINDERS.get(file.language or "")
        if find is None:
            return
        folder = posixpath.dirname(file.path)
        for number, name in enumerate(find(file.text[:_HEAD])):
            if number == _MOST:
                return
            if name.endswith("/"):
                yield from (one for one in self._in_folder(name) if one != at)
                continue
            found = self._relative(folder, name) if name.startswith((".", "/")) else self._by_end(folder, name)
            if found is not None and found != at:
                yield found

    def _in_folder(self, name: str) -> list[int]:
        """Return the files of the folder that the end of a name names, the longest end that names one."""
        parts = name.strip("/").split("/")
        ends = (self._folders.get("/" + "/".join(parts[first:])) for first in range(len(parts)))
        return next((found for found in ends if found), [])

    def _relative(self, folder: str, name: str) -> int | None:
        return self._one(posixpath.normpath(posixpath.join(folder, name)))

    def _by_end(self, folder: str, name: str) -> int | None:
        beside = self._one(posixpath.join(folder, name))
        if beside is not None:
            return beside
        if name not in self._ends:
            self._ends[name] = self._with_end(name)
        return self._ends[name]

    def _with_end(self, name: str) -> int | None:
        stem = _without_suffix(name)
        ends = {f"/{name}", f"/{stem}"}
        found = {
            at
            for last in {posixpath.basename(name), posixpath.basename(stem)}
            for at in self._last.get(last, ())
            if any(known.endswith(end) for known in _stems(self._files[at].path) for end in ends)
        }
        return found.pop() if len(found) == 1 else None

    def _one(self, path: str) -> int | None:
        exact = self._paths.get(path)
        found = self._stems.get(path) or self._stems.get(_without_suffix(path)) or []
        return exact if exact is not None else found[0] if len(found) == 1 else None


def _without_suffix(path: str) -> str:
    return posixpath.splitext(path)[0]


def _stems(path: str) -> list[str]:
    """Return how a path may be named: without suffix; as a folder, for the file that stands for one."""
    stem = _without_suffix(path)
    folder, _, name = stem.rpartition("/")
    return [stem, path, *([folder] if name in ("__init__", "index", "mod") and folder else [])]


def _pattern(text: str) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(text, options)


_PY_FROM = _pattern(r"(?m)^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+\(?([\w, \t]*)")
_PY_IMPORT = _pattern(r"(?m)^[ \t]*import[ \t]+([\w., \t]+)")
_JS = _pattern(r"""(?:\bfrom|\bimport|\brequire\(|\bimport\()[ \t]*['"](\.[^'"\n]*)['"]""")
_C = _pattern(r'(?m)^[ \t]*#[ \t]*(?:include|import)[ \t]*["<]([^">\n]+)[">]')
_DOTTED = _pattern(r"(?m)^[ \t]*(?:import|using)[ \t]+(?:static[ \t]+)?([\w.]+)")
_GO = _pattern(r'(?m)^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?"([\w./\-]+)"')
_RUST_MOD = _pattern(r"(?m)^[ \t]*(?:pub(?:\([^)]*\))?[ \t]+)?mod[ \t]+(\w+)[ \t]*;")
_RUST_USE = _pattern(r"(?m)^[ \t]*(?:pub[ \t]+)?use[ \t]+(?:crate|super|self)::([\w:]+)")
_RUBY = _pattern(r"""(?m)^[ \t]*(require_relative|require)[ \t(]+['"]([^'"\n]+)['"]""")
_PHP = _pattern(r"""\b(?:require|include)(?:_once)?[ \t(]+(?:__DIR__[ \t]*\.[ \t]*)?['"]([^'"\n]+)['"]""")


def _python(text: str) -> Iterator[str]:
    for dots, module, names in _PY_FROM.findall(text):
        base = module.replace(".", "/")
        if dots:
            base = f"{'./' if len(dots) == 1 else '../' * (len(dots) - 1)}{base}"
        for name in names.replace(",", " ").split():
            yield f"{base}/{name}" if base else name
        if base:
            yield base
    for names in _PY_IMPORT.findall(text):
        for name in names.split(","):
            if words := name.split():
                yield words[0].replace(".", "/")


def _rust(text: str) -> Iterator[str]:
    yield from (f"./{name}" for name in _RUST_MOD.findall(text))
    for path in _RUST_USE.findall(text):
        parts = [part for part in path.split("::") if part]
        yield from ("/".join(parts[:end]) for end in range(len(parts), 0, -1))


def _ruby(text: str) -> Iterator[str]:
    for word, name in _RUBY.findall(text):
        yield f"./{name}" if word == "require_relative" else name


def _php(text: str) -> Iterator[str]:
    yield from (f"./{name.lstrip('/')}" for name in _PHP.findall(text))


def _dotted(text: str) -> Iterator[str]:
    yield from (name.replace(".", "/") for name in _DOTTED.findall(text))


def _go(text: str) -> Iterator[str]:
    """Yield packages, which are folders: hence the slash at the end."""
    yield from (f"{name}/" for name in _GO.findall(text))


_Finder = Callable[[str], Iterable[str]]
_FINDERS: Final[dict[str, _Finder]] = {
    "Python": _python,
    "Rust": _rust,
    "Ruby": _ruby,
    "PHP": _php,
    "Go": _go,
    **dict.fromkeys(("JavaScript", "TypeScript", "TSX", "Vue", "Svelte"), _JS.findall),
    **dict.fromkeys(("C", "C++", "Objective-C", "Objective-C++", "Cuda"), _C.findall),
    **dict.fromkeys(("Java", "Kotlin", "Scala", "Groovy", "C#"), _dotted),
}
