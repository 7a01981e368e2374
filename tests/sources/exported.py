"""The real graph export among the test data, and the git repositories that it was made of."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.orc

DATA = Path(__file__).parents[1] / "data/software-heritage"
ORC = DATA / "orc"
PARQUET = DATA / "parquet"
NAMES = ("six", "iniconfig", "toml", "python-slugify")


def origin(name: str) -> str:
    return f"https://example.org/{name}"


def table(name: str) -> pa.Table:
    """A table of the export, by the name of its folder."""
    (file,) = (ORC / name).glob("*.orc")
    return pyarrow.orc.read_table(file).replace_schema_metadata(None)


def unpack_repositories(folder: Path) -> list[Path]:
    """Clone the bundles as bare repositories whose remote `origin` is the export's origin."""
    found = []
    for name in NAMES:
        path = folder / f"{name}.git"
        bundle = DATA / f"repositories/{name}.bundle"
        subprocess.run(["git", "clone", "-q", "--mirror", str(bundle), str(path)], check=True, capture_output=True)
        subprocess.run(["git", "-C", str(path), "config", "remote.origin.url", origin(name)], check=True)
        found.append(path)
    return found


def lay_out_contents(folder: Path) -> None:
    """Write the contents as the archive's bucket has them: gzip files `content/SHA1`."""
    (folder / "content").mkdir(parents=True)
    for row in table("content").select(["sha1", "data"]).to_pylist():
        (folder / "content" / row["sha1"]).write_bytes(gzip.compress(row["data"], mtime=0))
