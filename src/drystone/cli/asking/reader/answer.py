"""`drystone reader answer`: answers from one passage, with scores and places."""

from __future__ import annotations

from typing import Any

import click

from drystone.cli._out import echo, print_json
from drystone.cli.asking.reader._options import align_to_words, load, max_answer_len, model_options, passage, top_k
from drystone.reader import verbs


@click.command()
@click.argument("model")
@click.argument("question")
@click.argument("context", type=click.File("r", encoding="utf-8"))
@model_options
@top_k
@click.option("--handle-impossible-answer", is_flag=True, help="Let the empty answer compete.")
@max_answer_len
@align_to_words
@click.option("--json", "as_json", is_flag=True, help="Print answers as JSON.")
def command(
    model: str,
    question: str,
    context: Any,
    top_k: int,
    handle_impossible_answer: bool,
    max_answer_len: int,
    align_to_words: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Answer QUESTION from the text in the file CONTEXT (- for standard input).

    \b
    Examples:
      drystone reader answer distilbert-base-cased-distilled-squad "Who wrote it?" passage.txt
      man ls | drystone reader answer ./model "What does -a do?" - --top-k 3 --json
    """
    text = passage(context)
    found = verbs.ask(
        question,
        text,
        model=load(model, **given),
        top_k=top_k,
        max_answer_len=max_answer_len,
        handle_impossible_answer=handle_impossible_answer,
        align_to_words=align_to_words,
    )
    if as_json:
        print_json([answer.as_dict() for answer in found])
        return
    for one in found:
        line = text.count("\n", 0, one.start) + 1
        echo(f"{one.score:.3f}  {one.text!r}  (characters {one.start}-{one.end}, line {line})")
