"""`drystone stats`: what a release holds, as tables, as JSON, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from drystone._words import many
from drystone.cli import _options
from drystone.cli._out import console, echo, inline, print_json, print_top, text
from drystone.release import verbs
from drystone.release.layout import size_text

if TYPE_CHECKING:
    from drystone.release.inspection.stats import Stats


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option("--picture", type=click.Path(path_type=Path), metavar="FILE", help="Draw it too: FILE.svg or FILE.png.")
@_options.top
@click.option("--json", "as_json", is_flag=True, help="Print all counts as JSON.")
def command(release: Path, picture: Path | None, top: int, as_json: bool) -> None:
    """Count a release by stage, reason, language and licence.

    \b
    Examples:
      drystone stats releases/mine
      drystone stats releases/mine --picture mine.svg
      drystone stats releases/mine --json | jq '.languages[0]'
    """
    found = verbs.stats(release, picture=picture)
    if as_json:
        print_json(found)
        return
    _print(found, top)
    if picture is not None:
        echo(f"Picture: {inline(picture)}")


def _print(found: Stats, top: int) -> None:
    counts = found.counts
    console().print(text(f"{found.name} {found.version}", "bold"), text(found.root, "dim"))
    echo(
        f"{many(counts.occurrences, 'occurrence')} = {counts.kept:,} kept + {counts.dropped:,} dropped, from "
        f"{many(counts.repositories, 'repository')} ({counts.opted_out_repositories:,} more opted out); "
        f"{size_text(counts.text_bytes)} of text"
    )
    if len(found.repositories) > 1:
        statuses = [(name, f"{count:,}") for name, count in found.repositories.items()]
        print_top("Repositories", ("status", "repositories"), statuses, len(statuses), "status")
    if found.repository_duplicates is not None:
        pairs = [(name, f"{count:,}", f"{gone:,}") for name, (count, gone) in found.repository_duplicates.items()]
        print_top("Repositories that are alike", ("relation", "pairs", "collapsed"), pairs, len(pairs), "relation")
    steps = [(s.stage, f"{s.files:,}", size_text(s.bytes)) for s in found.funnel]
    print_top("Left after each stage", ("stage", "files", "bytes"), steps, len(steps), "stage")
    reasons = [(r.stage, r.reason, f"{r.files:,}", size_text(r.bytes)) for r in found.reasons]
    print_top("Dropped, by reason", ("stage", "reason", "files", "bytes"), reasons, top, "stage reason")
    for title, shares in (
        ("Languages", found.languages),
        ("Licence types", found.license_types),
        ("Licences", found.licenses),
    ):
        rows = [
            (s.name, f"{s.kept:,}", size_text(s.kept_bytes), f"{s.dropped:,}", size_text(s.dropped_bytes))
            for s in shares
        ]
        print_top(title, ("name", "kept", "bytes", "dropped", "bytes"), rows, top, "name")
    for title, head, counted in (
        ("Licences, by what they rest on", ("basis", "files"), found.bases),
        ("Replaced in texts", ("kind", "spans"), found.redactions),
    ):
        if counted is None:
            echo(f"\n{title}: unknown, an older program wrote this release")
        else:
            print_top(title, head, [(name, f"{count:,}") for name, count in counted.items()], top, head[0])
