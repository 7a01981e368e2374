"""Makes questions over documentation without labels: a heading, or a docstring's first line, asks; the sentence below
it answers. It knows nothing of models: what it writes is a SQuAD file.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from drystone.errors import UsageError

#: Bounds of what asks and what answers, in words; answers of evaluation are at most 30 tokens.
_ASKS, _ANSWERS = (2, 16), (2, 22)
#: Characters of the units before and after that surround an answer.
_AROUND = 600
#: Units looked at to find them.
_NEAR = 8
_SUFFIXES = {".md", ".markdown", ".rst", ".py"}
#: A file larger than this is no page that a person wrote.
_LARGEST = 2 << 20

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(`*])")
_MARKUP = re.compile(
    r"!?\[([^\]]*)\]\([^)]*\)|:[a-z:]+:`~?\.?([^`<]*?)(?: <[^>]*>)?`|`{1,2}([^`]*)`{1,2}|\*\*([^*]+)\*\*"
)
_UNDERLINE = re.compile(r"^([=\-~^\"'*+#.`:_])\1{2,}$")


class Unit(NamedTuple):
    """A heading or first line, and the prose below it."""

    title: str
    prose: str


def generate(folders: Sequence[Path], license: str) -> dict[str, object]:
    """Return SQuAD v1.1 data over the .md, .rst and .py files in folders (or files), one article a file.

    `license` is that of the documentation and goes into the file. The heading itself is left out above its answer, so
    that a model learns what answers it rather than what follows it. The same files give the same data. Raises
    UsageError where nothing asks and answers.
    """
    if not license.strip():
        raise UsageError("license: name the documentation's licence, as an SPDX expression.")
    articles = []
    for name, path in _files(folders):
        units = _units(path)
        paragraphs = []
        for at, unit in enumerate(units):
            answer = _SENTENCE.split(unit.prose, maxsplit=1)[0]
            if not (_within(unit.title, _ASKS) and _within(answer, _ANSWERS) and answer != unit.title):
                continue
            before = _join(units[max(0, at - _NEAR) : at])[-_AROUND:]
            before = before[before.find("\n") + 1 :] if len(before) == _AROUND else before
            after = _join(units[at + 1 : at + 1 + _NEAR])[:_AROUND]
            context = "\n".join(part for part in (before, unit.prose, after.rsplit("\n", 1)[0]) if part)
            start = len(before) + 1 if before else 0
            assert context[start : start + len(answer)] == answer
            key = hashlib.sha256(f"{name}\0{at}\0{unit.title}".encode()).hexdigest()[:16]
            answers = [{"text": answer, "answer_start": start}]
            asked = {"id": key, "question": unit.title, "answers": answers}
            paragraphs.append({"context": context, "qas": [asked]})
        if paragraphs:
            articles.append({"title": name, "paragraphs": paragraphs})
    if not articles:
        raise UsageError(
            f"{', '.join(map(str, folders))}: no heading or docstring with a sentence below it in any "
            f"{', '.join(sorted(_SUFFIXES))} file."
        )
    return {"version": "1.1", "license": license.strip(), "data": articles}


def write(folders: Sequence[Path], license: str, out: Path) -> int:
    """Write `generate`'s data as JSON; return the number of questions."""
    data = generate(folders, license)
    articles = data["data"]
    assert isinstance(articles, list)
    try:
        out.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror}).") from None
    return sum(len(article["paragraphs"]) for article in articles)


def _files(folders: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    for folder in folders:
        if folder.is_file():
            yield folder.name, folder
        elif folder.is_dir():
            for path in sorted(folder.rglob("*")):
                if path.suffix in _SUFFIXES and path.is_file() and path.stat().st_size <= _LARGEST:
                    yield path.relative_to(folder).as_posix(), path
        else:
            raise UsageError(f"{folder}: no such file or folder.")


def _units(path: Path) -> list[Unit]:
    text = path.read_text(encoding="utf-8", errors="replace")
    return list(_docstrings(text) if path.suffix == ".py" else _sections(text))


def _docstrings(text: str) -> Iterator[Unit]:
    try:
        with warnings.catch_warnings():  # strange escapes in someone's source are none of our business
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first, _, rest = (ast.get_docstring(node) or "").partition("\n\n")
            prose = _prose(rest.split("\n\n", 1)[0].splitlines())
            if "\n" not in first and prose:
                yield Unit(_clean(first).rstrip(".:"), prose)


def _sections(text: str) -> Iterator[Unit]:
    lines = text.splitlines()
    title, body, fenced = "", list[str](), False
    for at, line in enumerate(lines):
        following = lines[at + 1] if at + 1 < len(lines) else ""
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
            continue
        if fenced:
            continue
        heading = re.match(r"#{1,6}\s+(.*?)\s*#*$", line)
        under = line.strip() and not line.startswith(" ") and _UNDERLINE.match(following.strip())
        if heading or (under and len(following.strip()) >= len(line.strip())):
            if prose := _prose(body):
                yield Unit(title, prose)
            title, body = _clean(heading[1] if heading else line).rstrip(".:"), []
        elif not _UNDERLINE.match(line.strip()):
            body.append(line)
    if prose := _prose(body):
        yield Unit(title, prose)


def _prose(lines: Sequence[str]) -> str:
    """Return the first paragraphs that are sentences: no lists, tables, code, fields or directives."""
    kept: list[str] = []
    for paragraph in "\n".join(lines).split("\n\n"):
        rows = [row for row in paragraph.splitlines() if row.strip()]
        if not rows or rows[0].startswith(("    ", "\t")) or rows[0].lstrip().startswith(
            ("-", "*", "+", "|", ">", "<", ":", "..", "@", "#", "1.")
        ):  # fmt: skip
            continue
        kept.append(_clean(" ".join(row.strip() for row in rows)))
        if sum(map(len, kept)) > 2 * _AROUND:
            break
    whole = " ".join(kept)
    return whole if re.search(r"[.!?](\s|$)", whole) else ""


def _clean(text: str) -> str:
    return " ".join(_MARKUP.sub(lambda m: next((g for g in m.groups() if g), ""), text).split())


def _join(units: Sequence[Unit]) -> str:
    return "\n".join(f"{unit.title}\n{unit.prose}" if unit.title else unit.prose for unit in units)


def _within(text: str, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= len(text.split()) <= bounds[1] and any(c.isalpha() for c in text)
