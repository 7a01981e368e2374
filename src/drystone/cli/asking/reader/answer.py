"""`drystone reader answer`: answers from one passage, with scores and places."""

from __future__ import annotations

import json
from typing import Any

import click

from drystone.cli.asking.reader._options import load, model_options, passage


@click.command()
@click.argument("model")
@click.argument("question")
@click.argument("context", type=click.File("r", encoding="utf-8"))
@model_options
@click.option("--top-k", type=click.IntRange(1, 1000), default=1, show_default=True, help="Answers to give.")
@click.option("--handle-impossible-answer", is_flag=True, help="Let the empty answer compete.")
@click.option("--max-answer-len", type=click.IntRange(min=1), default=15, show_default=True, help="In tokens.")
@click.option("--json", "as_json", is_flag=True, help="Print answers as JSON.")
def command(model: str, question: str, context: Any, as_json: bool, **given: Any) -> None:
    """Answer QUESTION from the text in the file CONTEXT (- for standard input).

    \b
    Examples:
      drystone reader answer distilbert-base-cased-distilled-squad "Who wrote it?" passage.txt
      man ls | drystone reader answer ./model "What does -a do?" - --top-k 3 --json
    """
    asked = {name: given.pop(name) for name in ("top_k", "handle_impossible_answer", "max_answer_len")}
    text = passage(context)
    found = next(load(model, **given).stream([(question, text)], **asked))
    if as_json:
        click.echo(json.dumps([answer.as_dict() for answer in found], indent=2))
        return
    for one in found:
        line = text.count("\n", 0, one.start) + 1
        click.echo(f"{one.score:.3f}  {one.text!r}  (characters {one.start}-{one.end}, line {line})")
