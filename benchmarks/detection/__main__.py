"""One table over all detectors: `python -m benchmarks.detection [--quick] [--json] [--only languages]`.

First the rows of `benchmarks.detection.table`, which detection is held to, then every other figure.
"""

from benchmarks.detection.table import ROWS, in_order
from benchmarks.harness import main_of_sections

if __name__ == "__main__":
    main_of_sections(
        "benchmarks.detection",
        tuple(dict.fromkeys(row.section for row in ROWS)),
        "Detection of licences, secrets, languages and encodings: right answers on labelled files, and speed.",
        in_order,
    )
