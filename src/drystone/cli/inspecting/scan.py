"""`drystone scan`: secrets and personal data in files and folders."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from drystone._words import many
from drystone.cli import _options
from drystone.cli._out import echo, inline, write_text
from drystone.cli._progress import spinner
from drystone.detect import verbs

if TYPE_CHECKING:
    from drystone.detect.secrets.report import SecretFinding
    from drystone.detect.secrets.tree import Passed


@click.command(epilog="Exit status: 0 nothing found, 1 something found, 2 misuse.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="Print findings as JSON.")
@click.option("--sarif", is_flag=True, help="Print findings as SARIF 2.1.0.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to a file.")
@click.option(
    "--sensitivity",
    multiple=True,
    metavar="[KIND=]LEVEL",
    help="off, low, balanced or high, for all kinds or for one: --sensitivity ip_address=high. Repeatable.",
)
@click.option("--baseline", type=click.Path(path_type=Path, dir_okay=False), help="Leave out findings accepted there.")
@click.option(
    "--write-baseline", type=click.Path(path_type=Path, dir_okay=False), help="Accept all findings into this file."
)
@click.option("--git-ignored", is_flag=True, help="Also scan what git ignores.")
@_options.option_of(verbs.scan, "--max-bytes", type=int, help="Pass over larger files.")
@click.option("--verbose", is_flag=True, help="Also name what was passed over, and why.")
def command(
    paths: tuple[Path, ...],
    as_json: bool,
    sarif: bool,
    output: Path | None,
    sensitivity: tuple[str, ...],
    baseline: Path | None,
    write_baseline: Path | None,
    git_ignored: bool,
    max_bytes: int,
    verbose: bool,
) -> None:
    """Find secrets and personal data in files and folders (- is standard input).

    Findings are masked: kind, rule, the first characters, the length.

    \b
    Examples:
      drystone scan .
      drystone scan --sarif -o findings.sarif src/
      drystone scan --write-baseline .drystone-baseline.json .
      drystone scan --baseline .drystone-baseline.json .
      drystone scan --sensitivity low --sensitivity email=off .
    """
    if as_json and sarif:
        raise click.UsageError("Choose one of --json and --sarif.")
    live = not (as_json or sarif or output)
    with spinner("Scanning", live) as update:
        found = verbs.scan(
            paths,
            sensitivity=sensitivity,
            baseline=baseline,
            write_baseline=write_baseline,
            git_ignored=git_ignored,
            max_bytes=max_bytes,
            each=(lambda finding: echo(_line(finding))) if live else (lambda finding: None),
            each_passed=_tell_passed if verbose else (lambda passed: None),
            progress=lambda n, size, hits: update(
                f"Scanned {many(n, 'file')}, {size / 1e6:,.1f} MB, {many(hits, 'finding')}"
            ),
        )
    if not live:
        lines = "\n".join(_line(finding) for finding in found.findings)
        _write(found.as_sarif() if sarif else found.as_json() if as_json else lines, output)
    _print_summary(found)
    if found.findings and write_baseline is None:
        sys.exit(1)


def _write(report: str, output: Path | None) -> None:
    if output is None:
        echo(report)
    else:
        write_text(output, report + "\n" * (not report.endswith("\n")))


def _line(finding: SecretFinding) -> str:
    path = inline(finding.path)
    where = f" ({finding.where})" if finding.where else ""
    return f"{path}:{finding.line}:{finding.column}: {finding.kind} {finding.rule} {inline(finding.masked)}{where}"


def _tell_passed(passed: Passed) -> None:
    echo(f"passed over {inline(passed.path)}: {passed.reason}", err=True)


def _print_summary(found: verbs.Scanned) -> None:
    kinds = Counter(finding.kind for finding in found.findings)
    said = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())) or "nothing"
    echo(f"Found {said} in {many(found.files, 'file')}, {found.bytes / 1e6:,.1f} MB.", err=True)
    if found.passed_over:
        over = ", ".join(f"{n} {reason}" for reason, n in found.passed_over.items())
        echo(f"Passed over: {over}.", err=True)
