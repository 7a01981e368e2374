"""`drystone dedup`: near-duplicate removal for any Parquet file with a text column."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import click

from drystone.cli._console import console as new_console
from drystone.dedup import near


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
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="Folder to write; it must not exist.")
@click.option("--text", default="content", show_default=True, help="Column of texts: string or binary.")
@click.option("--id", "id_", help="Column of unique ids, to name documents by; row numbers otherwise.")
@click.option("--group", help="Column: rows of different groups are never compared (a language, a repository).")
@click.option("--order", help="Column: of two near duplicates, the one with the smaller value is kept.")
@click.option(
    "--threshold", type=float, default=0.7, show_default=True, help="Least Jaccard similarity to drop a file."
)
@click.option("--recall", type=float, default=0.99, show_default=True, help="Wanted chance to find a pair at it.")
@click.option("--sketch", type=click.Choice(["oph", "permutations"]), default="oph", show_default=True)
@click.option("--size", type=int, default=256, show_default=True, help="Values in a sketch.")
@click.option("--bands", type=int, help="Bands of the sketch (with --rows); solved where not given.")
@click.option("--rows", type=int, help="Rows in a band (with --bands).")
@click.option("--seed", type=int, default=1, show_default=True, help="Of all hashes.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    source: Path,
    out: Path,
    text: str,
    id_: str | None,
    group: str | None,
    order: str | None,
    threshold: float,
    recall: float,
    sketch: str,
    size: int,
    bands: int | None,
    rows: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """Remove near duplicates from a Parquet file, each with its proof.

    Writes OUT/kept.parquet (all columns of the rows that are kept, and near_duplicate_cluster),
    OUT/removed.parquet (row, the row kept instead, their exact Jaccard similarity) and OUT/method.json.
    """
    method = near.Method(threshold, recall, sketch, size, bands, rows, seed)
    if out.exists():
        raise click.UsageError(f"{out} exists already; name a folder that does not.")
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        # rich shows the status on a terminal only
        with new_console(stderr=True).status("Removing near duplicates"):
            summary = _dedup(source, part, method, text, id_, group, order)
        part.chmod(0o755)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    if as_json:
        click.echo(json.dumps({"method": method.describe(), "summary": summary}, indent=2))
        return
    click.echo(
        f"{summary['documents']} documents: {summary['kept']} kept, {summary['dropped']} dropped as near duplicates of "
        f"{summary['clusters']} kept ones ({summary['comparisons']} exact comparisons)."
    )
    click.echo(f"Wrote {out}/kept.parquet, {out}/removed.parquet and {out}/method.json.")


def _dedup(
    source: Path, out: Path, method: near.Method, text: str, id_: str | None, group: str | None, order: str | None
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="work-", dir=out) as work:
        result, summary = near.keep_file(source, method, Path(work), text=text, id=id_, group=group, order=order)
    counts = near.write_kept(source, result, out, id=id_)
    (out / "method.json").write_text(json.dumps(method.describe(), indent=2) + "\n")
    return {"documents": summary["documents"], **counts, "comparisons": summary["comparisons"]}
