"""Distillation on tiny models: students from layers, losses, the cache of teachers' outputs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file, save_file

from drystone.errors import ModelError, UsageError
from drystone.reader import Reader
from drystone.reader.training.batches import make_rows, pack, pool_steps
from drystone.reader.training.data import DataSet, Example, read_data
from tests.reader.tiny_data import make_squad, write_squad

pytest.importorskip("torch", reason="distillation needs the extra `train`")
import torch

from drystone.cli.asking.reader import command
from drystone.reader.training.cache import teacher_logits
from drystone.reader.training.distil import distil, keep_layers
from drystone.reader.training.train import train

#: All of them distil from a teacher that has to be trained first.
pytestmark = pytest.mark.slow

SHORT: dict[str, Any] = {"tokens": 512, "max_seq_len": 96, "threads": 2, "learning_rate": 1e-3, "examples": 200}


@pytest.fixture(scope="module")
def squad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squad(tmp_path_factory.mktemp("squad") / "data.json", make_squad(8))


@pytest.fixture(scope="module")
def data(squad: Path) -> DataSet:
    return read_data(squad)


@pytest.fixture(scope="module")
def teacher(checkpoints: dict[str, Path], data: DataSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("teacher")
    return train(checkpoints["bert"], [data], out, **(SHORT | {"examples": 4000}))


def divergence(a: Path, b: Path, data: DataSet) -> float:
    """Mean KL of b's start and end distributions from a's."""
    readers = [Reader.load(folder, runtime="torch") for folder in (a, b)]
    packed = pack(readers[0].windower, [data])
    rows = make_rows(packed, np.array([[i, 0, len(packed.texts[packed.rows[i, 1]])] for i in range(40)]), 0)
    logits = []
    for reader in readers:
        found = torch.tensor(reader.engine.run(rows))  # type: ignore[arg-type]  # Rows has what a Batch has
        logits.append(found.masked_fill(torch.tensor(rows.valid == 0)[:, :, None], -1e4).log_softmax(1))
    return float(torch.nn.functional.kl_div(logits[1], logits[0], reduction="sum", log_target=True) / 80)


@pytest.mark.parametrize(("layers", "kept"), [(2, [0, 2]), ([2, 1], [1, 2]), (1, [0])])
@pytest.mark.parametrize("family", ["bert", "distilbert"])
def test_a_student_has_the_layers_it_was_given(
    checkpoints: dict[str, Path], tmp_path: Path, family: str, layers: Any, kept: list[int]
) -> None:
    out = keep_layers(checkpoints[family], layers, tmp_path)
    before, after = load_file(checkpoints[family] / "model.safetensors"), load_file(out / "model.safetensors")
    inside = {n for n in after if ".layer." in n}
    at = "transformer" if family == "distilbert" else "encoder"
    for new, old in enumerate(kept):
        for name in (n for n in inside if f".layer.{new}." in n):
            source = name.replace(f"{at}.layer.{new}.", f"{at}.layer.{old}.")
            assert np.array_equal(after[name], before[source])
    assert len(inside) == len(kept) * len([n for n in before if ".layer.0." in n])
    assert Reader.load(out, runtime="torch").model.layers == len(kept)


@pytest.mark.parametrize("layers", [0, 4, [0, 0], [5], []])
def test_layers_that_are_not_there_are_refused(checkpoints: dict[str, Path], tmp_path: Path, layers: Any) -> None:
    with pytest.raises(UsageError, match="layers: must be"):
        keep_layers(checkpoints["bert"], layers, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "given", [{"soft": 1.0, "hard": 0.0}, {"hidden": 1.0}, {"attention": 5.0}, {"temperature": 1.0}]
)
def test_a_student_comes_nearer_to_its_teacher(
    teacher: Path, data: DataSet, tmp_path: Path, given: dict[str, Any]
) -> None:
    before = divergence(teacher, keep_layers(teacher, 2, tmp_path / "before"), data)
    student = distil([teacher], [data], tmp_path / "after", layers=2, **(SHORT | {"examples": 1500} | given))
    after = divergence(teacher, student, data)
    assert after < 0.5 * before
    notes = json.loads((student / "training.json").read_text())["notes"]
    assert notes["teachers"][0]["weights"] == Reader.load(teacher, runtime="torch").fingerprint
    assert notes["loss"].items() >= given.items()


def test_teachers_are_asked_once_and_the_cache_gives_the_same_weights(
    teacher: Path, data: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = distil([teacher, teacher], [data], tmp_path / "a", layers=2, cache=tmp_path / "cache", **SHORT)
    monkeypatch.setattr("drystone.reader.training.cache._compute", None)  # a second look at the teacher would fail
    again = distil([teacher, teacher], [data], tmp_path / "b", layers=2, cache=tmp_path / "cache", **SHORT)
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (first, again))
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_two_equal_teachers_are_one(teacher: Path, data: DataSet, tmp_path: Path) -> None:
    one, two = (
        load_file(distil(t, [data], tmp_path / str(len(t)), layers=2, **SHORT) / "model.safetensors")
        for t in ([teacher], [teacher, teacher])
    )
    assert all(np.allclose(one[name], two[name], atol=1e-5) for name in one)


def test_a_teacher_that_runs_along_says_the_same_and_is_not_asked_beforehand(
    teacher: Path, data: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = distil([teacher], [data], tmp_path / "a", layers=2, **SHORT)
    monkeypatch.setattr("drystone.reader.training.cache._compute", None)
    along = distil([teacher], [data], tmp_path / "b", layers=2, hidden=1e-6, **SHORT)
    assert not (along / "teachers").exists()
    # Weights cannot be compared: Adam's steps are as long where the small term, or noise, is all the gradient there is.
    learnt = divergence(keep_layers(teacher, 2, tmp_path / "start"), asked, data)
    assert divergence(asked, along, data) < 0.01 * learnt


def test_cached_logits_are_the_teachers_own_also_over_windows(teacher: Path, tmp_path: Path) -> None:
    reader = Reader.load(teacher, runtime="torch")
    context = " ".join(f"The value number {i} returns a list." for i in range(40))
    example = Example("What is returned?", context, 4, 9)
    packed = pack(reader.windower, [DataSet("one", (example,), "CC0-1.0", "")])
    known = teacher_logits(reader, packed, tmp_path)
    assert len(known.values) == 1 + len(packed.texts[packed.rows[0, 1]])
    (step,) = pool_steps(packed, np.array([0]), seed=0, pool=0, longest=40, tokens=40, parts=1)
    rows = make_rows(packed, step[0], 0)
    placed = known.rows(rows)
    assert ((placed[..., 0] > -9e3) == (rows.valid > 0)).all()
    short = pack(reader.windower, [DataSet("one", (Example("Who?", "A list returns it.", 0, 6),), "CC0-1.0", "")])
    whole = make_rows(short, np.array([[0, 0, len(short.texts[short.rows[0, 1]])]]), 0)
    direct = reader.engine.run(whole)  # type: ignore[arg-type]  # Rows has what a Batch has
    placed = teacher_logits(reader, short, tmp_path).rows(whole)
    inside = whole.valid > 0
    assert np.allclose(placed[inside], direct[inside], atol=2e-2)


def test_a_teacher_that_numbers_the_same_tokens_otherwise_says_the_same(
    teacher: Path, data: DataSet, tmp_path: Path
) -> None:
    """As MPNet beside BERT: special tokens of its own before the word pieces, whose ids are shifted by them."""
    other = tmp_path / "other"
    shutil.copytree(teacher, other)
    tokenizer = json.loads((other / "tokenizer.json").read_text())
    shifted = {token: at + 2 for token, at in tokenizer["model"]["vocab"].items()}
    tokenizer["model"]["vocab"] = {"<s>": 0, "</s>": 1} | shifted
    tokenizer["added_tokens"] = [entry | {"id": entry["id"] + 2} for entry in tokenizer["added_tokens"]]
    common = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    tokenizer["added_tokens"] += [common | {"id": at, "content": token} for token, at in (("<s>", 0), ("</s>", 1))]
    for entry in tokenizer["post_processor"]["special_tokens"].values():
        entry["ids"] = [at + 2 for at in entry["ids"]]
    (other / "tokenizer.json").write_text(json.dumps(tokenizer))
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"vocab_size": config["vocab_size"] + 2}))
    tensors = load_file(other / "model.safetensors")
    words = "bert.embeddings.word_embeddings.weight"
    tensors[words] = np.concatenate([np.full((2, tensors[words].shape[1]), 9, np.float32), tensors[words]])
    save_file(tensors, other / "model.safetensors")
    one, two = (distil([t], [data], tmp_path / f"from-{t.name}", student=teacher, **SHORT) for t in (teacher, other))
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (one, two))
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    with pytest.raises(UsageError, match="numbers its tokens otherwise"):
        distil([other], [data], tmp_path / "along", student=teacher, hidden=1.0, **SHORT)
    tokenizer["added_tokens"] = tokenizer["added_tokens"][:-1]  # "</s>" is now a word that the student has not
    (other / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(UsageError, match="has another tokenizer than the student"):
        distil([other], [data], tmp_path / "word", student=teacher, **SHORT)


def test_a_damaged_piece_of_the_cache_is_named(teacher: Path, data: DataSet, tmp_path: Path) -> None:
    reader = Reader.load(teacher, runtime="torch")
    packed = pack(reader.windower, [data])
    teacher_logits(reader, packed, tmp_path)
    next(tmp_path.rglob("*.safetensors")).write_bytes(b"no")
    with pytest.raises(ModelError, match="not a readable piece"):
        teacher_logits(reader, packed, tmp_path)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"soft": -1.0}, "soft: the weight of a loss"),
        ({"soft": 0.0, "hard": 0.0}, "at least one loss"),
        ({"temperature": 0.0}, "temperature: must be"),
        ({"student": "x", "layers": 2}, "not both"),
        ({"layers": None}, "give a checkpoint, or the teacher's layers"),
    ],
)
def test_wrong_requests_are_named(teacher: Path, data: DataSet, tmp_path: Path, given: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        distil([teacher], [data], tmp_path, **({"layers": 2} | given), **SHORT)


def test_a_teacher_of_another_vocabulary_or_size_is_refused(
    checkpoints: dict[str, Path], teacher: Path, data: DataSet, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="has another tokenizer than the student"):
        distil([checkpoints["roberta"]], [data], tmp_path, student=teacher, **SHORT)
    narrow = tmp_path / "narrow"
    shutil.copytree(teacher, narrow)
    config = json.loads((narrow / "config.json").read_text()) | {"hidden_size": 24}
    (narrow / "config.json").write_text(json.dumps(config))
    whole = load_file(narrow / "model.safetensors")
    half = {n: v[tuple(slice(24) if size == 48 else slice(None) for size in v.shape)] for n, v in whole.items()}
    save_file({n: np.ascontiguousarray(v) for n, v in half.items()}, narrow / "model.safetensors")
    with pytest.raises(UsageError, match="hidden: the teacher's states have 48 numbers, the student's 24"):
        distil([teacher], [data], tmp_path / "out", student=narrow, hidden=1.0, **SHORT)


def test_the_command_distils(teacher: Path, squad: Path, tmp_path: Path) -> None:
    arguments = ["distil", str(teacher), "--layers", "0,2", "--data", str(squad), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(
        command, [*arguments, "--examples", "100", "--max-seq-len", "96", "--tokens", "512", "--hold-out", "0.3"]
    )
    assert done.exit_code == 0, done.output
    assert read_data(tmp_path / "out/held-out.json.gz").examples
    assert Reader.load(tmp_path / "out", runtime="torch").model.layers == 2
    wrong = CliRunner().invoke(command, [*arguments[:3], "two", *arguments[4:]])
    assert wrong.exit_code == 2 and "neither a number" in wrong.output
