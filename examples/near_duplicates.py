"""Removes near duplicates from a Parquet file of texts, and measures each removal again with plain sets.

python examples/near_duplicates.py FILE.parquet [OUTPUT.parquet] [--text content] [--threshold 0.7]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pyarrow.parquet as pq

from drystone.dedup import near


def main() -> None:
    """Keep the first of each family of texts; the file's own order decides which is the first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("output", type=Path, nargs="?")
    parser.add_argument("--text", default="content", help="column of the texts")
    parser.add_argument("--threshold", type=float, default=0.7, help="least similarity at which a text is removed")
    given = parser.parse_args()

    method = near.Method(threshold=given.threshold)
    table = pq.read_table(given.file)
    result = near.keep(table, text=given.text, method=method)  # for each row: keep, cluster, kept_row, similarity
    texts = table.column(given.text).to_pylist()
    for row, told in enumerate(result.to_pylist()):
        if not told["keep"] and told["similarity"] is not None:
            measured = near.explain(texts[row].encode(), texts[told["kept_row"]].encode(), method)["similarity"]
            assert abs(measured - told["similarity"]) < 1e-6
            print(f"row {row} is near row {told['kept_row']}: similarity {measured:.3f}")
    kept = table.filter(result.column("keep"))
    print(f"{kept.num_rows} of {table.num_rows} rows stay")
    if given.output:
        pq.write_table(kept, given.output)


if __name__ == "__main__":
    main()
