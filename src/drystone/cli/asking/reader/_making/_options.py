"""`drystone reader train` and `distil`: what both ask for, and how they show progress."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from drystone.cli._options import Command, option_of
from drystone.cli._out import echo
from drystone.cli._progress import ProgressLine
from drystone.reader.options import TrainingFile, TrainingOptions, TrainingPrecision

if TYPE_CHECKING:
    from drystone.reader.training.records import ProgressRow

    _ParamType = click.ParamType[Any]
else:  # generic since click 8.5
    _ParamType = click.ParamType

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_COUNT = click.IntRange(min=1)


class DataFile(_ParamType):
    """FILE with properties: squad.json.gz,weight=0.5,license=CC-BY-SA-4.0."""

    name = "FILE[,weight=W][,license=SPDX]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a `TrainingFile`."""
        if not isinstance(value, str):
            return value
        name, *pairs = re.split(r",(?=(?:weight|license)=)", value)
        given = dict(pair.split("=", 1) for pair in pairs)
        if not Path(name).is_file():
            self.fail(f"{name}: no such file.", param, ctx)
        file = TrainingFile(Path(name), license=given.get("license"))
        if "weight" not in given:
            return file
        try:
            return file._replace(weight=float(given["weight"]))
        except ValueError:
            self.fail(f"{value}: weight={given['weight']} is not a number.", param, ctx)


def _of(*declarations: str, **settings: Any) -> Callable[[Command], Command]:
    return option_of(TrainingOptions, *declarations, **settings)


_OPTIONS = (
    click.option("--data", "files", type=DataFile(), multiple=True, required=True, help="SQuAD file; repeatable."),
    click.option("--out", type=_FOLDER, required=True, help="Folder of the run."),
    _of("--validation", type=_FILE, help="SQuAD file to measure."),
    _of(
        "--hold-out", type=click.FloatRange(0, 0.9), help="Share of the first set's articles to hold back and measure."
    ),
    _of("--validation-limit", type=_COUNT, help="Measure so many questions, evenly taken."),
    _of("--epochs", type=click.FloatRange(min=0, min_open=True), help="Passes over the data."),
    _of("--examples", type=_COUNT, help="Length of the run, in place of --epochs."),
    _of("--learning-rate", type=float, help="Highest rate of AdamW."),
    _of("--warmup", type=float, help="Share of the run, or examples."),
    _of("--decay", type=float, help="Share of the run, or examples.  [default: all after the warm-up]"),
    _of("--tokens", type=int, help="Padded tokens in a step."),
    _of("--parts", type=int, help="Parts of a step, computed side by side."),
    _of("--max-seq-len", type=int, help="Tokens in a row."),
    _of("--crop", type=int, help="Tokens in a row until the decay begins."),
    _of("--average", type=float, help="Decay per step of a running mean of the weights."),
    _of("--lora", type=int, help="Rank of low-rank additions, which alone are trained."),
    _of("--freeze-layers", "frozen_layers", type=int, help="Lower layers left as they are."),
    _of("--train-words", is_flag=True, help="Train word embeddings as well."),
    _of("--unanswerable", type=click.FloatRange(0, 5), help="Mined questions for each answerable one."),
    _of("--skip-bad", is_flag=True, help="Leave out answers that are not in their context."),
    _of("--evaluate-every", type=_COUNT, help="Examples between measurements."),
    _of("--patience", type=_COUNT, help="Measurements without a better one to stop after."),
    _of("--checkpoint-every", type=float, help="Seconds."),
    _of("--threads", type=click.IntRange(1, 1024), help="Default: all processors."),
    _of("--device", help="auto, cpu, cuda, cuda:1, …"),
    _of("--precision", type=click.Choice(get_args(TrainingPrecision))),
    _of("--seed", type=int, help="Of order, crops and what is held back."),
)


def training_options(command: Command) -> Command:
    """Add the options of a training run."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def training_of(given: dict[str, Any]) -> TrainingOptions:
    """Take the options of a training run out of what a command was given."""
    return TrainingOptions(**{field.name: given.pop(field.name) for field in fields(TrainingOptions)})


def progress() -> Callable[[ProgressRow], None]:
    """Return a report of rows: a line that is rewritten on a terminal, a line each in a log."""
    line = ProgressLine()

    def report(row: ProgressRow) -> None:
        if "f1" in row:
            line.end()
            echo(f"{row['seen']:,} examples: exact match {row['exact_match']:.2f}, F1 {row['f1']:.2f}", err=True)
            return
        left = (row["of"] - row["seen"]) / max(row["speed"], 1e-9)
        line.write(
            f"{row['seen']:,} of {row['of']:,}  loss {row['loss']:.3f}  rate {row['rate']:.2e}  "
            f"{row['speed']:.1f} examples/s  {int(left // 3600)}:{int(left % 3600 // 60):02}:{int(left % 60):02} left"
        )

    return report
