"""`drystone licenses`: which licences a release holds, what each asks, and whether one policy covers what was kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.table import Table

from drystone.cli._console import console as new_console
from drystone.policy.compatibility import POLICIES, LicenseReport, Obstacle, licenses_of_release
from drystone.policy.licenses import unknown_identifiers


@click.command(name="licenses")
@click.argument("release", type=click.Path(path_type=Path))
@click.option(
    "--policy",
    type=click.Choice(sorted(POLICIES)),
    default="permissive",
    show_default=True,
    help="permissive: Blue Oak's list and the public domain. stack-v2: also files without a licence.",
)
@click.option("--allow", multiple=True, metavar="ID", help='Also accept this SPDX identifier, or a pair "A WITH B".')
@click.option("--deny", multiple=True, metavar="ID", help="Refuse this SPDX identifier.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(release: Path, policy: str, allow: tuple[str, ...], deny: tuple[str, ...], as_json: bool) -> None:
    """Show the licences of RELEASE, what each asks, and whether one policy covers everything kept.

    Facts from the licences' texts, not legal advice. What is unknown is shown as unknown.

    \b
    Examples:
      drystone licenses my-release
      drystone licenses my-release --policy stack-v2 --deny OpenSSL
      drystone licenses my-release --allow MPL-2.0 --json
    """  # fmt: skip
    wrong = unknown_identifiers((*allow, *deny))
    if wrong:
        raise click.UsageError(f"{', '.join(wrong)}: no SPDX identifier. See https://spdx.org/licenses/.")
    chosen = POLICIES[policy].model_copy(update={"allow": tuple(sorted(allow)), "deny": tuple(sorted(deny))})
    report = licenses_of_release(release, chosen)
    if as_json:
        click.echo(json.dumps({"release": str(release), "policy": policy, "allow": sorted(allow), "deny": sorted(deny),
                               **report.as_dict()}, ensure_ascii=False))  # fmt: skip
        return
    _print(report, policy)


def _print(report: LicenseReport, policy: str) -> None:
    console = new_console(width=None if sys.stdout.isatty() else 140)
    table = Table(box=None, pad_edge=False)
    for column in ("licence", "files", "attribution", "notice", "share alike", "patents", "limits"):
        table.add_column(column, justify="right" if column == "files" else "left", no_wrap=column == "licence")
    for used in report.licenses:
        a = used.asks
        table.add_row(used.license, f"{used.files:,}", a.attribution, a.notice, a.share_alike, a.patent,
                      ", ".join(a.limits) or "-")  # fmt: skip
    console.print(table)
    console.print(f"{report.kept:,} kept files, {report.without_license:,} without a licence that could be found.")
    answer = {
        "yes": f"Policy {policy!r} covers every kept file.",
        "no": f"Policy {policy!r} does not cover these files:",
        "unknown": f"Whether policy {policy!r} covers every kept file is unknown:",
    }[report.distributable]
    console.print(answer)
    for obstacle in (*report.refused[:10], *report.unknown[:10]):
        console.print(_line(obstacle), soft_wrap=True)


def _line(o: Obstacle) -> str:
    return f"  {o.files:,} x {o.expression}: {o.reason}; for example {o.example}"
