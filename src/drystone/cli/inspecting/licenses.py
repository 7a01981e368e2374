"""`drystone licenses`: the licences of a release, and whether one policy covers them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from drystone.cli import _options
from drystone.cli._out import console, echo, inline, print_json, table
from drystone.policy import verbs

if TYPE_CHECKING:
    from drystone.policy.compatibility import LicenseReport


@click.command(name="licenses")
@click.argument("release", type=click.Path(path_type=Path))
@_options.option_of(
    verbs.licenses,
    "--policy",
    type=click.Choice(get_args(verbs.PolicyName)),
    help="permissive: Blue Oak's list and the public domain. stack-v2: also files without a licence.",
)
@click.option("--allow", multiple=True, metavar="ID", help='Also accept this SPDX identifier, or a pair "A WITH B".')
@click.option("--deny", multiple=True, metavar="ID", help="Refuse this SPDX identifier.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    release: Path, policy: verbs.PolicyName, allow: tuple[str, ...], deny: tuple[str, ...], as_json: bool
) -> None:
    """Show the licences of RELEASE, what each asks, and whether one policy covers everything kept.

    Facts from the licences' texts, not legal advice. What is unknown is shown as unknown.

    \b
    Examples:
      drystone licenses my-release
      drystone licenses my-release --policy stack-v2 --deny OpenSSL
      drystone licenses my-release --allow MPL-2.0 --json
    """
    report = verbs.licenses(release, policy=policy, allow=allow, deny=deny)
    if as_json:
        asked = {"release": release, "policy": policy, "allow": sorted(allow), "deny": sorted(deny)}
        print_json({**asked, **report.as_dict()}, indent=False)
        return
    _print(report, policy)


def _print(report: LicenseReport, policy: str) -> None:
    rows = [
        (
            used.license,
            f"{used.files:,}",
            used.asks.attribution,
            used.asks.notice,
            used.asks.share_alike,
            used.asks.patent,
            ", ".join(used.asks.limits) or "-",
        )
        for used in report.licenses
    ]
    columns = ("licence", "files", "attribution", "notice", "share alike", "patents", "limits")
    console().print(table(columns, rows, right=("files",)))
    echo(f"{report.kept:,} kept files, {report.without_license:,} without a licence that could be found.")
    answer = {
        "yes": f"Policy {policy!r} covers every kept file.",
        "no": f"Policy {policy!r} does not cover these files:",
        "unknown": f"Whether policy {policy!r} covers every kept file is unknown:",
    }[report.distributable]
    echo(answer)
    for o in (*report.refused[:10], *report.unknown[:10]):
        echo(f"  {o.files:,} x {inline(o.expression)}: {inline(o.reason)}; for example {inline(o.example)}")
