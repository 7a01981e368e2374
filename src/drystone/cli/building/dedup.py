"""`drystone dedup`: a table without its near duplicates, each with its proof."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import click

from drystone.cli import _options
from drystone.cli._out import echo, inline, print_json
from drystone.cli._progress import spinner
from drystone.dedup import verbs


@click.command(
    epilog="""
\b
Examples:
  drystone dedup code.parquet -o deduplicated
  drystone dedup docs.parquet -o out --text body --id url --group language
  drystone dedup code.parquet -o out --threshold 0.85 --order stars_rank --json
"""
)
@click.argument("source", metavar="IN.parquet", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o", "--out", "output", required=True, type=click.Path(path_type=Path), help="Folder to write; it must not exist."
)
@_options.option_of(verbs.deduplicate, "--text", help="Column of texts: string or binary.")
@click.option("--id", help="Column of unique ids, to name documents by; row numbers otherwise.")
@click.option("--group", help="Column: rows of different groups are never compared (a language, a repository).")
@click.option("--order", help="Column: of two near duplicates, the one with the smaller value is kept.")
@_options.option_of(verbs.deduplicate, "--threshold", type=float, help="Least Jaccard similarity to drop a file.")
@_options.option_of(verbs.deduplicate, "--recall", type=float, help="Wanted chance to find a pair at it.")
@_options.option_of(verbs.deduplicate, "--sketch", type=click.Choice(get_args(verbs.Sketch)))
@_options.option_of(verbs.deduplicate, "--size", type=int, help="Values in a sketch.")
@click.option("--bands", type=int, help="Bands of the sketch (with --rows); solved where not given.")
@click.option("--rows", type=int, help="Rows in a band (with --bands).")
@_options.option_of(verbs.deduplicate, "--seed", type=int, help="Of all hashes.")
@_options.option_of(
    verbs.deduplicate,
    "--tokens",
    type=click.Choice(get_args(verbs.Tokens)),
    help="What texts are compared by: words as they are, or renamed: other names, literals, comments and white space "
    "make no difference.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(source: Path, output: Path, as_json: bool, **given: Any) -> None:
    """Remove near duplicates from a Parquet file, each with its proof.

    Writes OUT/kept.parquet (all columns of the rows that are kept, and near_duplicate_cluster),
    OUT/removed.parquet (row, the row kept instead, their exact Jaccard similarity) and OUT/method.json.
    """
    with spinner("Removing near duplicates", wanted=True):
        found = verbs.deduplicate(source, output, **given)
    if as_json:
        counts = {name: value for name, value in asdict(found).items() if name != "method"}
        print_json({"method": found.method.describe(), "summary": counts})
        return
    echo(
        f"{found.documents} documents: {found.kept} kept, {found.dropped} dropped as near duplicates of "
        f"{found.clusters} kept ones ({found.comparisons} exact comparisons)."
    )
    out = inline(output)
    echo(f"Wrote {out}/kept.parquet, {out}/removed.parquet and {out}/method.json.")
