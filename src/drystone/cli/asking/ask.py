"""`drystone ask`: one question, one text, answers that are spans of it."""

from __future__ import annotations

from typing import Any

import click

from drystone.cli import _options
from drystone.cli._out import echo, inline, print_json
from drystone.cli.asking.reader._options import load, max_answer_len, model_options, passage, top_k
from drystone.reader import verbs


@click.command()
@click.argument("question")
@click.option(
    "--context",
    type=click.File("r", encoding="utf-8"),
    required=True,
    help="Text file to answer from (- for standard input).",
)
@_options.option_of(verbs.ask, "--model", help="Installed model, folder or Hub id.")
@model_options
@top_k
@max_answer_len
@click.option("--json", "as_json", is_flag=True, help="Print answers as JSON.")
def command(
    question: str, context: Any, model: str, top_k: int, max_answer_len: int, as_json: bool, **given: Any
) -> None:
    """Answer QUESTION from a text, with a span copied from it and its place.

    \b
    Examples:
      drystone ask --context README.md "Which licence is it under?"
      man ls | drystone ask --context - "What does -a do?" --top-k 3
    """
    text = passage(context)
    found = verbs.ask(question, text, model=load(model, **given), top_k=top_k, max_answer_len=max_answer_len)
    if as_json:
        print_json([answer.as_dict() for answer in found])
        return
    for one in found:
        line = text.count("\n", 0, one.start) + 1
        place = f"{inline(context.name)}:{line}, characters {one.start}-{one.end}"
        echo(f"{one.text}\n    score {one.score:.3f}, {place}")
