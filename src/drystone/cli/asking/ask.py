"""`drystone ask`: one question, one text, answers that are spans of it."""

from __future__ import annotations

import json
from typing import Any

import click

from drystone.cli.asking.reader._options import load, model_options, passage


@click.command()
@click.argument("question")
@click.option(
    "--context",
    type=click.File("r", encoding="utf-8"),
    required=True,
    help="Text file to answer from (- for standard input).",
)
@click.option("--model", default="mini", show_default=True, help="Installed model, folder or Hub id.")
@model_options
@click.option("--top-k", type=click.IntRange(1, 1000), default=1, show_default=True, help="Answers to give.")
@click.option("--json", "as_json", is_flag=True, help="Print answers as JSON.")
def command(question: str, context: Any, model: str, top_k: int, as_json: bool, **given: Any) -> None:
    """Answer QUESTION from a text, with a span copied from it and its place.

    \b
    Examples:
      drystone ask --context README.md "Which licence is it under?"
      man ls | drystone ask --context - "What does -a do?" --top-k 3
    """
    text = passage(context)
    found = next(load(model, **given).stream([(question, text)], top_k=top_k, max_answer_len=30))
    if as_json:
        click.echo(json.dumps([answer.as_dict() for answer in found], indent=2))
        return
    for one in found:
        line = text.count("\n", 0, one.start) + 1
        click.echo(f"{one.text}\n    score {one.score:.3f}, {context.name}:{line}, characters {one.start}-{one.end}")
