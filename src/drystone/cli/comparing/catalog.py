"""`drystone catalog`: passports of artifacts: what is known, and where it was read."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from drystone._words import many
from drystone.catalog import verbs
from drystone.catalog.papers import PaperForm
from drystone.cli import _options
from drystone.cli._out import console, echo, inline, print_json, table, text, write_text
from drystone.cli.comparing import _catalog_duplicates, _catalog_match, _catalog_measure, _catalog_rank
from drystone.web.verbs import export_catalog


@click.group()
def command() -> None:
    """Passports of datasets and readers: each fact with what it rests on.

    \b
    Examples:
      drystone catalog list
      drystone catalog show the-stack-v2
      drystone catalog add releases/mine
    """


@command.command("list")
@_options.catalog
@_options.as_json
def list_(catalog: str | None, as_json: bool) -> None:
    """List the artifacts of a catalog, with those that come with the program.

    \b
    Examples:
      drystone catalog list
      drystone catalog list --json
    """
    found = verbs.list_artifacts(catalog=catalog)
    if as_json:
        print_json(found)
    else:
        console().print(table(["name", "kind", "title"], [(one.name, one.kind, one.title) for one in found]))


@command.command()
@click.argument("artifact")
@_options.catalog
@_options.as_json
def show(artifact: str, catalog: str | None, as_json: bool) -> None:
    """Show the passport of ARTIFACT: capabilities, facts, and how many of its quotes were found again.

    With --json the passport as it is kept, with each quote.

    \b
    Examples:
      drystone catalog show the-stack-v2
      drystone catalog show mini --json
    """
    passport = verbs.show_artifact(artifact, catalog=catalog)
    if as_json:
        print_json(passport)
        return
    identity, out = passport.artifact, console()
    echo(f"{inline(identity.title)} ({inline(identity.name)}, {identity.kind})")
    echo(inline(identity.description))
    out.print()
    out.print(table(["capability", "what"], [(one.id, one.name) for one in passport.capabilities]))
    out.print()
    rows = [(one.name, text(one.text, "dim" if not one.claims else ""), one.bases) for one in passport.facts]
    out.print(table(["fact", "value", "basis"], rows))
    quotes = verbs.check_artifact(artifact, catalog=catalog)
    found = sum(one.state == "stands" for one in quotes)
    echo()
    echo(f"{found} of {len(quotes)} quotes stand in the texts that were kept.")


@command.command()
@click.argument("source")
@_options.catalog_to_change
@click.option("--name", help="Name of the artifact, where the source does not say it.")
@click.option(
    "--replace", is_flag=True, help="Replace an artifact of the same name, or one that comes with the program."
)
@click.option("--dry-run", is_flag=True, help="Keep nothing; with --json show the passport.")
@_options.as_json
def add(source: str, catalog: str, name: str | None, replace: bool, dry_run: bool, as_json: bool) -> None:
    """Make a passport of SOURCE and keep it, with the texts that it quotes.

    SOURCE is a release, a reader's folder or an installed reader's name, a folder of Parquet in The Stack's columns, a
    folder or card (.md) of a hub, a Croissant file, an unfragile.yml or a passport of unfragile, a file of Every Eval
    Ever, or a passport (.json).

    \b
    Examples:
      drystone catalog add releases/mine
      drystone catalog add mini --dry-run --json
      drystone catalog add README.md --name some-reader
    """
    found = verbs.add_artifact(source, catalog, name=name, replace=replace, dry_run=dry_run)
    for note in found.notes:
        echo(f"left out: {inline(note)}", err=True)
    if as_json:
        print_json(found.passport)
        return
    facts = found.passport.facts
    known = sum(bool(fact.claims) for fact in facts)
    what = "would be added" if dry_run else "added"
    echo(f"{inline(found.passport.artifact.name)} {what}: {many(known, 'fact')} known, {len(facts) - known} unknown")


@command.command()
@click.argument("name")
@_options.catalog_to_change
def remove(name: str, catalog: str) -> None:
    """Take the artifact NAME out of a catalog. The program's own stay.

    \b
    Examples:
      drystone catalog remove some-reader
    """
    verbs.remove_artifact(name, catalog)
    echo(f"{inline(name)} removed")


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@_options.as_json
def validate(file: Path, as_json: bool) -> None:
    """Say what is wrong with the passport in FILE, each fault with its field. The exit status is 1 where there is one.

    Quotes are looked for in the texts that are in the file or come with the program.

    \b
    Examples:
      drystone catalog validate passport.json
    """
    found = verbs.validate_passport(file)
    if as_json:
        print_json(found)
    else:
        for one in found or ["nothing is wrong"]:
            echo(one)
    if found:
        raise click.exceptions.Exit(1)


@command.command("schema")
def schema_() -> None:
    """Print the JSON Schema (draft 2020-12) of a passport's file.

    \b
    Examples:
      drystone catalog schema
    """
    echo(verbs.passport_schema(), nl=False)


@command.command()
@click.argument("artifact", type=click.Path())
@click.option("--as", "form", required=True, type=click.Choice(get_args(PaperForm)), help="Which paper.")
@click.option("--out", type=click.Path(path_type=Path), help="Write it to this file, not to standard output.")
def papers(artifact: str, form: PaperForm, out: Path | None) -> None:
    """Make a paper of ARTIFACT, a release or a reader, out of what it knows of itself.

    spdx: SPDX 3.0.1, dataset profile, or AI profile. cyclonedx: ML-BOM, CycloneDX 1.6. eu: what a release can fill of
    the EU's public summary of training content. croissant: Croissant 1.1 with RAI. card: the card of a hub. eu and
    croissant are of releases alone. Fields that nothing knows are named on standard error, each with what would settle
    it.

    \b
    Examples:
      drystone catalog papers releases/mine --as cyclonedx --out bom.json
      drystone catalog papers releases/mine --as eu
      drystone catalog papers mini --as cyclonedx
    """
    made = verbs.make_paper(artifact, form)
    for one in made.left_open:
        echo(f"left open: {inline(one.field)}; settled by: {inline(one.settled_by)}", err=True)
    if out is None:
        echo(made.text, nl=False)
        return
    write_text(out, made.text)


for each in (
    *_catalog_duplicates.COMMANDS,
    *_catalog_match.COMMANDS,
    *_catalog_rank.COMMANDS,
    *_catalog_measure.COMMANDS,
):
    command.add_command(each)


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@_options.catalog
def export(folder: Path, catalog: str | None) -> None:
    """Write all pages of a catalog into FOLDER, a new one: index.html, a page of each artifact and of each pair.

    They need no server: links are relative. Beside each page lies the passport (JSON) or a badge (SVG).

    \b
    Examples:
      drystone catalog export site
    """
    names = export_catalog(folder, catalog=catalog)
    echo(f"{many(len(names), 'file')} in {inline(folder)}; begin at {inline(folder / 'index.html')}")
