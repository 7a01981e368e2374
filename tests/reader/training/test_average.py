"""The mean of readers: its weights, what it says of them, and what has no mean."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file, save_file

from drystone.cli.asking.reader import command
from drystone.errors import UsageError
from drystone.reader import Reader
from drystone.reader.model.checkpoint import read_checkpoint
from drystone.reader.training.average import average
from drystone.reader.training.data import HELD_OUT
from drystone.reader.training.files import write_model


@pytest.fixture
def two(checkpoints: dict[str, Path], tmp_path: Path) -> list[Path]:
    """A model, and one whose weights are other ones; both with a record and held-out questions."""
    folders = [tmp_path / "one", tmp_path / "two"]
    random = np.random.default_rng(0)
    for number, folder in enumerate(folders):
        checkpoint = read_checkpoint(checkpoints["bert"])
        moved = {
            name: value + number * random.normal(0, 0.1, value.shape).astype(np.float32)
            for name, value in checkpoint.tensors.items()
        }
        write_model(replace(checkpoint, tensors=moved), folder)
        (folder / "training.json").write_text(json.dumps({"seconds": number}))
        (folder / HELD_OUT).write_bytes(b"the same")
    return folders


def test_each_weight_is_the_mean(two: list[Path], tmp_path: Path, runtime: str) -> None:
    done = CliRunner().invoke(command, ["average", *map(str, two), str(two[0]), "--out", str(tmp_path / "mean")])
    assert done.exit_code == 0, done.output
    a, b, mean = (load_file(folder / "model.safetensors") for folder in (*two, tmp_path / "mean"))
    assert mean.keys() == a.keys()
    for name, value in mean.items():
        assert value.dtype == a[name].dtype
        assert np.allclose(value, (2 * a[name] + b[name]) / 3, atol=1e-6)
    made = json.loads((tmp_path / "mean/training.json").read_text())
    fingerprints = [Reader.load(folder, runtime=runtime).fingerprint for folder in two]
    assert [part["weights"] for part in made["mean_of"]] == [*fingerprints, fingerprints[0]]
    assert [part["training"]["seconds"] for part in made["mean_of"]] == [0, 1, 0]
    assert (tmp_path / "mean" / HELD_OUT).read_bytes() == b"the same"


def test_questions_that_one_was_trained_on_are_not_kept_as_held_out(two: list[Path], tmp_path: Path) -> None:
    (two[1] / HELD_OUT).write_bytes(b"others")
    assert not (average(two, tmp_path / "mean") / HELD_OUT).exists()


def test_what_has_no_mean_is_refused(checkpoints: dict[str, Path], two: list[Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least two"):
        average(two[:1], tmp_path / "mean")
    with pytest.raises(UsageError, match="is one of the models"):
        average(two, two[1])
    with pytest.raises(UsageError, match="has other sizes"):
        average([two[0], checkpoints["distilbert"]], tmp_path / "mean")
    tensors = load_file(two[1] / "model.safetensors")
    tensors["more"] = np.zeros(2, np.float32)
    save_file(tensors, two[1] / "model.safetensors")
    with pytest.raises(UsageError, match="has other sizes"):
        average(two, tmp_path / "mean")
    assert not (tmp_path / "mean").exists()


def test_another_tokenizer_is_refused(two: list[Path], tmp_path: Path) -> None:
    tokenizer = json.loads((two[1] / "tokenizer.json").read_text())
    tokenizer["normalizer"] = None
    (two[1] / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(UsageError, match="has another tokenizer"):
        average(two, tmp_path / "mean")
