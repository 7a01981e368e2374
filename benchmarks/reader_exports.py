"""Counts the formats of exports that their own consumer answers from as the reader does.

`python -m benchmarks.reader_exports` writes the model mini in every format that others read and asks each by what reads
it: torch, ONNX Runtime and OpenVINO by the names `input_ids` and `start_logits`, TensorFlow and Transformers 4.57 in an
environment of their own. A format counts where the best start and end of three windows are those of the reference, in
int8 of at least 80 %. The test of exports asks transformers.js as well.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness import Figure, main, peer
from benchmarks.reader_quality import READER
from drystone.errors import DrystoneError
from drystone.reader.exports.export import AGREEMENT, FORMATS, export

#: The graph for this reader's own batches has no other consumer.
OTHERS = tuple(name for name in FORMATS if name != "onnx-packed")
TENSORFLOW = ["transformers==4.57.6", "tensorflow-cpu==2.21.0", "tf-keras==2.21.0", "numpy<2.4"]


def measure(quick: bool) -> list[Figure]:
    """Formats of exports that answer in their own consumer as the reader does."""
    os.environ.setdefault("DRYSTONE_TENSORFLOW", str(peer("transformers-4.57-tensorflow", TENSORFLOW)))
    equal, failed = 0, []
    for name in OTHERS:
        with TemporaryDirectory() as scratch:
            try:
                checked = export(READER, list(dict.fromkeys(["safetensors", name])), Path(scratch) / "out")
            except DrystoneError as error:
                failed.append(f"{name}: {error}")
                continue
            [row] = [row for row in checked if row["format"] == name]
            if row["agreement"] >= (AGREEMENT if name.endswith("int8") else 1.0):
                equal += 1
            else:
                failed.append(f"{name}: {row['agreement']:.0%} of the best starts and ends")
    note = "; ".join(failed) or ", ".join(OTHERS)
    return [Figure("exports answered equally by their consumer", equal, f"of {len(OTHERS)}", 9, 9, note=note)]


if __name__ == "__main__":
    main(measure)
