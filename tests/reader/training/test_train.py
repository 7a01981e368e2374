"""Training on tiny models: exact resume, options, and what bad input says."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from drystone.errors import DrystoneError, ModelError, UsageError
from drystone.reader import Reader
from drystone.reader.training.data import DataSet, Example, hold_out, read_data
from drystone.reader.training.mining import mine_unanswerable
from tests.reader.checkpoints import LAYERS
from tests.reader.tiny_data import make_squad, write_squad

pytest.importorskip("torch", reason="training needs the extra `train`")
from drystone.reader.training import train as training
from drystone.reader.training.files import describe
from drystone.reader.training.train import Recipe, train

SHORT = {"tokens": 512, "max_seq_len": 96, "learning_rate": 2e-3, "threads": 2}


@pytest.fixture(scope="module")
def squad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squad(tmp_path_factory.mktemp("squad") / "data.json", make_squad(12))


@pytest.fixture(scope="module")
def data(squad: Path) -> DataSet:
    return read_data(squad)


def weights(folder: Path) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = load_file(folder / "model.safetensors")
    return found


def same(a: Path, b: Path) -> bool:
    ours, theirs = weights(a), weights(b)
    return ours.keys() == theirs.keys() and all(np.array_equal(ours[n], theirs[n]) for n in ours)


def run(model: Path, data: Any, out: Path, **given: Any) -> Path:
    return train(model, [data], out, **(SHORT | {"examples": 300} | given))


@pytest.mark.slow
def test_a_run_learns_and_its_folder_is_a_reader(
    checkpoints: dict[str, Path], data: DataSet, tmp_path: Path, runtime: str
) -> None:
    kept, held = hold_out(data, 0.2)
    rows: list[dict[str, Any]] = []
    out = run(
        checkpoints["bert"], kept, tmp_path / "run", examples=6000, validation=held, report=rows.append, average=0.9
    )
    losses = [row["loss"] for row in rows if "loss" in row]
    assert losses[-1] < 0.7 * losses[0]
    manifest = json.loads((out / "training.json").read_text())
    assert manifest["data"][0]["sha256"] == data.sha256
    assert manifest["examples_seen"] == 6000
    assert manifest["best"]["f1"] == max(row["f1"] for row in manifest["history"] if "f1" in row)
    assert (out / "training.png").read_bytes()[:4] == b"\x89PNG"
    again = describe(run(out, kept, tmp_path / "again", examples=50))["model"]["training"]
    assert again == {k: v for k, v in manifest.items() if k != "history"}
    reader = Reader.load(out, runtime=runtime, threads=1)
    found = reader.answer([e.question for e in held], [e.context for e in held])
    assert all(a.text == e.context[a.start : a.end] for a, e in zip(found, held, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("given", [{}, {"average": 0.9, "crop": 40, "decay": 100}, {"lora": 2, "parts": 3}])
def test_a_run_that_was_stopped_at_any_step_gives_the_same_weights(
    checkpoints: dict[str, Path], data: DataSet, tmp_path: Path, given: dict[str, Any]
) -> None:
    whole = run(checkpoints["bert"], data, tmp_path / "whole", **given)
    steps = json.loads((whole / "training.json").read_text())["steps"]
    for at in np.random.default_rng(3).integers(1, steps, 2).tolist():
        part = tmp_path / f"part{at}"
        run(checkpoints["bert"], data, part, stop_after=at, **given)
        assert not (part / "training.json").exists()
        run(checkpoints["bert"], data, part, **given)
        assert same(whole, part)


@pytest.mark.slow
def test_a_killed_process_goes_on_to_the_same_weights(
    checkpoints: dict[str, Path], squad: Path, tmp_path: Path
) -> None:
    def command(out: Path) -> list[str]:
        made = [sys.executable, "-m", "drystone", "reader", "train", str(checkpoints["bert"]), "--data", str(squad)]
        made += ["--out", str(out), "--examples", "1500", "--tokens", "512", "--max-seq-len", "96"]
        return [*made, "--checkpoint-every", "0", "--threads", "2", "--hold-out", "0.2"]

    whole, part = tmp_path / "whole", tmp_path / "part"
    subprocess.run(command(whole), check=True, capture_output=True, timeout=120)
    kills = 0
    for wait in np.random.default_rng().uniform(0, 0.7, 2):
        process = subprocess.Popen(command(part), stderr=subprocess.DEVNULL)
        while not (part / "state" / "state.safetensors").is_file() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(wait)
        kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert kills
    subprocess.run(command(part), check=True, capture_output=True, timeout=120)
    assert same(whole, part)


@pytest.mark.slow
def test_a_run_may_be_lengthened_before_its_decay(
    checkpoints: dict[str, Path], data: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "POOL", 64)
    given: dict[str, Any] = {"warmup": 20, "decay": 60}
    straight = run(checkpoints["bert"], data, tmp_path / "straight", examples=500, **given)
    out = tmp_path / "out"
    run(checkpoints["bert"], data, out, examples=400, stop_after=20, **given)
    run(checkpoints["bert"], data, out, examples=500, **given)
    assert same(straight, out)
    with pytest.raises(UsageError, match="another setting: examples"):
        run(checkpoints["bert"], data, out, examples=450, **given)


def test_a_run_of_another_setting_is_refused(checkpoints: dict[str, Path], data: DataSet, tmp_path: Path) -> None:
    run(checkpoints["bert"], data, tmp_path, stop_after=2)
    with pytest.raises(UsageError, match=r"another setting: learning_rate \(0.002, now 0.5\)"):
        run(checkpoints["bert"], data, tmp_path, learning_rate=0.5)
    with pytest.raises(UsageError, match="another setting: data"):
        run(checkpoints["bert"], mine_unanswerable(data, 0.5), tmp_path)
    with pytest.raises(UsageError, match="another setting: model"):
        run(checkpoints["distilbert"], data, tmp_path)


@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta", "electra", "mpnet"])
def test_every_family_trains(checkpoints: dict[str, Path], data: DataSet, tmp_path: Path, family: str) -> None:
    out = run(checkpoints[family], data, tmp_path, examples=60)
    before, after = weights(checkpoints[family]), weights(out)
    assert before.keys() == after.keys()
    kept = [name for name in before if "word_embeddings" in name or "relative_attention_bias" in name]
    assert [name for name in before if np.array_equal(before[name], after[name])] == kept


def test_deberta_is_refused(checkpoints: dict[str, Path], data: DataSet, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="DeBERTa's weights are folded"):
        run(checkpoints["deberta"], data, tmp_path)


def test_matrices_that_stay_are_multiplied_in_int8(checkpoints: dict[str, Path], data: DataSet, tmp_path: Path) -> None:
    from drystone.reader.training.batches import make_rows, pack, pool_steps
    from drystone.reader.training.net import Net

    _, built, windower = training.open_checkpoint(checkpoints["mpnet"], 0)
    packed = pack(windower, [data])
    ((part, *_), *_) = pool_steps(packed, np.arange(16), seed=0, pool=0, longest=96, tokens=2048, parts=1)
    rows = make_rows(packed, part, built.positions_from)
    found = [Net(built, lora=4, frozen_layers=1, int8=int8).gradients(rows) for int8 in (False, True)]
    (exact, gradients), (near, others) = found
    assert exact != near  # it is another arithmetic
    assert near == pytest.approx(exact, rel=0.02)
    one, other = (np.concatenate([g.numpy().ravel() for g in part]) for part in (gradients, others))
    assert one @ other > 0.98 * np.linalg.norm(one) * np.linalg.norm(other)
    with pytest.raises(UsageError, match="int8 is for matrices that stay"):
        run(checkpoints["mpnet"], data, tmp_path, precision="int8")


def test_what_is_frozen_stays(checkpoints: dict[str, Path], data: DataSet, tmp_path: Path) -> None:
    before = weights(checkpoints["bert"])
    after = weights(run(checkpoints["bert"], data, tmp_path, examples=60, frozen_layers=2))
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed and all(name.startswith(("bert.encoder.layer.2", "qa_outputs")) for name in changed)


def test_word_embeddings_train_where_asked(checkpoints: dict[str, Path], data: DataSet, tmp_path: Path) -> None:
    before = weights(checkpoints["bert"])
    after = weights(run(checkpoints["bert"], data, tmp_path, examples=60, train_words=True))
    assert not any(np.array_equal(before[name], after[name]) for name in before)


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_checkpoint(
    checkpoints: dict[str, Path], data: DataSet, tmp_path: Path
) -> None:
    run(checkpoints["bert"], data, tmp_path, stop_after=3)
    kept = (tmp_path / "state" / "state.safetensors").read_bytes()

    def broken(packed: Any, model: Any) -> Any:
        return lambda logits, trace, inputs: logits.sum() * float("nan")

    with pytest.raises(ModelError, match=r"step 4: the loss is nan .* on questions a\d+.*last checkpoint is whole"):
        run(checkpoints["bert"], data, tmp_path, objective=broken)
    assert (tmp_path / "state" / "state.safetensors").read_bytes() == kept


def test_a_full_disk_is_named_and_the_checkpoint_before_it_is_whole(
    checkpoints: dict[str, Path], data: DataSet, tmp_path: Path
) -> None:
    run(checkpoints["bert"], data, tmp_path, stop_after=3)
    state = tmp_path / "state" / "state.safetensors"
    kept = state.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(kept) // 2, before[1]))  # fails in the middle, as a full disk does
    try:
        with pytest.raises(ModelError, match=r"disk is full.*The checkpoint before it is whole"):
            run(checkpoints["bert"], data, tmp_path, stop_after=3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert state.read_bytes() == kept
    whole = run(checkpoints["bert"], data, tmp_path / "whole")
    assert same(run(checkpoints["bert"], data, tmp_path), whole)


def test_a_damaged_state_is_named(checkpoints: dict[str, Path], data: DataSet, tmp_path: Path) -> None:
    state = tmp_path / "state" / "state.safetensors"
    state.parent.mkdir()
    state.write_bytes(b"\x10" * 64)
    with pytest.raises(ModelError, match="not a readable training state"):
        run(checkpoints["bert"], data, tmp_path)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"max_seq_len": 1000}, "max_seq_len: must be from 16 to the model's 128"),
        ({"learning_rate": -1.0}, "learning_rate: must be"),
        ({"frozen_layers": 9}, "frozen_layers: must be from 0 to the model's 3"),
        ({"lora": 400}, "lora: a rank must be"),
        ({"precision": "fp8"}, "precision: must be auto, fp32, bf16 or int8"),
        ({"device": "cuda:77"}, "device: 'cuda:77' cannot be used here"),
        ({"warmup": 301}, "warmup: must be from 0 to 300"),
    ],
)
def test_wrong_settings_are_named(
    checkpoints: dict[str, Path], data: DataSet, tmp_path: Path, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        run(checkpoints["bert"], data, tmp_path, **given)


def test_empty_and_one_sided_data_are_refused(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="training data: is empty"):
        train(checkpoints["bert"], [], tmp_path)
    never = [Example("Who?", "Nobody is named here.", None, 0)]
    with pytest.raises(UsageError, match="no question has an answer"):
        train(checkpoints["bert"], never, tmp_path)


def test_patience_ends_a_run_that_learns_nothing(checkpoints: dict[str, Path], data: DataSet, tmp_path: Path) -> None:
    kept, held = hold_out(data, 0.2)
    out = run(
        checkpoints["bert"], kept, tmp_path, examples=3000, validation=held, evaluate_every=100, patience=2,
        learning_rate=1e-9,
    )  # fmt: skip
    assert json.loads((out / "training.json").read_text())["examples_seen"] < 1000


def test_a_recipe_says_what_its_schedule_is() -> None:
    recipe = Recipe(examples=1000, warmup=100, decay=400, learning_rate=1.0, crop=64)
    rates = [recipe.rate(seen, 0) for seen in (0, 50, 100, 600, 800, 1000)]
    assert rates == [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]


@pytest.mark.slow
def test_two_processes_give_the_weights_of_one(checkpoints: dict[str, Path], squad: Path, tmp_path: Path) -> None:
    given = ["reader", "train", str(checkpoints["bert"]), "--data", str(squad), "--examples", "200", "--tokens", "512"]
    # In bfloat16 a sum's last bit, which the order of processes may turn, can change what a weight is rounded to.
    given += [
        "--max-seq-len",
        "96",
        "--parts",
        "4",
        "--threads",
        "1",
        "--hold-out",
        "0.2",
        "--precision",
        "fp32",
        "--out",
    ]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for command, name in (([sys.executable], "one"), (launcher, "two")):
        done = subprocess.run(
            [*command, "-m", "drystone", *given, str(tmp_path / name)], capture_output=True, text=True, timeout=200,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
    ours, theirs = weights(tmp_path / "one"), weights(tmp_path / "two")
    # A softmax does not change when all its inputs grow alike: the gradients of these are zero but for rounding, and
    # Adam makes steps of the rounding.
    without_effect = ("key.bias", "qa_outputs.bias", f"layer.{LAYERS - 1}.output.LayerNorm.bias")
    assert all(np.allclose(ours[n], theirs[n], atol=1e-6) for n in ours if not n.endswith(without_effect))
    assert json.loads((tmp_path / "two" / "training.json").read_text())["hardware"]["processes"] == 2


def test_errors_reach_the_command_line_without_a_traceback(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    bad = write_squad(tmp_path / "bad.json", make_squad(2), license=None)
    command = [sys.executable, "-m", "drystone", "reader", "train", str(checkpoints["bert"]), "--data", str(bad)]
    done = subprocess.run([*command, "--out", str(tmp_path / "out")], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "names no licence" in done.stderr and "Traceback" not in done.stderr
    assert issubclass(UsageError, DrystoneError)
