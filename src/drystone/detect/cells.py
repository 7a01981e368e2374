"""What is no code in a notebook's code cell becomes comments, so that the rest parses. Knows nothing of JSON.

IPython takes lines that Python does not: magics (`%time`, `%%bash`), shell lines (`!ls`), questions (`df?`), and
assignments of them (`files = !ls`). Which lines may be such is told by Python's own rule for where a statement begins:
not within brackets, strings of three quotes, or behind a backslash. Syntax as in IPython's documentation
("Input transformation", "Built-in magic commands").
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import Final

#: Cell magics whose cell is code of the kernel's language: they time it, catch its output or run it elsewhere.
_RUNNING: Final = frozenset(
    {
        "time", "timeit", "capture", "prun", "debug", "tb", "px", "memit", "mprun", "lprun", "snakeviz", "scalene",
        "pyinstrument", "heat", "notify", "skip", "wandb", "python", "python3", "python2", "py", "ipytest",
        "run_pytest", "run_pytest[clean]", "export", "matplotlib",
    }
)  # fmt: skip
#: Line magics that work without their percent sign, where no variable is called so.
_AUTOMAGIC: Final = frozenset(
    {
        "pip", "conda", "mamba", "cd", "ls", "ll", "cat", "cp", "mv", "rm", "mkdir", "rmdir", "pwd", "less", "more",
        "man", "run", "load", "load_ext", "reload_ext", "autoreload", "matplotlib", "pylab", "time", "timeit", "env",
        "store", "who", "whos", "who_ls", "reset", "history", "config", "pinfo", "psearch", "precision",
    }
)  # fmt: skip
_ESCAPE: Final = re.compile(r"[ \t]*(?:[!?]|%{1,2}[A-Za-z_]|[/,;][A-Za-z_])")
_QUESTION: Final = re.compile(r"[ \t]*%{0,2}[\w.*]+(?:\[[^\]]*\])?\?{1,2}[ \t]*$")
_ASSIGNED: Final = re.compile(
    r"([ \t]*[A-Za-z_](?:[\w.,: \t*|]|\[(?:[^\[\]'\"]|'[^']*'|\"[^\"]*\")*\])*=[ \t]*)((?:![^=]|%[A-Za-z_]).*)$"
)
_TIMED: Final = re.compile(r"([ \t]*)%time[ \t]+(.+)$")
_FIRST_WORD: Final = re.compile(r"[ \t]*([A-Za-z_]\w*)[ \t]+\S")
_PROMPT: Final = re.compile(r"(?:>>>|In \[\d+\]:|\.\.\.|[ \t]*\.\.\.+:)(?: |$)")
#: What a scan of one line of Python meets, a string of one quote being taken whole, to the line's end if it is open.
_PIECE: Final = re.compile(
    r"(?P<triple>'''|\"\"\")|'(?:[^'\\]|\\.)*(?:'|\\?\Z)|\"(?:[^\"\\]|\\.)*(?:\"|\\?\Z)|"
    r"(?P<comment>#)|(?P<open>[(\[{])|(?P<close>[)\]}])"
)
#: Lines at the top of a cell that are the kernel's and not the language's, by language.
_COMMANDS: Final = {
    "Julia": re.compile(r"[;?\]]|%[A-Za-z]"),
    **dict.fromkeys(("C#", "F#", "PowerShell", "JavaScript", "TypeScript"), re.compile(r"#!|%{1,2}[A-Za-z]|#r ")),
    **dict.fromkeys(("Kotlin", "Java", "Scala", "Groovy", "C++", "Rust", "Go"), re.compile(r"%{1,2}[A-Za-z]")),
}  # fmt: skip


def commented(source: str, comment: str) -> str:
    """Return every line of a text as a comment."""
    return "\n".join((comment + line).rstrip() for line in source.rstrip().splitlines())


def cell_code(source: str, comment: str, language: str) -> str:
    """Return a code cell with what is no code of `language` as comments. Linear in `source`."""
    lines = re.split(r"\r\n|\r|\n", source.rstrip())
    kept: list[str] = []
    for line in lines:
        if line.strip() and not line.lstrip().startswith("%%"):
            break
        magic = line.split()[0][2:] if line.strip() else ""
        if magic and magic not in _RUNNING:
            # The whole cell is handed to something else.
            return "\n".join([*kept, commented("\n".join(lines[len(kept) :]), comment)])
        kept.append((comment + line).rstrip() if line.strip() else "")
    lines = lines[len(kept) :]
    if language == "Python":
        return "\n".join([*kept, *_python(_unprompted(lines))])
    command = _COMMANDS.get(language)
    if command is not None:
        lines = [comment + line if command.match(line) else line for line in lines]
    return "\n".join([*kept, *lines])


def _unprompted(lines: list[str]) -> list[str]:
    """Return lines without prompts, or the first line's indentation, as IPython takes them off."""
    first = next((line for line in lines if line.strip()), "")
    if re.match(r">>> |In \[\d+\]: ", first):
        return [_PROMPT.sub("", line) for line in lines]
    indentation = first[: len(first) - len(first.lstrip())]
    return [line.removeprefix(indentation) for line in lines] if indentation else lines


class _Reader:
    """Follows Python from line to line: whether the next one begins a statement."""

    def __init__(self) -> None:
        self.quotes = ""
        self.depth = 0
        self.continued = False

    @property
    def begins(self) -> bool:
        return not (self.quotes or self.depth or self.continued)

    def read(self, line: str) -> None:
        position = 0
        ended = len(line)
        while position < len(line):
            if self.quotes:
                end = _closing(line, self.quotes, position)
                if end < 0:
                    self.continued = False
                    return
                self.quotes, position = "", end
                continue
            found = _PIECE.search(line, position)
            if found is None:
                break
            position = found.end()
            if found["triple"]:
                self.quotes = found["triple"]
            elif found["comment"]:
                ended = found.start()
                break
            elif found["open"]:
                self.depth += 1
            elif found["close"]:
                self.depth = max(0, self.depth - 1)
        self.continued = ended == len(line) and line.endswith("\\") and not self.quotes


def _closing(line: str, quotes: str, start: int) -> int:
    """Return where a string of three quotes ends on this line, -1 where it goes on."""
    while True:
        end = line.find(quotes, start)
        if end < 0:
            return -1
        before = line[start:end]
        if (len(before) - len(before.rstrip("\\"))) % 2 == 0:
            return end + 3
        start = end + 1


def _python(lines: list[str]) -> list[str]:
    reader, made, number = _Reader(), [], 0
    while number < len(lines):
        line = lines[number]
        number += 1
        replaced = _replaced(line) if reader.begins else None
        if replaced is None:
            reader.read(line)
            made.append(line)
            continue
        made.append(replaced)
        indentation = line[: len(line) - len(line.lstrip())]
        while line.endswith("\\") and number < len(lines):
            line = lines[number]
            number += 1
            made.append(f"{indentation}# {line.strip()}".rstrip())
    return made


def _replaced(line: str) -> str | None:
    """Return what stands for a line that begins a statement; None where it is Python."""
    timed = _TIMED.match(line)
    if timed and not timed[2].startswith("-") and _parses(timed[2]):
        return f"{timed[1]}{timed[2]}  # %time"
    assigned = _ASSIGNED.match(line)
    if assigned:
        return f"{assigned[1].rstrip()} None  # {assigned[2]}"
    if _ESCAPE.match(line) or _QUESTION.match(line) or _is_automagic(line):
        text = line.lstrip()
        indentation = line[: len(line) - len(text)]
        # A block of nothing but such lines must not be empty.
        return f"{indentation}{'pass  ' if indentation else ''}# {text}"
    return None


def _is_automagic(line: str) -> bool:
    found = _FIRST_WORD.match(line)
    return found is not None and found[1] in _AUTOMAGIC and not _parses(line.strip())


def _parses(line: str) -> bool:
    if len(line) > 2000:
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(line)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
