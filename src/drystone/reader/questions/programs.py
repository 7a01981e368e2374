"""What Python source says of itself: options of its commands, defaults, functions by their docstring, and errors."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Final

from drystone.reader.questions.phrases import AskedFact, about, clause

_Function = ast.FunctionDef | ast.AsyncFunctionDef
#: Verbs with which a docstring begins, and how a question says them.
_VERB: Final = re.compile(
    r"^(?P<verb>(?i:add|adjust|allocate|allow|append|apply|assert|assign|attach|bind|break|build|calculate|call|cancel"
    r"|check|clean|clear|close|collect|combine|compare|compile|compute|configure|connect|construct|convert|copy|count"
    r"|create|decide|decode|define|delete|detach|detect|determine|disable|display|download|drop|dump|emit|enable|encode"
    r"|ensure|escape|evaluate|execute|expand|extract|fetch|fill|filter|find|flatten|format|generate|get|give|group"
    r"|handle|hash|hold|import|include|indicate|insert|inspect|install|invoke|iterate|join|keep|list|load|lock|log|look"
    r"|make|map|mark|match|merge|modify|move|normalize|open|parse|perform|pop|prepare|print|process|produce|provide"
    r"|push|put|query|quote|raise|read|receive|record|refresh|register|reload|remove|rename|render|replace|report"
    r"|represent|reset|resolve|restart|restore|retrieve|return|reverse|rotate|run|save|scan|search|select|send"
    r"|serialize|set|show|sort|split|start|stop|store|strip|submit|sum|take|tell|test|transform|translate|unlock|unpack"
    r"|update|upload|use|validate|verify|wait|walk|wrap|write|yield))(?:e?s)? (?P<rest>[a-z].*)$"
)
#: What reads a variable of the environment.
_ENVIRONMENT: Final = frozenset({"os.environ.get", "environ.get", "os.getenv", "getenv"})
_NAME: Final = re.compile(r"(?:def|class)\s+(\w+)")


class _Places:
    """Where nodes stand, in characters: `ast` counts lines and bytes."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Return the first character of a node and that after its last."""
        end_line, end = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self._at(node.lineno, node.col_offset), self._at(end_line, end)

    def inside(self, node: ast.expr | None, text: str) -> tuple[int, int] | None:
        """Return where the value of a constant stands: a string without its quotes, where it is written as it is."""
        if not isinstance(node, ast.Constant) or node.value in (None, "", ...):
            return None
        low, high = self.span(node)
        if isinstance(node.value, str):
            low, high = low + 1, high - 1
            return (low, high) if text[low:high] == node.value else None
        return low, high

    def _at(self, line: int, column: int) -> int:
        text = self._lines[line - 1]
        return self._starts[line - 1] + (column if text.isascii() else len(text.encode()[:column].decode()))


def facts_of_python(text: str) -> Iterator[AskedFact]:
    """Yield questions over a Python file; none over one that Python cannot read, or with odd line ends."""
    if "\f" in text or "\v" in text or "\r" in text:
        return
    try:
        with warnings.catch_warnings():  # strange escapes in someone's source are none of our business
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    places = _Places(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _call(node, text, places)
        elif isinstance(node, _Function | ast.ClassDef):
            yield from _documented(node, text, places)
        if isinstance(node, _Function):
            yield from _defaults(node, text, places)
            yield from _errors(node, text, places)


def _call(node: ast.Call, text: str, places: _Places) -> Iterator[AskedFact]:
    """Options by their help (argparse, click), and environment variables with a default."""
    first = _string(node.args[0]) if node.args else None
    if first is None:
        return
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    flags = [arg for arg in node.args if (_string(arg) or "").startswith("-")]
    said = _string(named.get("help"))
    if flags and said is not None:
        flag = max(flags, key=lambda arg: len(_string(arg) or ""))
        name, at, said_at = _string(flag) or "", places.inside(flag, text), places.inside(named["help"], text)
        if at and said_at:
            yield from about(name, "option", at, said, said_at)
        if default := places.inside(named.get("default"), text):
            yield AskedFact(f"What is the default of {name}?", *default)
    if (
        ast.unparse(node.func) in _ENVIRONMENT
        and len(node.args) == 2
        and (default := places.inside(node.args[1], text))
    ):
        yield AskedFact(f"What is used where the environment variable {first} is not set?", *default)


def _string(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _documented(node: _Function | ast.ClassDef, text: str, places: _Places) -> Iterator[AskedFact]:
    first = clause((ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " "))
    match = _VERB.match(first)
    if match is None or node.name.startswith("__"):
        return
    low, _ = places.span(node)
    name = _NAME.search(text, low)
    if name is None or name[1] != node.name:
        return
    kind = "class" if isinstance(node, ast.ClassDef) else "function"
    rest = re.sub(r"[`*]", "", match["rest"]).rstrip(".")
    yield AskedFact(f"Which {kind} {_third(match['verb'].lower())} {rest}?", *name.span(1))


def _third(verb: str) -> str:
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ies"
    return verb + ("es" if verb.endswith(("s", "x", "ch", "sh")) else "s")


def _defaults(node: _Function, text: str, places: _Places) -> Iterator[AskedFact]:
    plain = [*node.args.posonlyargs, *node.args.args]
    pairs = list(zip(plain[len(plain) - len(node.args.defaults) :], node.args.defaults, strict=True))
    pairs += [(a, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is not None]
    for argument, default in pairs[:2]:
        if not isinstance(getattr(default, "value", True), bool) and (at := places.inside(default, text)):
            yield AskedFact(f"What is the default of {argument.arg} in {node.name}?", *at)


def _errors(node: _Function, text: str, places: _Places) -> Iterator[AskedFact]:
    for inner in ast.walk(node):
        raised = inner.exc if isinstance(inner, ast.Raise) else None
        if isinstance(raised, ast.Call) and isinstance(raised.func, ast.Name) and raised.args:
            said = clause(_string(raised.args[0]) or "")
            if said and "\n" not in said and said in text:
                yield AskedFact(f'Which error says "{said}"?', *places.span(raised.func))
