"""`drystone reader adapt`: a reader that learns from a release's own documentation and code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from drystone._words import many
from drystone.answer import verbs
from drystone.cli._options import option_of
from drystone.cli._out import echo, inline
from drystone.cli.asking.reader._making._options import progress


@click.command()
@click.argument("releases", nargs=-1, required=True, metavar="RELEASE...")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the reader.")
@option_of(verbs.adapt_reader, "--model", help="Installed model, folder or Hub id.")
@option_of(verbs.adapt_reader, "--examples", type=click.IntRange(min=1), help="Questions shown in training.")
@option_of(verbs.adapt_reader, "--hold-out", type=click.FloatRange(0.01, 0.9), help="Share of the files to measure by.")
@option_of(verbs.adapt_reader, "--learning-rate", type=float, help="Highest rate of AdamW.")
@option_of(verbs.adapt_reader, "--seed", type=int, help="Of order, and of what is held back.")
def command(releases: tuple[str, ...], out: Path, **given: Any) -> None:
    """Teach a reader the words of RELEASES, by questions made from their own documentation and code.

    Nobody labels anything: headings, options, parameters, settings, functions and errors ask, and the text beside them
    answers. Only kept files that name a licence are learnt from, and the model card names all of these licences. Prints
    exact match and F1 before and after, on files held back.

    \b
    Example:
      drystone reader adapt releases/mine --out my-reader
      drystone ask releases/mine --model ./my-reader "Which option limits the rows?"
    """
    made = verbs.adapt_reader(releases, out, progress=progress(), **given)
    echo(f"{many(made.learnt, 'question')} learnt from, {made.measured:,} measured, under {', '.join(made.licenses)}")
    for name, what in (("f1", "F1"), ("HasAns_f1", "F1 with an answer"), ("NoAns_f1", "F1 without one")):
        echo(f"{what}: {made.before[name]:.1f} -> {made.after[name]:.1f}")
    echo(f"wrote {inline(made.folder)}", err=True)
