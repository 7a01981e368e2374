"""Text as lines of HTML, coloured by Pygments in a process of its own.

Texts come from strangers, and a lexer's expressions may take for ever on one that was made for that, so the process is
ended when it takes too long; what it cannot do is shown without colours.
`python -m drystone.web.drawing.highlight` runs it.
"""

from __future__ import annotations

import html
import resource
import struct
import subprocess
import sys
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import IO, Any, Final

import orjson

#: Characters above which a text is not coloured.
MOST: Final = 300_000
#: Characters of a line that are shown of a text that is not coloured.
LONGEST: Final = 10_000
#: Seconds that one text may take.
SECONDS: Final = 4.0
_REMEMBERED: Final = 1000
#: Bytes of memory that the process may have.
_MEMORY: Final = 1 << 30
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LENGTH: Final = struct.Struct("<I")


class Highlighter:
    """Colours texts, one at a time."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        #: Texts that took too long.
        self._slow: OrderedDict[int, None] = OrderedDict()

    def lines(
        self, text: str, language: str | None, path: str, first: int = 1, count: int | None = None
    ) -> tuple[list[str], int]:
        """Return `count` lines of a text from `first` on as HTML, and how many the text has.

        They are escaped, coloured where that can be done, odd characters made visible; of a line that is too long for a
        page its beginning.
        """
        text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        found = self._coloured(text, language, path) if len(text) <= MOST else None
        lines = text.split("\n") if found is None else found
        total = len(lines) - (not lines[-1])
        shown = lines[first - 1 : total if count is None else min(total, first - 1 + count)]
        if found is None:
            shown = [_plain(line) for line in shown]
        return [visible(line) for line in shown], total

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _coloured(self, text: str, language: str | None, path: str) -> list[str] | None:
        key = hash((text, language, path))
        if key in self._slow or not self._lock.acquire(timeout=self._seconds):
            return None
        try:
            process = self._running()
            over = threading.Timer(self._seconds, process.kill)
            over.start()
            try:
                _send(process.stdin, {"text": text, "language": language, "path": path})
                answer: list[str] | None = _receive(process.stdout)
            except (OSError, EOFError):
                self._end()
                self._slow[key] = None
                while len(self._slow) > _REMEMBERED:
                    self._slow.popitem(last=False)
                return None
            finally:
                over.cancel()
            # A lexer that loses or adds a line would put anchors at the wrong place.
            return answer if answer is not None and len(answer) == text.count("\n") + 1 else None
        finally:
            self._lock.release()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            command = [sys.executable, "-m", "drystone.web.drawing.highlight"]
            # What it says when a text breaks it would fill the server's log.
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _plain(line: str) -> str:
    if len(line) <= LONGEST:
        return html.escape(line)
    left = f"… {len(line) - LONGEST:,} more characters"
    return f'{html.escape(line[:LONGEST])}<span class="aside">{left}</span>'


def visible(line: str) -> str:
    """Make characters visible that would hide or reorder others; `line` is HTML whose tags are ASCII."""
    if line.isascii() and line.isprintable():
        return line
    return "".join(_shown(c) for c in line)


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    if character == "\t" or unicodedata.category(character) not in _HIDDEN:
        return character
    return f'<span class="hidden-character">U+{ord(character):04X}</span>'


def _send(pipe: IO[bytes] | None, message: Mapping[str, Any] | Sequence[str] | None) -> None:
    data = orjson.dumps(message)
    if pipe is None:
        raise EOFError
    pipe.write(_LENGTH.pack(len(data)) + data)
    pipe.flush()


def _receive(pipe: IO[bytes] | None) -> Any:
    head = b"" if pipe is None else pipe.read(_LENGTH.size)
    if pipe is None or len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return orjson.loads(data)


def _work() -> None:
    """Colour texts from standard input until it ends."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    while True:
        try:
            asked = _receive(sys.stdin.buffer)
        except EOFError:
            return
        lexer = _lexer(asked["language"], asked["path"])
        _send(sys.stdout.buffer, None if lexer is None else _colour(asked["text"], lexer))


def _colour(text: str, lexer: Any) -> list[str]:
    from pygments.formatters import HtmlFormatter  # noqa: PLC0415  (only the process needs it)

    drawn: list[str] = []

    class Lines:
        def write(self, piece: str) -> None:
            drawn.append(piece)

    HtmlFormatter(nowrap=True).format(lexer.get_tokens(text), Lines())
    whole = "".join(drawn)
    # The formatter ends every line, the last one too.
    return whole.split("\n") if text.endswith("\n") else whole.removesuffix("\n").split("\n")


@lru_cache(maxsize=256)
def _lexer_of(language: str | None, ending: str) -> Any:
    from pygments.lexers import find_lexer_class, get_lexer_by_name, get_lexer_for_filename  # noqa: PLC0415
    from pygments.util import ClassNotFound  # noqa: PLC0415

    keep = {"stripnl": False, "ensurenl": False}
    try:
        kind = find_lexer_class(language or "")
        return kind(**keep) if kind is not None else get_lexer_by_name((language or "").lower(), **keep)
    except ClassNotFound:
        pass
    try:
        return get_lexer_for_filename("x" + ending, **keep)
    except ClassNotFound:
        return None


def _lexer(language: str | None, path: str) -> Any:
    name = path.rpartition("/")[2]
    return _lexer_of(language, "." + name.rpartition(".")[2] if "." in name else "")


if __name__ == "__main__":
    _work()
