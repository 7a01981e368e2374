"""What commands on a reader share: options, loading a model and reading a text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from drystone.cli._options import Command, option_of
from drystone.cli._out import echo
from drystone.reader import verbs
from drystone.reader.options import Precision, Runtime

if TYPE_CHECKING:
    from drystone.reader import Reader


def model_options(command: Command) -> Command:
    """Add the options that say how a model is loaded."""
    return model_options_of(verbs.load_reader)(command)


def model_options_of(verb: Callable[..., Any]) -> Callable[[Command], Command]:
    """Return what adds the options that say how a model is loaded, with the precision that a verb has by default."""

    def add(command: Command) -> Command:
        for option in _loading(verb):
            command = option(command)
        return command

    return add


def _loading(verb: Callable[..., Any]) -> Iterable[Callable[[Command], Command]]:
    return (
        click.option("--revision", help="Branch, tag or commit of a Hub model."),
        click.option("--offline", is_flag=True, default=None, help="Use the Hub's local cache only."),
        option_of(verbs.load_reader, "--runtime", type=click.Choice(get_args(Runtime))),
        option_of(verb, "--precision", type=click.Choice(get_args(Precision))),
        click.option(
            "--threads", type=click.IntRange(1, 1024), help="Windows computed at once (default: all processors)."
        ),
        option_of(verbs.load_reader, "--device", help="cpu, or a GPU: cuda, cuda:1."),
    )


def load(model: str, **settings: Any) -> Reader:
    """Load a reader and say on a terminal what was chosen."""
    reader = verbs.load_reader(model, **settings)
    if sys.stderr.isatty() or settings.get("precision") == "auto":
        echo(f"{reader.name}: {reader.reason}", err=True)
    return reader


def passage(context: Any) -> str:
    """Read a text file, or say that it is not one."""
    try:
        return str(context.read())
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{context.name} is not UTF-8 text ({error.reason} at byte {error.start}).") from None


to_file: Callable[[Command], Command] = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write; its ending says how."
)
window_length: Callable[[Command], Command] = click.option(
    "--max-seq-len", type=click.IntRange(min=8), help="Tokens in a window."
)
align_to_words: Callable[[Command], Command] = option_of(
    verbs.ask,
    "--align-to-words/--no-align-to-words",
    help="Answers are whole words, or tokens as the model chose them.",
)
top_k: Callable[[Command], Command] = option_of(
    verbs.ask, "--top-k", type=click.IntRange(1, 1000), help="Answers to give."
)
max_answer_len: Callable[[Command], Command] = option_of(
    verbs.ask, "--max-answer-len", type=click.IntRange(min=1), help="In tokens."
)
