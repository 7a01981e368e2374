"""`drystone verify`: every checksum and every law of a release, from its folder alone."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click
import orjson
from rich.table import Table
from rich.text import Text

from drystone.cli._console import console as new_console
from drystone.cli._progress import StageProgress
from drystone.cli._registry import DEFAULT_REGISTRY, successor_of
from drystone.release.checking.verify import Report, summary, verify
from drystone.release.layout import shown
from drystone.release.manifest import read_manifest
from drystone.release.versions.numbers import Superseded


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option("--quick", is_flag=True, help="Files, sizes, columns and counts only; no rows are read.")
@click.option(
    "--against",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="RELEASE|TOMBSTONE",
    help="A later release, or a tombstone, that may say that this version is superseded; may be repeated.",
)
@click.option(
    "--registry",
    envvar="DRYSTONE_REGISTRY",
    show_envvar=True,
    help=f"Registry that may know a later version (default: {DEFAULT_REGISTRY} here or beside the release).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--quiet", is_flag=True, help="No progress, and nothing at all where the release holds.")
@click.pass_context
def command(
    ctx: click.Context,
    release: Path,
    quick: bool,
    against: tuple[Path, ...],
    registry: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Check a release from its folder alone.

    Every checksum, the Merkle roots over all rows, and every law that the folder can show: each kept file is in exactly
    the shard that the ledger names, each duplicate names the file that stands for it, content is what its hashes say.
    Whether a later version took its place is asked of tombstones in the folder, of releases beside it, of the registry,
    and of what --against names. The exit status is 1 where something does not hold, and where this version was
    retracted.

    \b
    Examples:
      drystone verify releases/mine
      drystone verify releases/mine --quick
      drystone verify an-old-copy --registry registry.sqlite
      drystone verify an-old-copy --against releases/mine
      drystone verify releases/mine --json | jq .problems
    """
    meter = _Meter(quiet or as_json)
    with meter:
        named = ctx.get_parameter_source("registry") is click.core.ParameterSource.COMMANDLINE
        later, note = successor_of(read_manifest(release).root, registry, release.resolve().parent, named=named)
        known = [Superseded(later.version, later.root, later.retracted)] if later is not None else []
        report = verify(release, quick=quick, progress=meter, against=against, known=known)
    report.notes += [note] if note else []
    if as_json:
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        click.echo(orjson.dumps(asdict(report) | {"holds": report.holds}, option=options).decode(), nl=False)
    elif not (quiet and report.holds and not report.superseded):
        _print(report)
    if not report.holds or (report.superseded and report.superseded.retracted):
        sys.exit(1)


class _Meter(StageProgress):
    """Follows `verify`, which counts in bytes."""

    _done = -1

    def __call__(self, done: int, total: int) -> None:
        if self._done < 0:
            self.start("verify", total, 0)
            self._done = 0
        last = done == total > self._done
        if done - self._done >= total / 200 or last:  # a display needs no more
            self.advance("verify", done - self._done)
            self._done = done
        if last:
            self.finish("verify")


def _print(report: Report) -> None:
    console = new_console()
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, meaning, problems in summary(report):
        verdict = Text("holds", "green") if not problems else Text(f"{problems:,} wrong", "bold red")
        table.add_row(verdict, name, Text(meaning, "dim"))
    console.print(Text(f"{shown(report.name)} {shown(report.version)}  {report.root}"))
    console.print(table)
    for problem in report.examples:
        console.print(Text.assemble((f"{problem.check}: ", "red"), f"{problem.path}: {problem.what}"), soft_wrap=True)
    hidden = sum(report.problems.values()) - len(report.examples)
    if hidden:
        console.print(f"... and {hidden:,} more")
    for note in report.notes:
        console.print(Text(note, "yellow"), soft_wrap=True)
    if report.superseded:
        later = report.superseded
        why = "retracted: do not use it any more" if later.retracted else "superseded"
        console.print(Text(f"This version is {why}. Its successor is {later.version}  {later.root}", "bold yellow"))
    if report.holds:
        console.print("Nothing is wrong" + (", as far as a quick look shows." if report.quick else "."))
    else:
        console.print("This release is not what its manifest says. Fetch it again, or build it again.")
