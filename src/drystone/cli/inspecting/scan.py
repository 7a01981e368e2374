"""drystone scan: secrets and personal data in files and folders, without building a release."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from drystone.cli._console import console as new_console
from drystone.detect.secrets import KINDS, Scanner, ScanSettings, report, tree

_BATCH: Final = 16 << 20


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
@click.option("--max-bytes", default=100 << 20, show_default=True, help="Pass over larger files.")
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
    scanner = Scanner(_settings(sensitivity))
    known = report.read_baseline(baseline) if baseline else report.new_baseline()
    salt = known.salt if baseline or write_baseline else None
    plain = not (as_json or sarif)
    found: list[report.SecretFinding] = []
    passed: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    with _progress(plain and output is None) as progress:
        task = progress.add_task("Scanning")
        for batch in _batches(_texts(paths, git_ignored, max_bytes), passed, verbose):
            for text, spans in zip(batch, _scan(scanner, batch), strict=True):
                new = [
                    finding
                    for finding in report.findings(text.path, text.data, spans, salt)
                    if finding.fingerprint not in known.accepted
                ]
                found += new
                counts["bytes"] += len(text.data)
                if plain and output is None:
                    for finding in new:
                        click.echo(_line(finding))
            counts["files"] += len(batch)
            done = f"{counts['files']:,} files, {counts['bytes'] / 1e6:,.1f} MB, {len(found):,} findings"
            progress.update(task, description=f"Scanned {done}")
    scanned: report.ScannedFiles = {
        "files": counts["files"],
        "bytes": counts["bytes"],
        "passed_over": dict(sorted(passed.items())),
        "settings": scanner.settings.as_dict(),
    }
    if not plain or output is not None:
        content = report.as_sarif(found) if sarif else report.as_json(found, scanned) if as_json else _lines(found)
        if output is None:
            click.echo(content)
        else:
            output.write_text(content + "\n" * (not content.endswith("\n")), "utf-8")
    if write_baseline is not None:
        report.write_baseline(write_baseline, known.salt, found)
    _summary(found, scanned)
    if found and write_baseline is None:
        sys.exit(1)


def _settings(choices: tuple[str, ...]) -> ScanSettings:
    levels: dict[str, Any] = {}
    for choice in choices:
        kind, equals, level = choice.rpartition("=")
        if equals and kind not in KINDS:
            raise click.BadParameter(f"{kind!r} is no kind; kinds are {', '.join(KINDS)}.", param_hint="--sensitivity")
        if level not in ("off", "low", "balanced", "high"):
            raise click.BadParameter(f"{level!r}: write off, low, balanced or high.", param_hint="--sensitivity")
        levels.update({kind: level} if equals else {k: level for k in KINDS if k != "name"})
    return ScanSettings(**levels)


def _texts(paths: tuple[Path, ...], git_ignored: bool, largest: int) -> Iterator[tree.FileText | tree.Passed]:
    for path in paths:
        if str(path) == "-":
            data = sys.stdin.buffer.read(largest + 1)
            text = tree.as_utf8(data) if len(data) <= largest else None
            yield tree.Passed("-", "binary or too large") if text is None else tree.FileText("-", *text)
        elif not path.exists() and not path.is_symlink():
            raise click.UsageError(f"{path} does not exist.")
        else:
            yield from tree.texts(tree.files([path], git_ignored), largest)


def _batches(
    texts: Iterator[tree.FileText | tree.Passed], passed: Counter[str], verbose: bool
) -> Iterator[list[tree.FileText]]:
    batch: list[tree.FileText] = []
    size = 0
    for text in texts:
        if isinstance(text, tree.Passed):
            passed[text.reason] += 1
            if verbose:
                click.echo(f"passed over {text.path}: {text.reason}", err=True)
            continue
        batch.append(text)
        size += len(text.data)
        if size >= _BATCH or len(batch) >= 4096:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _scan(scanner: Scanner, batch: list[tree.FileText]) -> list[Any]:
    return scanner.scan_batch([text.data for text in batch], [text.path for text in batch])


def _progress(wanted: bool) -> Progress:
    console = new_console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not (wanted and console.is_terminal),
    )


def _line(finding: report.SecretFinding) -> str:
    path = finding.path.encode("utf-8", "backslashreplace").decode()
    return f"{path}:{finding.line}:{finding.column}: {finding.kind} {finding.rule} {finding.masked}"


def _lines(found: list[report.SecretFinding]) -> str:
    return "\n".join(_line(finding) for finding in found)


def _summary(found: list[report.SecretFinding], scanned: report.ScannedFiles) -> None:
    kinds = Counter(finding.kind for finding in found)
    said = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())) or "nothing"
    click.echo(f"Found {said} in {scanned['files']:,} files, {scanned['bytes'] / 1e6:,.1f} MB.", err=True)
    if scanned["passed_over"]:
        over = ", ".join(f"{n} {reason}" for reason, n in scanned["passed_over"].items())
        click.echo(f"Passed over: {over}.", err=True)
