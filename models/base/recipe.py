"""Trains the additions of this package: LoRA on all-mpnet-base-v2 and a span head, on SQuAD with mined questions.

    pip install 'drystone[reader,train]'
    python models/base/recipe.py prepare train-v1.1.json PARCEL
    python models/base/recipe.py run PARCEL RUN [--examples N --decay M]
    python models/base/recipe.py pack PARCEL RUN

`prepare` leaves everything that `run` needs in PARCEL. `run` goes on where it was cut off; another end may be named as
long as the learning rate has not begun to fall (docs/training.md). Its course is measured by questions on articles of
their own: nothing is chosen on those that the repository holds out.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import click
import numpy as np
from encoder import fetch, read_named
from safetensors.numpy import save_file

from drystone.cli.asking.reader._making._options import progress
from drystone.reader.training.batches import load_packed, pack, save_packed
from drystone.reader.training.data import HELD_OUT, hold_out, read_data, write_data
from drystone.reader.training.mining import mine_unanswerable, shorten
from drystone.reader.training.train import open_checkpoint, train

LICENSE = "CC-BY-SA-4.0"
#: Of SQuAD's articles, so many are kept from training, as for `mini`; and so many of the rest measure the course.
HOLD_OUT, OWN = (0.055, 1), (0.008, 2)
#: Mined questions for an answerable one, and the share of long contexts that are cut to about 500 characters.
UNANSWERABLE, SHORTEN = 0.5, 0.5
#: At most so many questions measure the course.
MEASURED = 200
COURSE: dict[str, Any] = {
    "warmup": 512,
    "learning_rate": 3e-4,
    "tokens": 2304,
    "parts": 2,
    "crop": 144,
    "average": 0.995,
    "seed": 1,
    "lora": 16,
    "frozen_layers": 2,
    "evaluate_every": 8192,
    "checkpoint_every": 150,
}
MODEL = Path(__file__).resolve().parent / "src/drystone_base/model"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Train drystone-base."""


@main.command()
@click.argument("squad", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("parcel", type=click.Path(file_okay=False, path_type=Path))
@click.option("--encoder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Another to start from.")
@click.option("--hold-out", "share", type=click.FloatRange(0, 0.9), default=HOLD_OUT[0], show_default=True)
@click.option("--own", type=click.FloatRange(0, 0.9), default=OWN[0], show_default=True, help="Measures the course.")
def prepare(squad: Path, parcel: Path, encoder: Path | None, share: float, own: float) -> None:
    """Write the encoder, packed examples and what measures the course into PARCEL."""
    if encoder:
        shutil.copytree(encoder, parcel / "encoder")
    else:
        fetch(parcel / "encoder")
    kept, _ = hold_out(read_data(squad, license=LICENSE), share, HOLD_OUT[1])
    kept, measured = hold_out(kept, own, OWN[1])
    data = shorten(mine_unanswerable(kept, UNANSWERABLE, 1), SHORTEN, seed=1)
    save_packed(pack(open_checkpoint(parcel / "encoder", 1)[2], [data]), parcel / "examples.npz")
    write_data(parcel / HELD_OUT, measured[:: -(-len(measured) // MEASURED)], LICENSE)
    notes = {"hold_out": share, "unanswerable": UNANSWERABLE, "shorten": SHORTEN, "validation": None}
    (parcel / "notes.json").write_text(json.dumps(notes))
    click.echo(f"{parcel}: {len(data.examples)} examples")


@main.command()
@click.argument("parcel", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--examples", type=int, default=40960, show_default=True)
@click.option("--decay", type=int, default=8192, show_default=True, help="Of them, with a falling rate.")
@click.option("--precision", default="int8", show_default=True, help="Of what stays as it is; bf16 on a GPU.")
def run(parcel: Path, out: Path, examples: int, decay: int, precision: str) -> None:
    """Train from PARCEL into OUT."""
    train(
        parcel / "encoder",
        load_packed(parcel / "examples.npz"),
        out,
        validation=read_data(parcel / HELD_OUT).examples,
        notes=json.loads((parcel / "notes.json").read_text()),
        report=progress(),
        examples=examples,
        decay=decay,
        precision=precision,
        **COURSE,
    )


@main.command("pack")
@click.argument("parcel", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("trained", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--to", "model", type=click.Path(file_okay=False, path_type=Path), default=MODEL, help="Another folder.")
def pack_additions(parcel: Path, trained: Path, model: Path) -> None:
    """Write what TRAINED adds to PARCEL's encoder, its tokenizer, card and record into this package."""
    before, after = read_named(parcel / "encoder"), read_named(trained)
    adapter: dict[str, np.ndarray] = {}
    for name, value in after.items():
        old = before.get(name)
        if old is not None and np.array_equal(old, value):
            continue
        if old is None or value.ndim != 2 or name.startswith("qa_outputs."):
            adapter[name] = value
        else:
            adapter[f"{name}.b"], adapter[f"{name}.a"] = low_rank(value - old)
    model.mkdir(parents=True, exist_ok=True)
    save_file(adapter, model / "adapter.safetensors", metadata={"format": "pt"})
    config = json.loads((trained / "config.json").read_text()) | {"dtype": "float16"}
    (model / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "README.md", "training.json"):
        if (trained / name).is_file():
            shutil.copyfile(trained / name, model / name)
    click.echo(f"{model}: {(model / 'adapter.safetensors').stat().st_size / 2**20:.1f} MiB")


def low_rank(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return b and a in float16, of the least rank whose product is `matrix` but for a thousandth of its size."""
    u, sizes, v = np.linalg.svd(matrix.astype(np.float32), full_matrices=False)
    left = np.sqrt(np.append(np.cumsum(sizes[::-1] ** 2)[::-1], 0))  # what is lost where so many are kept
    rank = int(np.argmax(left <= 1e-3 * left[0]))
    root = np.sqrt(sizes[:rank])
    return (u[:, :rank] * root).astype(np.float16), (v[:rank] * root[:, None]).astype(np.float16)


if __name__ == "__main__":
    main()
