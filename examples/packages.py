"""Builds a release from packages that lie on this disk, and says which files were dropped for their licence, and why.

python examples/packages.py PACKAGE... (source distributions, wheels, tar and zip archives) [-o OUTPUT]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path

import drystone

# Files without any licence are dropped here, and those under MPL-2.0 are taken beside the permissive ones.
SETTINGS = {"licenses": {"allow": ["MPL-2.0"]}, "near_duplicates": {"scope": "off"}}


def main() -> None:
    """Build, then read the ledger: one row for each path of each package."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="+")
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    output = given.output or Path(tempfile.mkdtemp()) / "release"

    release = drystone.build(given.packages, output, settings=SETTINGS)
    counts = release.manifest.counts
    print(f"{counts.kept} of {counts.occurrences} files of {counts.repositories} packages are in {release.path}")

    kept = Counter(row["license_expression"] for row in release.files(columns=["license_expression"]))
    for expression, files in kept.most_common():
        print(f"kept     {files:5} under {expression}")
    for table in release.ledger(["path", "stage", "reason", "evidence"]):
        for row in table.to_pylist():
            if row["stage"] == "license":
                said = json.loads(row["evidence"])
                print(f"dropped  {row['path']}: {row['reason']}, {said.get('expression', 'no licence found')}")


if __name__ == "__main__":
    main()
