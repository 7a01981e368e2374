"""What commands on a reader share: options, loading a model, reading a text, writing a page."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from drystone.reader import Reader


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a model is loaded."""
    for option in (
        click.option("--revision", help="Branch, tag or commit of a Hub model."),
        click.option("--offline", is_flag=True, help="Use the Hub's local cache only."),
        click.option(
            "--runtime",
            type=click.Choice(["auto", "openvino", "onnxruntime", "packed", "torch"]),
            default="auto",
            show_default=True,
        ),
        click.option(
            "--precision", type=click.Choice(["auto", "fp32", "bf16", "int8"]), default="fp32", show_default=True
        ),
        click.option(
            "--threads", type=click.IntRange(1, 1024), help="Windows computed at once (default: all processors)."
        ),
    ):
        command = option(command)
    return command


def load(model: str, **settings: Any) -> Reader:
    """Load a reader and say on a terminal what was chosen."""
    from drystone.reader import Reader

    settings["offline"] = settings.get("offline") or None
    reader = Reader.load(model, **settings)
    if sys.stderr.isatty() or settings.get("precision") == "auto":
        click.echo(f"{reader.name}: {reader.reason}", err=True)
    return reader


def progress(what: str) -> Callable[[int, int], None]:
    """Return a report(done, total): a line that is rewritten on a terminal, a line a tenth elsewhere."""
    last = [-1]

    def report(done: int, total: int) -> None:
        tenth = 10 * done // max(1, total)
        if sys.stderr.isatty():
            click.echo(f"\r{done:,} of {total:,} {what}" + ("\n" if done == total else ""), nl=False, err=True)
        elif tenth != last[0]:
            last[0] = tenth
            click.echo(f"{done:,} of {total:,} {what}", err=True)

    return report


def passage(context: Any) -> str:
    """Read a text file, or say that it is not one."""
    try:
        return str(context.read())
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{context.name} is not UTF-8 text ({error.reason} at byte {error.start}).") from None


def write(path: Path, text: str) -> None:
    """Write a page, and say where."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be written ({error.strerror}).") from None
    click.echo(f"wrote {path}", err=True)


to_file = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write; its ending says how."
)
window_length = click.option("--max-seq-len", type=click.IntRange(min=8), help="Tokens in a window.")
