"""Trains the next `mini` from the shipped one: a teacher's answers, once written, and questions of several kinds.

    python models/mini/again.py prepare PARCEL train-v1.1.json [MORE.json=WEIGHT ...]
    python models/mini/again.py teach PARCEL TEACHER      # the teacher's logits, once; goes on where it was cut off
    python models/mini/again.py run PARCEL TEACHER RUN    # the course; goes on where it was cut off

A reader that learns to refuse forgets how to answer unless it is shown answers of every kind meanwhile: two courses
without a teacher cost 4 to 10 F1 on questions of other kinds (docs/experiments.md). So a third of the questions, not
half, have no answer, other sets stand beside SQuAD, and the teacher says how sure one may be of each token. MORE are
SQuAD files that name their licence, for instance of `drystone reader questions`. What this repository holds out stays
unseen; the course is measured by questions on articles of their own.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from drystone.cli.asking.reader._making._options import progress
from drystone.reader import Reader
from drystone.reader.model.checkpoint import read_checkpoint
from drystone.reader.training.batches import load_packed, pack, save_packed
from drystone.reader.training.cache import teacher_logits
from drystone.reader.training.data import HELD_OUT, DataSet, hold_out, read_data, write_data
from drystone.reader.training.distil import distil, token_numbers
from drystone.reader.training.mining import mine_unanswerable, shorten
from drystone.reader.training.train import open_checkpoint

LICENSE = "CC-BY-SA-4.0"
#: Of SQuAD's articles, so many are kept from training, as before; and so many of the rest measure the course.
HOLD_OUT, OWN = (0.055, 1), (0.008, 2)
#: Mined questions for an answerable one (a third of all), and the share of long contexts that are cut to pieces.
UNANSWERABLE, SHORTEN = 0.5, 0.5
MEASURED = 400
#: Folder for what teachers say, in a parcel.
TEACHERS = "teachers"
COURSE: dict[str, Any] = {
    "warmup": 1 / 128,
    "learning_rate": 1e-4,
    "tokens": 2304,
    "parts": 2,
    "average": 0.998,
    "seed": 1,
    "temperature": 2.0,
    "soft": 0.75,
    "hard": 0.25,
    "train_words": True,
    "evaluate_every": 8192,
    "checkpoint_every": 150,
    "precision": "fp32",
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Train the next mini."""


@main.command()
@click.argument("parcel", type=click.Path(file_okay=False, path_type=Path))
@click.argument("squad", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("more", nargs=-1)
@click.option("--student", default="mini", show_default=True, help="Folder or name of what is trained further.")
@click.option("--answerable", type=int, default=44000, show_default=True, help="Questions taken of SQuAD.")
@click.option("--hold-out", "share", type=click.FloatRange(0, 0.9), default=HOLD_OUT[0], show_default=True)
@click.option("--own", type=click.FloatRange(0, 0.9), default=OWN[0], show_default=True, help="Measures the course.")
def prepare(
    parcel: Path, squad: Path, more: tuple[str, ...], student: str, answerable: int, share: float, own: float
) -> None:
    """Write packed examples and what measures the course into PARCEL."""
    kept, _ = hold_out(read_data(squad, license=LICENSE), share, HOLD_OUT[1])
    kept, measured = hold_out(kept, own, OWN[1])
    chosen = np.sort(np.random.default_rng(1).permutation(len(kept.examples))[:answerable]).tolist()
    sets = [_mixed(kept, [kept.examples[i].id for i in chosen])]
    for name in more:
        path, _, weight = name.partition("=")
        one = read_data(Path(path), weight=float(weight or 1))
        sets.append(_mixed(one, [example.id for example in one.examples]))
    parcel.mkdir(parents=True, exist_ok=True)
    save_packed(pack(open_checkpoint(student, 1)[2], sets), parcel / "examples.npz")
    write_data(parcel / HELD_OUT, measured[:: -(-len(measured) // MEASURED)], LICENSE)
    notes = {"hold_out": share, "unanswerable": UNANSWERABLE, "shorten": SHORTEN, "validation": None}
    (parcel / "notes.json").write_text(json.dumps(notes | {"student": student}))
    click.echo(f"{parcel}: " + ", ".join(f"{one.name} {len(one.examples)}" for one in sets))


def _mixed(data: DataSet, names: list[str]) -> DataSet:
    """Return the named questions with mined ones beside them, from the contexts of all, and shorter contexts."""
    wanted = set(names)
    mined = mine_unanswerable(data, UNANSWERABLE, 1)
    chosen = tuple(example for example in mined.examples if example.id.partition(":mined")[0] in wanted)
    return shorten(replace(data, examples=chosen), SHORTEN, seed=1)


@main.command()
@click.argument("parcel", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("teacher")
@click.option("--precision", default="int8", show_default=True, help="Of the teacher, here and in `run` the same.")
def teach(parcel: Path, teacher: str, precision: str) -> None:
    """Write what TEACHER says of every example into PARCEL."""
    student = read_checkpoint(json.loads((parcel / "notes.json").read_text())["student"])
    reader = Reader.load(teacher, precision=precision)
    packed, ids = load_packed(parcel / "examples.npz"), token_numbers(reader, student)
    teacher_logits(reader, packed, parcel / TEACHERS, ids, report=_tell)


@main.command()
@click.argument("parcel", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("teacher")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--examples", type=int, default=131072, show_default=True)
@click.option("--decay", type=int, default=32768, show_default=True, help="Of them, with a falling rate.")
@click.option("--precision", default="int8", show_default=True, help="Of the teacher.")
def run(parcel: Path, teacher: str, out: Path, examples: int, decay: int, precision: str) -> None:
    """Train from PARCEL into OUT, with what TEACHER says."""
    notes = json.loads((parcel / "notes.json").read_text())
    distil(
        [teacher],
        load_packed(parcel / "examples.npz"),
        out,
        student=notes["student"],
        cache=parcel / TEACHERS,
        teacher_precision=precision,
        report_teacher=_tell,
        validation=read_data(parcel / HELD_OUT).examples,
        notes=notes,
        report=progress(),
        examples=examples,
        decay=decay,
        **COURSE,
    )


def _tell(done: int, of: int) -> None:
    click.echo(f"teacher: {done} of {of}", err=True)


if __name__ == "__main__":
    main()
