"""`drystone verify`: every checksum and every law of a release."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from drystone.building import verbs
from drystone.cli._out import console, echo, inline, print_json, table, text
from drystone.cli._progress import Meter
from drystone.registry.place import DEFAULT_REGISTRY, VARIABLE

if TYPE_CHECKING:
    from drystone.release.checking.verify import Report


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option("--quick", is_flag=True, help="Files, sizes, columns and counts only; no rows are read.")
@click.option("--deep", is_flag=True, help="Make the index anew and compare all of it, not a sample.")
@click.option("--root", metavar="HASH", help="The root hash that it must have, as a citation names it.")
@click.option("--key", type=click.Path(path_type=Path), help="The publisher's public key: it must have signed it.")
@click.option(
    "--against",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="RELEASE|TOMBSTONE",
    help="A later release, or a tombstone, that may say that this version is superseded; may be repeated.",
)
@click.option(
    "--registry",
    help="Registry that may know a later version.  "
    f"[default: {VARIABLE}, else {DEFAULT_REGISTRY} here or beside the release]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--quiet", is_flag=True, help="No progress, and nothing at all where the release holds.")
def command(
    release: Path,
    quick: bool,
    deep: bool,
    root: str | None,
    key: Path | None,
    against: tuple[Path, ...],
    registry: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Check a release from its folder alone.

    Every checksum, the Merkle roots over all rows, and every law that the folder can show: each kept file is in exactly
    the shard that the ledger names, each duplicate names the file that stands for it, content is what its hashes say.
    Where the release has an index, its postings must agree with rows and texts: of a sample, with --deep of all files.
    Whether a later version took its place is asked of tombstones in the folder, of releases beside it, of the registry,
    and of what --against names. The exit status is 1 where something does not hold, and where this version was
    retracted.

    \b
    Examples:
      drystone verify releases/mine
      drystone verify releases/mine --quick
      drystone verify releases/mine --deep
      drystone verify releases/mine --root 1e1c5c8d0a0b3f5f...   (all 64 digits)
      drystone verify releases/mine --key publisher.key.pub
      drystone verify an-old-copy --registry registry.sqlite
      drystone verify an-old-copy --against releases/mine
      drystone verify releases/mine --json | jq .problems
    """
    with Meter("verify", quiet or as_json) as meter:
        shown = {"progress": meter, "index_progress": meter.beside("index")} if not quick else {}
        report = verbs.verify(
            release, quick=quick, deep=deep, root=root, key=key, against=against, registry=registry, **shown
        )
    if as_json:
        print_json(report, holds=report.holds, losses=report.losses.summary() if report.losses else None)
    elif not (quiet and report.holds and not report.superseded):
        _print(report, key is not None)
    if not report.holds or (report.superseded and report.superseded.retracted):
        sys.exit(1)


def _print(report: Report, keyed: bool) -> None:
    from drystone.release.checking.verify import summary

    out = console()
    rows = [
        (text(f"{problems:,} wrong", "bold red") if problems else text("holds", "green"), name, text(meaning, "dim"))
        for name, meaning, problems in summary(report)
    ]
    echo(f"{inline(report.name)} {inline(report.version)}  {report.root}")
    out.print(table(("verdict", "check", "meaning"), rows, head=False))
    for problem in report.examples:
        echo(f"{problem.check}: {inline(problem.path)}: {inline(problem.what)}", colour="red")
    hidden = sum(report.problems.values()) - len(report.examples)
    if hidden:
        echo(f"... and {hidden:,} more")
    for note in report.notes:
        echo(note, colour="yellow")
    if report.losses is not None and report.losses.lost:
        echo("Of what the sources promised:\n" + "\n".join(f"  {inline(line)}" for line in report.losses.told()))
    if report.signed_by:
        echo(f"Signed by key {report.signed_by}" + ("." if keyed else "; whose key that is, --key FILE checks."))
    later = report.superseded
    if later:
        why = "retracted: do not use it any more" if later.retracted else "superseded"
        echo(f"This version is {why}. Its successor is {later.version}  {later.root}", colour="yellow")
    if report.holds and later and later.retracted:
        echo("It is what its manifest says, and retracted.")
    elif report.holds:
        echo("Nothing is wrong" + (", as far as a quick look shows." if report.quick else "."))
    else:
        echo("This release is not what its manifest says. Fetch it again, or build it again.")
