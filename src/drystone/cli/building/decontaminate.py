"""`drystone decontaminate`: a table without the tasks of benchmarks, with proofs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import click

from drystone._words import many
from drystone.cli import _options
from drystone.cli._out import echo, inline, print_json
from drystone.cli._progress import spinner
from drystone.dedup import verbs


@click.command(
    epilog="""
\b
Examples:
  drystone decontaminate code.parquet --against HumanEval.jsonl.gz -o clean
  drystone decontaminate code.parquet --against he=HumanEval.jsonl --against mbpp.jsonl -o clean --id swhid
  drystone decontaminate docs.parquet --text body --against gsm8k.parquet -o clean --threshold 0.6 --json
"""
)
@click.argument("source", metavar="IN.parquet", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--against",
    multiple=True,
    required=True,
    metavar="[NAME=]FILE",
    help="A benchmark: JSON Lines, a JSON list (both may be gzipped) or Parquet. Can be given several times.",
)
@click.option(
    "-o", "--out", "output", required=True, type=click.Path(path_type=Path), help="Folder to write; it must not exist."
)
@_options.option_of(verbs.decontaminate, "--text", help="Column of texts: string or binary.")
@click.option("--id", help="Column of unique ids, to name texts by; row numbers otherwise.")
@_options.option_of(verbs.decontaminate, "--threshold", type=float, help="Least share of a task that a text has.")
@_options.option_of(
    verbs.decontaminate,
    "--generic",
    type=click.Choice(get_args(verbs.Generic)),
    help="What becomes of texts that hold only a task so short that any program may.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def command(source: Path, output: Path, as_json: bool, **given: Any) -> None:
    """Remove texts that hold a task of a benchmark from a Parquet file, each with its proof.

    Names, literals, comments and white space make no difference to code. Writes OUT/kept.parquet, OUT/found.parquet
    (each text that holds a task: benchmark, task, overlap, lines) and OUT/method.json; formats of benchmarks are in
    docs/training-output.md.
    """
    with spinner("Looking for tasks", wanted=True):
        found = verbs.decontaminate(source, output, **given)
    if as_json:
        print_json(asdict(found))
        return
    compared = f"{many(found.texts, 'text')} against {many(found.tasks, 'task')}"
    echo(f"{compared}: {found.kept:,} kept, {found.dropped:,} dropped.")
    for name, count in found.benchmarks.items():
        echo(f"  {inline(name)}: one of its tasks is in {many(count, 'text')}")
    if found.generic:
        echo(f"Only a task so short that any program may hold it is in {many(found.generic, 'text')}.")
    out = inline(output)
    echo(f"Wrote {out}/kept.parquet, {out}/found.parquet and {out}/method.json.")
