"""`drystone reader train`: fine-tune a reader on SQuAD files."""

from __future__ import annotations

from typing import Any

import click

from drystone.cli._out import echo, inline
from drystone.cli.asking.reader._making._options import progress, training_of, training_options
from drystone.reader import verbs


@click.command()
@click.argument("model")
@training_options
def command(model: str, **given: Any) -> None:
    """Fine-tune MODEL, a folder or Hub id, on SQuAD files into a reader in --out.

    Run the same command again after an interruption: it goes on where the last checkpoint stands, to the same
    weights. `torchrun --nproc-per-node N -m drystone reader train …` shares each step among N processes.

    \b
    Examples:
      drystone reader train ./minilm --data train-v1.1.json,license=CC-BY-SA-4.0 --hold-out 0.05 --out run1
      drystone reader train ./run1 --data mine.json --data train.json,weight=0.2 --lora 8 --out run2
    """
    out, options = given["out"], training_of(given)
    written = verbs.train(model, given["files"], out, options, progress=progress())
    echo(f"wrote {inline(written)}", err=True)
