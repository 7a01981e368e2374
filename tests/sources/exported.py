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


def origin(name: str, owner: str = "") -> str:
    return f"https://example.org/{owner}{name}"


def export_below(folder: Path, owner: str) -> Path:
    """Write the export with origins below an owner (`NAME/`), so that a person can name one repository."""
    for place in ORC.iterdir():
        rows = table(place.name)
        for column in ("url", "origin"):
            if column in rows.column_names:
                renamed = [origin(text.rpartition("/")[2], owner) for text in rows.column(column).to_pylist()]
                rows = rows.set_column(rows.column_names.index(column), column, pa.array(renamed))
        (folder / "orc" / place.name).mkdir(parents=True)
        pyarrow.orc.write_table(rows, folder / "orc" / place.name / "renamed.orc")
    return folder


def table(name: str) -> pa.Table:
    """A table of the export, by the name of its folder."""
    (file,) = (ORC / name).glob("*.orc")
    return pyarrow.orc.read_table(file).replace_schema_metadata(None)


def unpack_repositories(folder: Path, owner: str = "") -> list[Path]:
    """Clone the bundles as bare repositories whose remote `origin` is the export's origin."""
    found = []
    for name in NAMES:
        path = folder / f"{name}.git"
        bundle = DATA / f"repositories/{name}.bundle"
        subprocess.run(["git", "clone", "-q", "--mirror", str(bundle), str(path)], check=True, capture_output=True)
        subprocess.run(["git", "-C", str(path), "config", "remote.origin.url", origin(name, owner)], check=True)
        found.append(path)
    return found


def lay_out_contents(folder: Path) -> None:
    """Write the contents as the archive's bucket has them: gzip files `content/SHA1`."""
    (folder / "content").mkdir(parents=True)
    for row in table("content").select(["sha1", "data"]).to_pylist():
        (folder / "content" / row["sha1"]).write_bytes(gzip.compress(row["data"], mtime=0))
