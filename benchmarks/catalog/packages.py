"""Writes packages.jsonl: 2,000 packages of the Python index with what they say of themselves, to be searched.

    python -m benchmarks.catalog.packages LIST.tsv

LIST is a table of name, version, month of that version, rank by downloads and summary, tabs between them, as made from
an index's own metadata. Taken are the most downloaded whose summary is a sentence of its own: of packages that come in
a family of one summary (stubs, generated clients, instrumentation) none is, since nobody could tell them apart.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = HERE / "packages.jsonl"
COUNT = 2_000
_FAMILIES = re.compile(
    r"^(types-|mypy-boto3|opentelemetry|azure-|google-cloud-|aws-cdk|pyobjc|jaraco|apache-airflow-|llama-index-|"
    r"langchain-|nvidia-|pytest-|sphinxcontrib|tree-sitter-|backports|alibabacloud|tencentcloud|dbt-|odoo|msgraph|"
    r"databricks-|dagster-|django-|flask-|jupyter|ipy|oslo|zope|trove|collective|plone)"
)
#: Addresses, and hosts by name, say nothing of what a package does.
_ADDRESS = re.compile(r"https?://\S+|\b[a-z-]+\.(?:org|com|io)\b")
_SENTENCE = re.compile(r"^[ -~]{30,300}$")


def chosen(rows: Iterator[list[str]]) -> Iterator[dict[str, str]]:
    """Yield the packages in the order of their ranks."""
    ranked = sorted((int(row[3]), row) for row in rows if len(row) == 5 and row[3].isdigit())
    heads: set[str] = set()
    for _, (name, version, month, _, summary) in ranked:
        head = " ".join(summary.casefold().split()[:4])
        if _FAMILIES.match(name) or not _SENTENCE.match(summary) or head in heads:
            continue
        heads.add(head)
        yield {"name": name, "version": version, "month": month, "summary": told(summary)}


def told(summary: str) -> str:
    """Return a summary without addresses, its words one space apart."""
    return " ".join(_ADDRESS.sub("", summary).split())


def packages() -> list[dict[str, str]]:
    """Return the packages that were chosen."""
    return [json.loads(line) for line in PACKAGES.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    with Path(sys.argv[1]).open(encoding="utf-8", newline="") as table:
        found = chosen(csv.reader(table, delimiter="\t", quoting=csv.QUOTE_NONE))
        lines = [json.dumps(one, ensure_ascii=False) for _, one in zip(range(COUNT), found, strict=False)]
    PACKAGES.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{PACKAGES}: {len(lines)} packages")
