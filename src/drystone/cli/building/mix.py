"""`drystone mix`: some of a release's files, by shares, as a release of its own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from drystone._words import many
from drystone.building import verbs
from drystone.cli import _options
from drystone.cli._out import echo, inline, print_json
from drystone.cli._progress import spinner


@click.command()
@click.argument("settings", metavar="MIXTURE.toml", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the mixture, not that in the file.")
@click.option("--seed", type=click.IntRange(0), help="Decides which files are taken, not that in the file.")
@_options.registry
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@_options.quiet
def command(
    settings: Path, output: Path | None, seed: int | None, registry: str | None, as_json: bool, quiet: bool
) -> None:
    """Make a mixture of a release: by language, licence or score, with a temperature, a budget and a seed.

    The mixture is a release: it has a root hash, names the release that it is made of, verifies, and its ledger holds
    every file that it leaves out.

    \b
    Examples:
      drystone mix mixture.toml
      drystone mix mixture.toml --seed 7 -o releases/mixed-7
    """
    with spinner("Mixing", wanted=not (quiet or as_json)):
        made = verbs.mix(settings, output=output, seed=seed, registry=registry)
    facts, counts = made.manifest.facts, made.manifest.counts
    groups = [asdict(group) for group in made.groups]
    if as_json:
        print_json(
            {"name": facts.name, "version": facts.version, "root": made.manifest.root, "of": made.of, "groups": groups}
        )
        return
    echo(f"{inline(facts.name)} {facts.version}: {many(counts.kept, 'file')} of {counts.text_bytes:,} bytes")
    echo(f"root {made.manifest.root}")
    for group in made.groups:
        files = f"{group.taken_files:,} of {many(group.files, 'file')}"
        asked = "" if group.target == group.size else f", asked for {group.target:,}"
        echo(f"  {inline(group.group)}: {files}, size {group.taken:,}{asked}")
