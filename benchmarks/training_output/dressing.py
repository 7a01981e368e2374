"""Python code in another dress: other names, other comments and docstrings or none, other literals."""

from __future__ import annotations

import ast
import builtins
import io
import keyword
import random
import tokenize

_WORDS = (
    "nom", "valeur", "liste", "compte", "reste", "somme", "suite", "borne", "indice", "texte", "mot", "cle", "paire",
    "pile", "arbre", "noeud", "debut", "fin", "pas", "taille", "largeur", "couleur", "mesure", "bloc", "trace",
)  # fmt: skip


def own_names(code: str) -> set[str]:
    """Return the names that a piece of code gives: functions, arguments, variables."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return {name for name in found if not hasattr(builtins, name) and not keyword.iskeyword(name) and name != "self"}


def _docstrings(code: str) -> set[int]:
    """Return the lines on which docstrings begin."""
    return {
        node.body[0].lineno
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module)
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
        and isinstance(node.body[0].value.value, str)
    }


def _said(text: str, chance: random.Random) -> str:
    """Return as many other words as a text has."""
    return " ".join(chance.choice(_WORDS) for _ in text.split()) or "rien"


def dressed(code: str, seed: int, *, rename: bool = False, comments: str = "keep", literals: bool = False) -> str:
    """Return code in another dress; it does the same unless `literals` are changed.

    `comments`, docstrings among them: "keep", "drop" or "translate" (into as many words of another language). Raises
    `SyntaxError` for what is no Python.
    """
    chance = random.Random(seed)
    names = sorted(own_names(code)) if rename else []
    new = {name: f"{chance.choice(_WORDS)}_{i}" for i, name in enumerate(names)}
    docstrings = _docstrings(code)
    edits: list[tuple[tuple[int, int], tuple[int, int], str]] = []
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.NAME and token.string in new and before != ".":
            edits.append((token.start, token.end, new[token.string]))
        elif token.type == tokenize.COMMENT and comments != "keep":
            edits.append(
                (token.start, token.end, f"# {_said(token.string, chance)}" if comments == "translate" else "")
            )
        elif token.type == tokenize.STRING and token.start[0] in docstrings and comments != "keep":
            text = _said(token.string, chance) if comments == "translate" else "."
            edits.append((token.start, token.end, f'"""{text}"""'))
        elif literals and token.type == tokenize.NUMBER:
            edits.append((token.start, token.end, str(chance.randrange(2, 99))))
        elif literals and token.type == tokenize.STRING and token.start[0] not in docstrings:
            edits.append((token.start, token.end, repr(chance.choice(_WORDS))))
        before = token.string
    return _edited(code, edits)


def _edited(code: str, edits: list[tuple[tuple[int, int], tuple[int, int], str]]) -> str:
    lines = code.splitlines(keepends=True)
    for (first, left), (last, right), text in reversed(edits):
        lines[first - 1 : last] = [lines[first - 1][:left] + text + lines[last - 1][right:]]
    return "".join(lines)
