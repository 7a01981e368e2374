"""Jupyter notebooks as scripts without outputs. Knows nothing of releases; a notebook's own bytes keep their SWHID."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson

from drystone._json import Json
from drystone.detect.cells import cell_code, commented
from drystone.detect.languages import detect_language
from drystone.detect.languages.tables import by_alias

#: Beginning of a comment line, by language; `#` where a language is not listed is wrong more often than no script.
_COMMENTS: Final = {
    **dict.fromkeys(
        ("Python", "R", "Julia", "Shell", "Ruby", "Perl", "Raku", "PowerShell", "Elixir", "Tcl", "GAP", "Nim"), "# "
    ),
    **dict.fromkeys(
        (
            *("Scala", "Java", "JavaScript", "TypeScript", "C", "C++", "C#", "F#", "Go", "Rust", "Kotlin", "Groovy"),
            *("Swift", "Dart", "PHP", "D"),
        ),
        "// ",
    ),
    **dict.fromkeys(("SQL", "Lua", "Haskell", "Ada"), "-- "),
    **dict.fromkeys(("MATLAB", "Erlang", "Prolog", "TeX"), "% "),
    **dict.fromkeys(("Clojure", "Scheme", "Common Lisp", "Racket", "Emacs Lisp"), "; "),
}

#: What kernels call themselves, where Linguist has no such alias.
_KERNELS: Final = {
    "ir": "R", "sagemath": "Python", "sage": "Python", "pyspark": "Python", "ipython": "Python", "octave": "MATLAB",
    "c++11": "C++", "c++14": "C++", "c++17": "C++", "ijulia": "Julia",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NotebookScript:
    """A notebook's cells as one script (UTF-8), its language under Linguist's name, or why there is none."""

    script: bytes | None
    language: str | None
    reason: str | None


def notebook_script(data: bytes) -> NotebookScript:
    """Return code cells as they are and Markdown cells as comments, one blank line between cells, without outputs.

    This is Jupytext's light form without cell marks, as in The Stack's `jupyter` scripts; magics, shell lines and the
    like become comments, so that the rest parses (drystone.detect.cells). Notebook formats 3 and 4. Linear in `data`;
    nesting deeper than the JSON parser allows (1024) is a reason, not an error.
    """
    try:
        notebook = _parsed(data)
        cells = _cells(notebook)
        language = _language(notebook, cells)
        if language is None:
            return NotebookScript(None, None, "the notebook does not say its language, and its code does not either")
        comment = _COMMENTS.get(language)
        if comment is None:
            return NotebookScript(None, language, f"no comment syntax is known for {language}")
        parts = [
            commented(c.source, comment) if c.kind == "markdown" else cell_code(c.source, comment, language)
            for c in cells
            if c.source.strip()
        ]
        if not parts:
            return NotebookScript(None, language, "the notebook has no text in any cell")
        return NotebookScript(("\n\n".join(parts) + "\n").encode(), language, None)
    except _BrokenError as error:
        return NotebookScript(None, None, str(error))
    except UnicodeEncodeError:
        return NotebookScript(None, None, "a cell holds half of a surrogate pair")


class _BrokenError(Exception):
    """Why a notebook cannot be read."""


class _Cell(NamedTuple):
    """A code or Markdown cell; `language` is what format 3 says of it."""

    kind: str
    source: str
    language: Json


def _parsed(data: bytes) -> dict[str, Json]:
    try:
        notebook = orjson.loads(data)
    except orjson.JSONDecodeError:
        # Outputs may hold NaN, which Python's writer emits and JSON does not have.
        try:
            notebook = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise _BrokenError(f"not JSON: {error}") from None
    if not isinstance(notebook, dict):
        raise _BrokenError("not a notebook: its JSON is no object")
    return notebook


def _listed(holder: dict[str, Json], key: str) -> list[dict[str, Json]]:
    """Return the list of objects under `key`; raises `_BrokenError` where it is something else."""
    found = holder.get(key, [])
    if not isinstance(found, list):
        raise _BrokenError(f"not a notebook: `{key}` is no list")
    objects = []
    for number, item in enumerate(found):
        if not isinstance(item, dict):
            raise _BrokenError(f"{key.removesuffix('s')} {number} is no object")
        objects.append(item)
    return objects


def _cells(notebook: dict[str, Json]) -> list[_Cell]:
    """Return the code and Markdown cells in order, each with its text."""
    if "cells" in notebook:
        cells = _listed(notebook, "cells")
    elif "worksheets" in notebook:  # format 3
        cells = [cell for sheet in _listed(notebook, "worksheets") for cell in _listed(sheet, "cells")]
    else:
        raise _BrokenError("not a notebook: neither `cells` nor `worksheets`")
    found = []
    for number, cell in enumerate(cells):
        source = cell.get("source", cell.get("input", ""))
        if isinstance(source, list):
            lines = [line for line in source if isinstance(line, str)]
            source = "".join(lines) if len(lines) == len(source) else None
        if not isinstance(source, str):
            raise _BrokenError(f"the source of cell {number} is no text")
        kind = cell.get("cell_type")
        if kind in ("code", "markdown"):
            found.append(_Cell(str(kind), source, cell.get("language")))
    return found


def _language(notebook: dict[str, Json], cells: list[_Cell]) -> str | None:
    """Return the language that the metadata or the cells name, else what the code looks like."""
    metadata = notebook.get("metadata")
    said = [cell.language for cell in cells[:1]]  # format 3 names it in each cell
    for key, field in (("kernelspec", "name"), ("kernelspec", "language"), ("language_info", "name")):
        part = metadata.get(key) if isinstance(metadata, dict) else None
        said.append(part.get(field) if isinstance(part, dict) else None)
    words = [word.lower() for word in reversed(said) if isinstance(word, str)]
    for word in words:
        language = _KERNELS.get(word) or by_alias().get(word) or by_alias().get(word.rstrip("0123456789.-"))
        if language:
            return language
    if words:
        return None
    code = "\n".join(cell.source for cell in cells if cell.kind == "code")
    return detect_language(None, code.encode("utf-8", "replace"))
