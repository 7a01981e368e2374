"""A model packed into models/mini, installed, and found by its name without a network."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file, save_file

import drystone
from drystone.catalog.passports.reading import load_with_texts
from drystone.catalog.passports.texts import find_quotes
from drystone.cli.asking.reader import command
from drystone.errors import ModelError, UsageError
from drystone.reader import Reader
from drystone.reader.exports.export import _write_vocabulary
from drystone.reader.exports.package import pack
from tests.reader.checkpoints import write_checkpoint

MINI = Path(__file__).parents[3] / "models" / "mini"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    out = tmp_path / "mini"
    shutil.copytree(MINI, out, ignore=shutil.ignore_patterns("model", "build", "*.egg-info"))
    return out


def test_a_packed_model_is_float16_and_answers_alike(bert: Reader, checkpoints: dict[str, Path], package: Path) -> None:
    out = pack(checkpoints["bert"], package)
    assert {value.dtype for value in load_file(out / "model.safetensors").values()} == {np.dtype(np.float16)}
    pair = ("What is returned?", "The class returns a list of values. The parser raises an error.")
    ours, theirs = Reader.load(out, runtime=bert.engine.name, threads=1).answer(*pair), bert.answer(*pair)
    assert (ours.start, ours.end) == (theirs.start, theirs.end)
    assert ours.score == pytest.approx(theirs.score, rel=0.05)


def test_a_packed_model_has_its_passport_beside_its_card(
    checkpoints: dict[str, Path], package: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(checkpoints["bert"], model)
    (model / "README.md").write_text("no card of a hub\n")
    out = drystone.pack_model(model, package)
    assert not (out / "passport.json").exists()
    (model / "README.md").write_text("---\npipeline_tag: question-answering\nlicense: mit\n---\n")
    out = drystone.pack_model(model, package)
    passport, texts = load_with_texts(out / "passport.json")
    assert {one.state for one in find_quotes(passport, texts)} == {"stands"}
    assert passport.artifact.name == "mini"
    facts = {fact.name: fact.text for fact in passport.facts}
    assert (facts["license"], facts["offline"], facts["formats"]) == ("MIT", "yes", "safetensors")
    weights = hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest()
    assert passport.artifact.versions[0].hashes == {"sha256": weights}


def test_what_is_exported_again_holds_with_its_new_passport(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    for seed in (0, 1):
        monkeypatch.chdir(write_checkpoint(tmp_path / "some-model", "bert", seed=seed))
        drystone.export_model(".", ["safetensors"], out)
        assert [row["format"] for row in drystone.verify_model(out)] == ["safetensors"]
        passport, _ = load_with_texts(out / "passport.json")
        weights = hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest()
        assert (passport.artifact.name, passport.artifact.versions[0].hashes) == ("some-model", {"sha256": weights})


@pytest.mark.parametrize(
    ("vocabulary", "lines"),
    [({"b": 1, "a": 0}, "a\nb\n"), ({"a": 0, "b": 2}, None), ({"a": 0, "\n": 1}, None)],
    ids=("whole", "gap", "line end"),
)
def test_lines_of_vocab_txt_are_numbers_of_words(tmp_path: Path, vocabulary: dict[str, int], lines: str | None) -> None:
    _write_vocabulary(json.dumps({"model": {"type": "WordPiece", "vocab": vocabulary}}), tmp_path)
    path = tmp_path / "vocab.txt"
    assert (path.read_text() if path.is_file() else None) == lines


@pytest.mark.slow
def test_an_installed_package_answers_offline(
    checkpoints: dict[str, Path], package: Path, tmp_path: Path, runtime: str
) -> None:
    pytest.importorskip("setuptools", minversion="77", reason="the package is built with setuptools")
    pack(checkpoints["bert"], package)
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-build-isolation", "--no-deps"]
    subprocess.run([*install, "--target", str(site), str(package)], check=True, capture_output=True, timeout=120)
    context = tmp_path / "passage.txt"
    context.write_text("The class returns a list of values.", encoding="utf-8")
    # No proxy answers on port 9 (discard), so any request would fail.
    world = os.environ | {
        "PYTHONPATH": str(site),
        "https_proxy": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }
    ask = [sys.executable, "-m", "drystone", "ask", "--context", str(context), "What is returned?"]
    done = subprocess.run(
        [*ask, "--json", "--runtime", runtime], env=world, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads(done.stdout)
    assert context.read_text()[answer["start"] : answer["end"]] == answer["text"]


def test_a_name_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "drystone.reader.model.installed.entry_points", lambda group: ()
    )  # as where nothing is installed
    with pytest.raises(ModelError, match=r"mini: is not installed. Install it with: pip install"):
        Reader.load("mini")


def test_what_is_no_package_is_refused(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["pack", str(checkpoints["bert"]), str(tmp_path)])
    assert isinstance(done.exception, UsageError)
    assert "is no package" in str(done.exception)


def test_numbers_that_float16_does_not_hold_are_refused(
    checkpoints: dict[str, Path], package: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    shutil.copytree(checkpoints["bert"], large)
    tensors = load_file(large / "model.safetensors")
    tensors["qa_outputs.weight"][0, 0] = 1e6
    save_file(tensors, large / "model.safetensors")
    with pytest.raises(ModelError, match=r"tensor qa_outputs\.weight holds numbers that float16 does not"):
        pack(large, package)
