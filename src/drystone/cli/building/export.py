"""`drystone export`: a release as rows, or in the columns of The Stack."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from drystone._words import many
from drystone.building.verbs import note_export, successor
from drystone.cli import _options
from drystone.cli._out import echo, inline, print_json
from drystone.cli._progress import Meter
from drystone.release import verbs
from drystone.release.exports.forms import Form, SplitBy
from drystone.release.exports.tokens.choice import LENGTHS, DocumentOf, FimOrder, FimSplit, Inexact
from drystone.release.layout import size_text

if TYPE_CHECKING:
    from drystone.release.exports.export import Export


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option(
    "--as",
    "form",
    type=click.Choice(get_args(Form)),
    required=True,
    help="Files as JSON Lines, Parquet or text; the columns of The Stack v2 (a file, or a repository, a row) or v3; or "
    "what models train on: documents as text, or tokens for Megatron, MosaicML, WebDataset or datatrove's Nanoset.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder of the export.")
@click.option("--columns", multiple=True, help='Columns, with commas between them; "all" for every one.')
@click.option("--split", multiple=True, help="Splits with weights, such as train=90,test=10 (default: train alone).")
@_options.option_of(
    verbs.export,
    "--split-by",
    type=click.Choice(get_args(SplitBy)),
    help="What stays together: equal bytes, or a repository.",
)
@_options.option_of(verbs.export, "--seed", type=click.IntRange(0), help="Of splits and of the order.")
@click.option("--shuffle", is_flag=True, help="Write rows in an order that the seed decides.")
@click.option("--limit", type=click.IntRange(1), help="Rows at most; with --shuffle they are a sample.")
@click.option("--tokenizer", type=click.Path(path_type=Path), help="Of tokens: a tokenizer.json.")
@_options.option_of(
    verbs.export,
    "--documents",
    type=click.Choice(get_args(DocumentOf)),
    help="What a document is: a file, or a repository with separators and imported files first.",
)
@click.option(
    "--sequence-length", type=click.IntRange(*LENGTHS), help="Tokens of a sample, into which documents are packed."
)
@_options.option_of(
    verbs.export, "--fim-rate", type=click.FloatRange(0, 1), help="Share of files cut for filling in the middle."
)
@_options.option_of(
    verbs.export,
    "--fim-order",
    type=click.Choice(get_args(FimOrder)),
    help="Prefix, suffix, middle; or suffix, prefix, middle.",
)
@_options.option_of(
    verbs.export, "--fim-split", type=click.Choice(get_args(FimSplit)), help="Where files are cut for that."
)
@click.option("--special", multiple=True, help="Name of a special token, such as file_sep=<|file|>.")
@_options.option_of(
    verbs.export,
    "--inexact",
    type=click.Choice(get_args(Inexact)),
    help="What to do with a file that its tokens do not give back: stop, or leave it out and list it.",
)
@click.option("--replace", is_flag=True, help="Replace an earlier export that lies in the output folder.")
@click.option("--dry-run", is_flag=True, help="Check and say what would be written; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@_options.quiet
def command(
    release: Path, form: Form, output: Path, columns: tuple[str, ...], dry_run: bool, as_json: bool, quiet: bool,
    **given: Any,
) -> None:  # fmt: skip
    """Write the kept files of a release as rows, or as the tables that others publish.

    `jsonl`, `parquet` and `text` have a row for each file, with the columns that --columns names. `text` has the texts
    one after the other, and beside them an index with offset and columns of each. `stack-v2` and `stack-v2-repos` name
    files by their ids, as the originals do; `stack-v3` has the released text. `documents` has a document a line;
    `megatron`, `mds`, `webdataset` and `nanoset` hold tokens of --tokenizer.

    \b
    Examples:
      drystone export releases/mine --as jsonl -o exports/mine
      drystone export releases/mine --as parquet --split train=90,test=10 --split-by repository -o exports/mine
      drystone export releases/mine --as jsonl --columns path,content --shuffle --seed 7 --limit 1000 -o exports/sample
      drystone export releases/mine --as stack-v3 -o exports/mine-v3 --dry-run
      drystone export releases/mine --as megatron --tokenizer tokenizer.json --sequence-length 4096 -o exports/tokens
    """
    named = [name.strip() for each in columns for name in each.split(",")]
    with Meter("export", quiet or as_json or dry_run) as meter:
        made = verbs.export(release, form, output, columns=named, dry_run=dry_run, progress=meter, **given)
    if not dry_run:
        note_export(release, output)
    later = successor(release)
    retracted = later is not None and later.retracted
    if as_json:
        print_json(asdict(made), output=output, dry_run=dry_run, retracted=retracted)
    else:
        _print(made, output, dry_run)
    if later is not None and later.retracted:
        echo(
            f"This version is retracted: do not use the export. Export its successor, {later.version}  {later.root}",
            err=True,
            colour="yellow",
        )
        sys.exit(1)


def _print(made: Export, output: Path, dry_run: bool) -> None:
    size = sum(file.bytes or 0 for file in made.files)
    what = f"{inline(made.name)} {inline(made.version)} as {made.form}"
    if dry_run:
        echo(f"{what} would be {many(len(made.files), 'file')} or more in {inline(output)}. Nothing was written.")
    else:
        echo(f"{what}: {many(len(made.files), 'file')}, {size_text(size)}, in {inline(output)}")
    echo(made.holds)
    if made.counts:
        echo(", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in made.counts.items()))
    for name, rows in made.rows_of_splits().items():
        echo(
            f"  {name}: {many(rows, 'row')}"
            + ("; other weights, another seed or more files would fill it" if not rows else "")
        )
