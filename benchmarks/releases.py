"""How releases last: kept formats that verify and read, texts in NOTICE that nothing rests on, files that a new
detector with a column touches. `python -m benchmarks.releases` prints the rows; each function gives one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.release.kept import kept_formats, verified_and_read

import drystone
from drystone.detect.licenses.matching.references import facts as spdx_licenses
from drystone.policy.licensed import speaks_for
from drystone.release.documents.notice import read_notices
from drystone.release.manifest import FORMAT_VERSION
from drystone.release.read import Release, open_release

_TREE: Final = Path(__file__).parents[1]
#: Licences of the code that is kept in the corpora, beside several hundred texts that nothing kept rests on.
_KEPT: Final = ("MIT", "Apache-2.0", "BSD-3-Clause", "ISC", "Zlib")


@dataclass(frozen=True)
class Older:
    """Kept releases that were verified without a problem and read whole, of all."""

    good: int
    all: int
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class Texts:
    """Texts of a NOTICE: all, those that no evidence of a kept file names, and notice files beside named ones."""

    corpus: str
    all: int
    unnamed: int
    beside: int
    licenses: int


def older_formats() -> Older:
    """Verify and read the kept release of each format."""
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in kept_formats():
            report = verified_and_read(name, Path(scratch))
            if not report.holds:
                wrong.append(f"{name}: {report.problems}")
    return Older(len(kept_formats()) - len(wrong), len(kept_formats()), tuple(wrong))


def unnamed_texts() -> list[Texts]:
    """Build a release of each of three corpora that are full of licence texts, and count those of its NOTICE."""
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, files in (("REUSE", _reuse()), ("third parties", _third_parties()), ("texts as data", _data())):
            source = Path(scratch) / name.replace(" ", "-")
            for path, text in files:
                (source / path).parent.mkdir(parents=True, exist_ok=True)
                (source / path).write_text(text)
            release = drystone.build([f"folder:{source}"], source.with_suffix(".release"), threads=1)
            found.append(texts_of(name, release))
    return found


def texts_of(corpus: str, release: Release) -> Texts:
    """Count the texts of a release's NOTICE. Raises `ValueError` where nothing was kept, which would pass for none."""
    named: set[tuple[str, str | None]] = set()
    licenses: set[str | None] = set()
    for row in release.files(columns=["origin", "license_evidence", "license_expression"]):
        licenses.add(row["license_expression"])
        for piece in row["license_evidence"]:
            if speaks_for(piece["expression"], row["license_expression"]):
                named.add((row["origin"], piece["swhid"]))
    notices = read_notices(release.path, release.manifest.format_version)
    if not licenses or not notices:
        raise ValueError(f"{corpus}: nothing was kept, or no text; this measures nothing")
    unnamed = beside = 0
    for notice in notices:
        if any((place.origin, place.swhid) in named for place in notice.places):
            continue
        if all((place.origin, place.beside) in named for place in notice.places):
            beside += 1
        else:
            unnamed += 1
    return Texts(corpus, len(notices), unnamed, beside, len(licenses))


def _code(number: int, license_: str | None = None) -> str:
    head = f"# SPDX-License-Identifier: {license_}\n" if license_ else ""
    return f"{head}def stone_{number}(weight):\n    return weight * {number} + {number * 7 % 11}\n"


def _license_text(name: str) -> str:
    return spdx_licenses()[name]["text"]


def _listed() -> list[str]:
    return sorted(spdx_licenses())


def _reuse() -> Iterator[tuple[str, str]]:
    """A repository as REUSE has it: every text of SPDX in LICENSES/, code under five of them."""
    yield "LICENSE", _license_text("MIT")
    yield "src/own.py", _code(1001)
    for name in _listed():
        yield f"LICENSES/{name}.txt", _license_text(name)
    for number, name in enumerate(_KEPT):
        yield f"src/{number}.py", _code(number, name)


def _third_parties() -> Iterator[tuple[str, str]]:
    """A repository with vendored folders, each with its licence; code was kept of five, of the others there is none."""
    yield "LICENSE", _license_text("MIT")
    yield "src/stone.py", _code(1000)
    yield "NOTICE", "Stones\nCopyright 2020 Ann\n"
    for number, name in enumerate(_listed()):
        yield f"third_party/{name}/LICENSE", _license_text(name)
        if name in _KEPT:
            yield f"third_party/{name}/stone.py", _code(number)


def _data() -> Iterator[tuple[str, str]]:
    """A package of licence texts, as tools that detect them have it."""
    yield "LICENSE", _license_text("Apache-2.0")
    for number in range(5):
        yield f"tool/{number}.py", _code(number)
    for name in _listed():
        yield f"tool/data/{name}.LICENSE", _license_text(name)


#: The column that is added, as a contributor would.
_MODULE: Final = '''"""Whether a text has a tab in it."""

from __future__ import annotations


def annotate(text: bytes, name: str) -> bool:
    """Return whether there is one."""
    return b"\\t" in text
'''
_TEST: Final = """from drystone.detect.columns.has_tab import annotate


def test_tabs_are_found() -> None:
    assert annotate(b"a\\tb", "a.py")
    assert not annotate(b"a b", "a.py")
"""
_ENTRY: Final = '    has_tab: Annotated[bool, _found(pa.bool_(), "Whether the text has a tab in it.", since={})]\n'
_BEFORE: Final = "\n\nclass LedgerRow(TypedDict):"
_BUILD: Final = """
import sys
sys.meta_path = [finder for finder in sys.meta_path if type(finder).__module__ != "_editable_skbc_drystone"]
import drystone
assert drystone.__file__.startswith(sys.argv[1]), drystone.__file__
release = drystone.build(["folder:" + sys.argv[2]], sys.argv[3], threads=1)
print(sorted((row["path"], row["has_tab"]) for row in release.files(columns=["path", "has_tab"])))
assert drystone.verify(release.path).holds
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", sys.argv[1] + "/tests/detect/columns/test_has_tab.py"]))
"""


def files_for_a_detector() -> list[str]:
    """Add a detector with a column and a test to a copy of the tree, build with it, and return the files touched.

    This program, which does not know the column, then reads the release. Raises `RuntimeError` where any of it fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        for part in ("src", "tests"):
            shutil.copytree(_TREE / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
        _link_kernels(tree)
        before = _contents(tree)
        (tree / "src/drystone/detect/columns/has_tab.py").write_text(_MODULE)
        (tree / "tests/detect/columns/test_has_tab.py").write_text(_TEST)
        table = tree / "src/drystone/release/columns.py"
        entry = _ENTRY.format(FORMAT_VERSION + 1)
        table.write_text(table.read_text().replace(_BEFORE, f"\n{entry.rstrip()}{_BEFORE}", 1))
        touched = sorted(path for path, text in _contents(tree).items() if before.get(path) != text)
        source = Path(scratch) / "code"
        source.mkdir()
        (source / "LICENSE").write_text(_license_text("MIT"))
        (source / "a.py").write_text("def a():\n\treturn 1\n\n\nprint(a())\n")
        (source / "b.py").write_text("def b():\n    return 2\n\n\nprint(b())\n")
        _run(tree, source, Path(scratch) / "release")
        release = open_release(Path(scratch) / "release")
        if release.manifest.unknown() != ["data: has_tab"] or not drystone.verify(release.path).holds:
            raise RuntimeError(f"this program does not read what the other wrote: {release.manifest.unknown()}")
        return touched


def _run(tree: Path, source: Path, output: Path) -> None:
    path = os.pathsep.join([str(tree / "src"), str(tree)])
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, str(tree), str(source), str(output)],
        env={**os.environ, "PYTHONPATH": path},
        cwd=tree.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or "('/a.py', True), ('/b.py', False)" not in done.stdout:
        raise RuntimeError(f"the build with one more column: {done.stdout}{done.stderr}")


def _contents(tree: Path) -> dict[str, bytes]:
    return {
        path.relative_to(tree).as_posix(): path.read_bytes()
        for path in tree.rglob("*")
        if path.is_file() and path.suffix in {".py", ".json", ".toml", ".md"}
    }


def _link_kernels(tree: Path) -> None:
    """Put the compiled kernels beside the copied modules."""
    for room in ("dedup", "detect", "reader", "search"):
        spec = find_spec(f"drystone.{room}._kernel")
        if spec is not None and spec.origin is not None:
            shutil.copy(spec.origin, tree / "src/drystone" / room)


def main() -> None:
    """Print the rows."""
    older = older_formats()
    print(f"releases of older formats that verify and read: {older.good} of {older.all}", *older.wrong)
    for texts in unnamed_texts():
        print(
            f"NOTICE texts that no kept file's evidence names, {texts.corpus}: {texts.unnamed} "
            f"({texts.all} texts for {texts.licenses} expressions, {texts.beside} of them notices beside)"
        )
    touched = files_for_a_detector()
    print(f"files touched to add a detector with a column and a test: {len(touched)}: {', '.join(touched)}")


if __name__ == "__main__":
    main()
