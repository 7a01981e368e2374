"""All that commands print goes through here, so that no text of a release, a file or a model reaches a terminal raw.

Control characters (escape sequences among them), bidirectional and zero-width marks are shown as `\\x1b` or `\\u202e`.
Names of files and repositories come from others: `:one:` in them is no emoji, and `[red]` no colour.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from drystone.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

#: Columns where nothing is drawn on a terminal: what reads the text shall find names and ids in one piece.
_ENDLESS: Final = 1 << 20


def inline(value: object) -> str:
    """Return a value as it may stand within a line: a line break in it is shown, too."""
    from drystone.release.layout import shown

    return shown(str(value))


def tame(text: object) -> str:
    """Return a text as it may be printed; its lines and tabs stay."""
    lines = str(text).split("\n")
    return "\n".join("\t".join(map(inline, line.split("\t"))) for line in lines)


def echo(text: object = "", *, err: bool = False, nl: bool = True, colour: str | None = None) -> None:
    """Print a text, on standard error if `err`; `colour` is its colour on a terminal."""
    tamed = tame(text)
    click.echo(click.style(tamed, fg=colour) if colour else tamed, err=err, nl=nl)


def rewrite(line: str) -> None:
    """Print a line of progress on standard error, in place of the one before where that is a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r{inline(line)}   ", nl=False, err=True)
    else:
        echo(line, err=True)


def print_json(value: Any, *, indent: bool = True, **more: Any) -> None:
    """Print plain data, dataclasses and models as JSON, over several lines or (`indent` False) in one.

    `more` joins an object.
    """
    import json

    whole = {**_plain(value), **more} if more else value
    click.echo(_tame_json(json.dumps(whole, ensure_ascii=False, indent=2 if indent else None, default=_plain)))


def write_lines(file: str, lines: Iterable[str]) -> None:
    """Write lines of JSON into a file, as they are; "-" is standard output."""
    if file == "-":
        for line in lines:
            click.echo(_tame_json(line))
        return
    with click.open_file(file, "w", encoding="utf-8") as out:
        out.writelines(line + "\n" for line in lines)


def _tame_json(text: str) -> str:
    """Return JSON with the same content, of which nothing acts on a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return "".join(f"\\u{int.from_bytes(unit, 'big'):04x}" for unit in _units(character))


def _units(character: str) -> Iterable[bytes]:
    """Yield the UTF-16 units of a character, as JSON escapes it."""
    data = character.encode("utf-16-be", "surrogatepass")
    return (data[i : i + 2] for i in range(0, len(data), 2))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, bytes):  # a path that is not UTF-8
        return value.hex()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def console(**arguments: Any) -> Console:
    """Return a console of rich's that prints what it is given as it is, tamed; `arguments` are those of its class."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class Tamed(Console):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                yield segment if segment.control else segment._replace(text=tame(segment.text))

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # rich would end the process

        def print(self, *objects: Any, **settings: Any) -> None:
            if self.is_terminal:
                super().print(*objects, **settings)
                return
            with self.capture() as printed:
                super().print(*objects, **settings)
            self.file.write("\n".join(line.rstrip() for line in printed.get().split("\n")))

    made = Tamed(highlight=False, emoji=False, markup=False, **arguments)
    if not made.is_terminal and "width" not in arguments:  # whatever COLUMNS says of the terminal behind the pipe
        made.width = _ENDLESS
    return made


def text(value: object, style: str = "") -> Text:
    """Return a piece of tamed text within a line, for a table or a console."""
    from rich.text import Text

    return Text(inline(value), style)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str | None = None,
    right: Sequence[str] = (),
    head: bool = True,
) -> Table:
    """Return a table without frames, with a `head` of the columns' names; cells may be `Text`.

    Those in `right` hold numbers.
    """
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, show_header=head)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", header_style="dim", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else text(cell) for cell in row))
    return made


def print_top(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], top: int, left: str) -> None:
    """Print the first rows of a table under a title, and how many more there are; nothing where there is none.

    `left` names the columns that hold words, by spaces; the others hold numbers.
    """
    if not rows:
        return
    words = left.split()
    out = console()
    out.print()
    out.print(table(columns, rows[:top], title=title, right=[name for name in columns if name not in words]))
    if len(rows) > top:
        out.print(text(f"and {len(rows) - top:,} more; --top {len(rows)} shows all", "dim"))


def write_text(path: Path, text: str) -> None:
    """Write a text to a file as it is. Raises `UsageError` where that cannot be."""
    try:
        path.write_text(text, "utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{inline(path)} cannot be written: {error.strerror}.") from None
