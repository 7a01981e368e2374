"""Jupyter notebooks as scripts without outputs. Knows nothing of releases; a notebook's own bytes keep their SWHID."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import orjson

from drystone.detect.languages import detect_language
from drystone.detect.languages.tables import by_alias

#: Beginning of a comment line, by language; `#` where a language is not listed is wrong more often than no script.
_COMMENTS: Final = {
    **dict.fromkeys(
        ("Python", "R", "Julia", "Shell", "Ruby", "Perl", "Raku", "PowerShell", "Elixir", "Tcl", "GAP", "Nim"), "# "
    ),
    **dict.fromkeys(
        ("Scala", "Java", "JavaScript", "TypeScript", "C", "C++", "C#", "F#", "Go", "Rust", "Kotlin", "Groovy")
        + ("Swift", "Dart", "PHP", "D"),
        "// ",
    ),
    **dict.fromkeys(("SQL", "Lua", "Haskell", "Ada"), "-- "),
    **dict.fromkeys(("MATLAB", "Erlang", "Prolog", "TeX"), "% "),
    **dict.fromkeys(("Clojure", "Scheme", "Common Lisp", "Racket", "Emacs Lisp"), "; "),
}

#: What kernels call themselves, where Linguist has no such alias.
_KERNELS: Final = {"ir": "R", "sagemath": "Python", "sage": "Python", "pyspark": "Python", "octave": "MATLAB", "c++11": "C++", "c++14": "C++", "c++17": "C++", "ipython": "Python", "ijulia": "Julia"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NotebookScript:
    """A notebook's cells as one script (UTF-8), its language under Linguist's name, or why there is none."""

    script: bytes | None
    language: str | None
    reason: str | None


def notebook_script(data: bytes) -> NotebookScript:
    """Return code cells as they are and Markdown cells as comments, one blank line between cells, without outputs.

    This is Jupytext's light form without cell marks, as in The Stack's `jupyter` scripts; IPython magics and shell
    lines become comments, so that the rest parses. Notebook formats 3 and 4. Linear in `data`; nesting deeper than the
    JSON parser allows (1024) is a reason, not an error.
    """
    try:
        notebook = _parsed(data)
        cells = list(_cells(notebook))
        language = _language(notebook, cells)
        if language is None:
            return NotebookScript(None, None, "the notebook does not say its language, and its code does not either")
        comment = _COMMENTS.get(language)
        if comment is None:
            return NotebookScript(None, language, f"no comment syntax is known for {language}")
        parts = [_cell(kind, source, comment, language) for kind, source in cells if source.strip()]
        if not parts:
            return NotebookScript(None, language, "the notebook has no text in any cell")
        return NotebookScript(("\n\n".join(parts) + "\n").encode(), language, None)
    except _BrokenError as error:
        return NotebookScript(None, None, str(error))
    except UnicodeEncodeError:
        return NotebookScript(None, None, "a cell holds half of a surrogate pair")


class _BrokenError(Exception):
    """Why a notebook cannot be read."""


def _parsed(data: bytes) -> dict[str, Any]:
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


def _cells(notebook: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (kind, source) of code and Markdown cells, in order."""
    cells = notebook.get("cells")
    if cells is None:  # format 3
        sheets = notebook.get("worksheets")
        if not isinstance(sheets, list):
            raise _BrokenError("not a notebook: neither `cells` nor `worksheets`")
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in sheet.get("cells") or []]
    if not isinstance(cells, list):
        raise _BrokenError("not a notebook: `cells` is no list")
    found = []
    for number, cell in enumerate(cells):
        if not isinstance(cell, dict):
            raise _BrokenError(f"cell {number} is no object")
        kind = cell.get("cell_type")
        source = cell.get("source", cell.get("input", ""))
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            raise _BrokenError(f"the source of cell {number} is no text")
        if kind in ("code", "markdown"):
            found.append((kind, source))
    return found


def _language(notebook: dict[str, Any], cells: list[tuple[str, str]]) -> str | None:
    metadata = notebook.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    for key, field in (("language_info", "name"), ("kernelspec", "language"), ("kernelspec", "name")):
        part = metadata.get(key)
        said = part.get(field) if isinstance(part, dict) else None
        if isinstance(said, str):
            word = said.lower()
            language = _KERNELS.get(word) or by_alias().get(word) or by_alias().get(word.rstrip("0123456789.-"))
            if language:
                return language
    if "language" in str(metadata.get("language", "")) or not cells:
        return None
    said = next((c.get("language") for c in notebook.get("cells") or [] if isinstance(c, dict)), None)
    if isinstance(said, str) and said.lower() in by_alias():
        return by_alias()[said.lower()]
    code = "\n".join(source for kind, source in cells if kind == "code")
    return detect_language(None, code.encode("utf-8", "replace"))


def _cell(kind: str, source: str, comment: str, language: str) -> str:
    lines = source.rstrip().splitlines()
    if kind == "markdown":
        return "\n".join((comment + line).rstrip() for line in lines)
    if lines and lines[0].startswith("%%"):
        # A cell magic hands the whole cell to something else.
        return "\n".join((comment + line).rstrip() for line in lines)
    if language in ("Python", "Julia"):
        lines = [comment + line if line.lstrip()[:1] in ("%", "!", "?") else line for line in lines]
    return "\n".join(lines)
