"""Lines of pinned PyPI wheels with e-mail and IP addresses, labelled by hand: places only, no text.

labelled.tsv names wheel, member, line (from 1) and the byte columns of what a reader would call an address of a person
or machine. `disputable` columns (reserved example domains, templates, sample addresses) count neither way. Everything
else on a line is no address: message ids, algorithm names, versions, sections, object identifiers, networks.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import zipfile
from collections import defaultdict
from pathlib import Path

from benchmarks.harness import CACHE
from drystone.detect.secrets import Scanner

_LABELS = Path(__file__).with_name("labelled.tsv")
Columns = set[tuple[int, int]]


def score(kind: str, scanner: Scanner) -> tuple[int, int, int]:
    """Return how many labelled spans of `kind` were found, how many missed, and how many spans were found wrongly."""
    lines: dict[tuple[str, str], dict[int, tuple[Columns, Columns]]] = defaultdict(dict)
    with _LABELS.open(newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["kind"] == kind:
                spans = (_columns(row["spans"]), _columns(row["disputable"]))
                lines[row["wheel"], row["member"]][int(row["line"])] = spans
    right = missed = false = 0
    for (wheel, member), labels in lines.items():
        path = _wheel(wheel)
        if path is None:
            continue
        with zipfile.ZipFile(path) as archive:
            data = archive.read(member)
        starts = [0]
        for line in data.split(b"\n"):
            starts.append(starts[-1] + len(line) + 1)
        found = [(s.start, s.end) for s in scanner.scan(data, member) if s.kind == kind]
        for number, (wanted, disputable) in labels.items():
            begin, end = starts[number - 1], starts[number]
            here = {(a - begin, b - begin) for a, b in found if begin <= a < end}
            right += len(here & wanted)
            missed += len(wanted - here)
            false += len({span for span in here - wanted if not any(_overlap(span, d) for d in disputable)})
    return right, missed, false


def _columns(text: str) -> Columns:
    return {(int(a), int(b)) for a, b in (pair.split("-") for pair in text.split(";") if pair)}


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _wheel(name: str) -> Path | None:
    folder = CACHE / "wheels"
    path = folder / name
    if not path.exists():
        project, version = name.split("-")[:2]
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
        command += ["-d", str(folder), f"{project}=={version}"]
        if subprocess.run(command, check=False).returncode or not path.exists():
            print(f"{name} could not be fetched; its labels are left out", file=sys.stderr)
            return None
    return path
