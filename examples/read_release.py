"""Reads a release without Drystone: DuckDB asks its ledger, Polars its data, and the manifest says what it is.

python examples/read_release.py RELEASE
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb
import polars

release = Path(sys.argv[1])
manifest = json.loads((release / "manifest.json").read_text())
print(f"{manifest['facts']['name']} {manifest['facts']['version']}, root {manifest['root'][:12]}")

print("What was dropped, where, and why:")
ledger = str(release / "ledger/*.parquet")
dropped = "select stage, reason, count(*) from read_parquet($1) where decision = 'dropped' group by all order by all"
for stage, reason, files in duckdb.execute(dropped, [ledger]).fetchall():
    print(f"  {stage:18} {reason:24} {files:6}")

print("What is in it:")
data = polars.scan_parquet(release / "data/*/*.parquet")
by_language = data.group_by("language").agg(
    polars.len().alias("files"), polars.col("num_lines").sum().alias("lines"), polars.col("content").first()
)
for row in by_language.sort("language").collect().iter_rows(named=True):
    print(f"  {row['language']:18} {row['files']:6} files {row['lines']:8} lines, one begins {row['content'][:30]!r}")
