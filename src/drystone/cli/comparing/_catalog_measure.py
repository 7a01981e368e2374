"""`drystone catalog measure` and `measure-reader`: facts of one's own about a dataset or a reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from drystone.catalog import verbs
from drystone.cli import _options
from drystone.cli._options import option_of
from drystone.cli._out import console, echo, inline, print_json, table

if TYPE_CHECKING:
    from drystone.catalog.measuring.dataset import MeasuredFacts


_into = click.option("--into", help="The artifact of the catalog whose passport takes these facts.")


@click.command()
@click.argument("source")
@option_of(verbs.measure_dataset, "--files", type=click.IntRange(1), help="Files to draw, at most about.")
@option_of(verbs.measure_dataset, "--size", type=click.IntRange(1), help="Bytes to draw, at most about.")
@option_of(verbs.measure_dataset, "--seed", type=int, help="What the sample is drawn by.")
@click.option("--text", help="Column of the contents.  [default: content, or one that is known]")
@click.option(
    "--benchmark", "benchmarks", multiple=True, type=click.Path(path_type=Path),
    help='JSON Lines with a "text" each, to look for.',
)  # fmt: skip
@click.option("--registry", help="A registry of requests to look the files up in: a file, or a database URL.")
@_into
@_options.catalog_to_change
@_options.as_json
def measure(
    source: str, files: int, size: int, seed: int, text: str | None, benchmarks: tuple[Path, ...],
    registry: str | None, into: str | None, catalog: str, as_json: bool,
) -> None:  # fmt: skip
    """Measure a sample of SOURCE: licences, secrets, duplicates, generated files, opt-outs, benchmarks.

    SOURCE is Parquet (a file, a folder, a release), or one repository (a folder, a git repository, an archive). What
    only the files that were not drawn could tell makes an interval wide.

    \b
    Examples:
      drystone catalog measure releases/mine
      drystone catalog measure the-stack-v2-sample/ --files 5000 --into the-stack-v2
      drystone catalog measure data.parquet --benchmark humaneval.jsonl --registry registry.sqlite
    """
    found = verbs.measure_dataset(
        source, files=files, size=size, seed=seed, text=text, benchmarks=benchmarks, registry=registry, into=into,
        catalog=catalog,
    )  # fmt: skip
    _show(found, into, as_json)


@click.command("measure-reader")
@click.argument("model")
@click.argument("questions", metavar="SET", type=click.Path(path_type=Path))
@click.option("--most", type=click.IntRange(1), help="Questions to draw.  [default: all]")
@option_of(verbs.measure_reader, "--seed", type=int, help="What the questions are drawn by.")
@_into
@_options.catalog_to_change
@_options.as_json
def measure_reader(
    model: str, questions: Path, most: int | None, seed: int, into: str | None, catalog: str, as_json: bool
) -> None:
    """Measure the reader MODEL on SET, a file in SQuAD's form: F1, exact match, speed and memory.

    \b
    Examples:
      drystone catalog measure-reader mini dev-v1.1.json --most 500
      drystone catalog measure-reader mini dev-v1.1.json --into mini
    """
    found = verbs.measure_reader(model, questions, most=most, seed=seed, into=into, catalog=catalog)
    _show(found, into, as_json)


def _show(found: MeasuredFacts, into: str | None, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [(fact.name, fact.text, f"settled by {fact.settled_by}" if fact.settled_by else "") for fact in found.facts]
    console().print(table(["fact", "value (95 %)", ""], rows))
    echo(inline(found.said))
    if into is not None:
        echo(f"The passport of {inline(into)} has these facts now.")


COMMANDS = (measure, measure_reader)
