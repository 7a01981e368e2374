"""The readers that trainers use load the shards, and see the samples that were written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.harness import packages

from drystone.release import verbs
from drystone.release.exports.forms import Form
from tests.release.tokens.test_write import samples_of

FORMS: list[Form] = ["megatron", "mds", "webdataset", "nanoset"]
pytest.importorskip("torch", reason="the readers stand on torch")
#: mosaicml-streaming asks for clients of three clouds, and webdataset for nothing that is not here: without theirs.
READERS = [
    "datatrove==0.10.1", "webdataset==1.0.2", "megatron-core==0.16.1", "mosaicml-streaming==0.13.0", "braceexpand",
    "loguru", "humanize", "dill", "multiprocess", "Brotli", "python-snappy", "cramjam", "zstd", "xxhash", "pillow",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.network
def test_the_real_readers_see_the_samples(little_release: Path, tokenizer_file: Path, tmp_path: Path) -> None:
    for form in FORMS:
        verbs.export(
            little_release, form, tmp_path / form,
            tokenizer=tokenizer_file, sequence_length=512, documents="repository",
        )  # fmt: skip
    code = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("readers.py")), str(tmp_path), "512"]
    there = {**os.environ, "PYTHONPATH": str(packages("readers", READERS))}
    done = subprocess.run(code, capture_output=True, text=True, check=False, env=there)
    assert done.returncode == 0, done.stderr[-2000:]
    for form, read in json.loads(done.stdout.splitlines()[-1]).items():
        mine = samples_of(tmp_path / form, form, 512)
        assert [len(sample) for sample in read] == [512] * len(mine)
        assert [sample[: len(own)] for sample, own in zip(read, mine, strict=True)] == mine
        assert {id_ for sample, own in zip(read, mine, strict=True) for id_ in sample[len(own) :]} <= {6}
