"""`drystone reader train`: fine-tune a reader on SQuAD files."""

from __future__ import annotations

from typing import Any

import click

from drystone.cli.asking.reader._training import gather, progress, training_options


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
    from drystone.reader.training.train import train as fine_tune

    out = fine_tune(model, report=progress(), **gather(given))
    click.echo(f"wrote {out}", err=True)
