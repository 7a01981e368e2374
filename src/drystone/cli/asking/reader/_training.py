"""`drystone reader train` and `distil`: what both ask for, and how they show progress."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from drystone.reader.training.records import ProgressRow

    _ParamType = click.ParamType[Any]
else:  # generic since click 8.5
    _ParamType = click.ParamType


class DataFile(_ParamType):
    """FILE with properties: squad.json.gz,weight=0.5,license=CC-BY-SA-4.0."""

    name = "FILE[,weight=W][,license=SPDX]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return (path, properties)."""
        if not isinstance(value, str):
            return value
        name, *pairs = re.split(r",(?=(?:weight|license)=)", value)
        given: dict[str, Any] = dict(pair.split("=", 1) for pair in pairs)
        if not Path(name).is_file():
            self.fail(f"{name}: no such file.", param, ctx)
        if "weight" in given:
            try:
                given["weight"] = float(given["weight"])
            except ValueError:
                self.fail(f"{value}: weight={given['weight']} is not a number.", param, ctx)
        return Path(name), given


def training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a training run."""
    options = (
        click.option("--data", "files", type=DataFile(), multiple=True, required=True, help="SQuAD file; repeatable."),
        click.option(
            "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the run."
        ),
        click.option(
            "--validation", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="SQuAD file to measure."
        ),
        click.option(
            "--hold-out",
            type=click.FloatRange(0, 0.9),
            default=0.0,
            help="Share of the first set's articles to hold back and measure.",
        ),
        click.option("--validation-limit", type=click.IntRange(min=1), help="Measure so many questions, evenly taken."),
        click.option(
            "--epochs",
            type=click.FloatRange(min=0, min_open=True),
            default=1.0,
            show_default=True,
            help="Passes over the data.",
        ),
        click.option("--examples", type=click.IntRange(min=1), help="Length of the run, in place of --epochs."),
        click.option("--learning-rate", type=float, default=1.2e-4, show_default=True, help="Highest rate of AdamW."),
        click.option("--warmup", type=float, default=0.08, show_default=True, help="Share of the run, or examples."),
        click.option("--decay", type=float, help="Share of the run, or examples.  [default: all after the warm-up]"),
        click.option("--tokens", type=int, default=3072, show_default=True, help="Padded tokens in a step."),
        click.option("--parts", type=int, default=2, show_default=True, help="Parts of a step, computed side by side."),
        click.option("--max-seq-len", type=int, default=384, show_default=True, help="Tokens in a row."),
        click.option("--crop", type=int, help="Tokens in a row until the decay begins."),
        click.option("--average", type=float, default=0.0, help="Decay per step of a running mean of the weights."),
        click.option("--lora", type=int, default=0, help="Rank of low-rank additions, which alone are trained."),
        click.option("--freeze-layers", "frozen_layers", type=int, default=0, help="Lower layers left as they are."),
        click.option("--train-words", is_flag=True, help="Train word embeddings as well."),
        click.option(
            "--unanswerable", type=click.FloatRange(0, 5), default=0.0, help="Mined questions for each answerable one."
        ),
        click.option("--skip-bad", is_flag=True, help="Leave out answers that are not in their context."),
        click.option("--evaluate-every", type=click.IntRange(min=1), help="Examples between measurements."),
        click.option("--patience", type=click.IntRange(min=1), help="Measurements without a better one to stop after."),
        click.option("--checkpoint-every", type=float, default=120.0, show_default=True, help="Seconds."),
        click.option("--threads", type=click.IntRange(1, 1024), help="Default: all processors."),
        click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, …"),
        click.option("--precision", type=click.Choice(["auto", "fp32", "bf16"]), default="auto", show_default=True),
        click.option("--seed", type=int, default=0, show_default=True, help="Of order, crops and what is held back."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def gather(given: dict[str, Any]) -> dict[str, Any]:
    """Read the data that the options name; return the arguments of `drystone.reader.training.train.train`."""
    from drystone.reader.training.data import (
        HELD_OUT,
        hold_out,
        mine_unanswerable,
        read_data,
        write_data,
    )

    skip_bad, seed = given.pop("skip_bad"), given["seed"]
    sets = [read_data(path, skip_bad=skip_bad, **asked) for path, asked in given.pop("files")]
    share, file, limit = given.pop("hold_out"), given.pop("validation"), given.pop("validation_limit")
    held: tuple[Any, ...] = ()
    if file and share:
        raise click.UsageError("Give --validation or --hold-out, not both.")
    if file:
        held = read_data(file, license="measured only", skip_bad=skip_bad).examples
    elif share:
        sets[0], held = hold_out(sets[0], share, seed)
        if not (kept := given["out"] / HELD_OUT).exists():
            write_data(kept, held, sets[0].license)
    if limit and len(held) > limit:
        held = tuple(held[i * len(held) // limit] for i in range(limit))
    mined = given.pop("unanswerable")
    given["notes"] = {"hold_out": share, "unanswerable": mined, "validation": str(file.name) if file else None}
    given["data"] = [mine_unanswerable(part, mined, seed) for part in sets]
    given["validation"] = held
    for name in ("warmup", "decay"):
        value = given[name]
        given[name] = int(value) if value is not None and value >= 1 else value
    return given


def progress() -> Callable[[ProgressRow], None]:
    """Return a report of rows: a line that is rewritten on a terminal, a line each in a log."""
    terminal = sys.stderr.isatty()

    def report(row: ProgressRow) -> None:
        if "f1" in row:
            before = "\n" if terminal else ""
            click.echo(
                f"{before}{row['seen']:,} examples: exact match {row['exact_match']:.2f}, F1 {row['f1']:.2f}", err=True
            )
            return
        left = (row["of"] - row["seen"]) / max(row["speed"], 1e-9)
        text = (
            f"{row['seen']:,} of {row['of']:,}  loss {row['loss']:.3f}  rate {row['rate']:.2e}  "
            f"{row['speed']:.1f} examples/s  {int(left // 3600)}:{int(left % 3600 // 60):02}:{int(left % 60):02} left"
        )
        click.echo(f"\r{text}   " if terminal else text, nl=not terminal, err=True)

    return report
