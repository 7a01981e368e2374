"""`drystone licenses`: the licences of a release, and whether one policy covers them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from drystone._words import many
from drystone.cli import _options
from drystone.cli._out import console, echo, inline, print_json, table
from drystone.errors import UsageError
from drystone.policy import verbs

if TYPE_CHECKING:
    from drystone.policy.attribution import LicensedFile
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
@click.option("--files", is_flag=True, help="List kept files and what their licence rests on.")
@click.option(
    "--basis",
    multiple=True,
    metavar="KIND",
    help="Only files whose licence rests on nothing else: header, metadata, notice, pattern, readme, review, table, "
    "text; also conflict, unknown. May be repeated.",
)
@click.option("--below", type=click.FloatRange(0, 1), help="Only files whose licence is less sure than this.")
@click.option("--notice", is_flag=True, help="Print what must be said by whoever uses the files.")
@click.option("--as", "form", type=click.Choice(get_args(verbs.NoticeForm)), default="text", help="Form of --notice.")
@click.option(
    "--where",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="With --files or --notice, only files for which this holds; may be repeated. Signs: = != < <= > >=; * and ? "
    "in texts; @FILE for a list of values.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    release: Path,
    policy: verbs.PolicyName,
    allow: tuple[str, ...],
    deny: tuple[str, ...],
    files: bool,
    basis: tuple[str, ...],
    below: float | None,
    notice: bool,
    form: verbs.NoticeForm,
    where: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show the licences of RELEASE, what each asks, and whether one policy covers everything kept.

    With --files, which files rest on what: a text, a README alone, a conflict. With --notice, what must be said by
    whoever uses the files, or some of them: texts, holders, places.

    Facts from the licences' texts, not legal advice. What is unknown is shown as unknown.

    \b
    Examples:
      drystone licenses my-release
      drystone licenses my-release --policy stack-v2 --deny OpenSSL
      drystone licenses my-release --files --basis readme --basis conflict
      drystone licenses my-release --files --below 0.75 --json
      drystone licenses my-release --notice --where language=Python --where 'path=/src/*'
      drystone licenses my-release --notice --as spdx --where swhid=@used.txt > used.spdx.json
    """
    _check(files, notice, bool(basis) or below is not None, bool(where), as_json, form)
    if notice:
        echo(verbs.write_attribution(verbs.attribution(release, where=where), form), nl=False)
        return
    if files:
        _print_files(verbs.license_files(release, basis=basis, below=below, where=where), as_json)
        return
    report = verbs.licenses(release, policy=policy, allow=allow, deny=deny)
    if as_json:
        asked = {"release": release, "policy": policy, "allow": sorted(allow), "deny": sorted(deny)}
        print_json({**asked, **report.as_dict()}, indent=False)
        return
    _print(report, policy)


def _check(files: bool, notice: bool, by_basis: bool, where: bool, as_json: bool, form: str) -> None:
    """Refuse options that would say nothing."""
    if files and notice:
        raise UsageError("--files lists files and --notice prints texts; give one of them")
    if by_basis and not files:
        raise UsageError("--basis and --below choose files; give --files, too")
    if where and not (files or notice):
        raise UsageError("--where chooses files; give --files or --notice, too")
    if form != "text" and not notice:
        raise UsageError("--as is the form of --notice; give that, too")
    if notice and as_json:
        raise UsageError("--notice has its own forms: --as text, html or spdx (JSON)")


def _print_files(found: list[LicensedFile], as_json: bool) -> None:
    if as_json:
        print_json({"files": found}, indent=False)
        return
    for one in found:
        sure = "unknown" if one.license_confidence is None else f"{one.license_confidence:.2f}"
        conflict = f"; {inline(one.license_conflict)}" if one.license_conflict else ""
        said = f"{one.license_expression or 'none found'}, from {one.license_basis or 'unknown'}, sure {sure}"
        echo(f"{inline(one.origin)}:{inline(one.path)}: {inline(said)}{conflict}")
    echo(f"{many(len(found), 'file')}.", err=True)


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
    echo(f"{many(report.kept, 'kept file')}, {report.without_license:,} without a licence that could be found.")
    answer = {
        "yes": f"Policy {policy!r} covers every kept file.",
        "no": f"Policy {policy!r} does not cover these files:",
        "unknown": f"Whether policy {policy!r} covers every kept file is unknown:",
    }[report.distributable]
    echo(answer)
    for o in (*report.refused[:10], *report.unknown[:10]):
        echo(f"  {o.files:,} x {inline(o.expression)}: {inline(o.reason)}; for example {inline(o.example)}")
