"""`drystone build`: repositories in, a governed release out."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import click

from drystone._words import many
from drystone.building import verbs
from drystone.cli import OWN_PROCESS, _options
from drystone.cli._out import console, echo, inline, print_json, table
from drystone.cli._progress import StageProgress
from drystone.registry.place import DEFAULT_REGISTRY, VARIABLE
from drystone.release import verbs as of_releases

if TYPE_CHECKING:
    from rich.table import Table

    from drystone.building.builds import Estimate
    from drystone.building.configuration.explained import ExplainedSetting
    from drystone.release.inspection.losses import Losses
    from drystone.release.manifest import FunnelStep
    from drystone.release.read import Release

#: What the command exits with where a release is there and something is amiss: nothing was kept, or something is lost.
AMISS: Final = 3


@click.command()
@click.argument("sources", nargs=-1, metavar="[SETTINGS.toml | SOURCE]...")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder or URL of the release.")
@click.option("--name", help="Name of the release.")
@click.option("--version", help="Version of the release, MAJOR.MINOR.PATCH.")
@click.option("--threads", type=click.IntRange(1), help="Processes at work on this machine (default: all cores).")
@click.option("--engine", type=click.Choice(get_args(verbs.EngineKind)), help="Where the work runs (default: native).")
@click.option("--ray-address", help="Address of a running Ray cluster; without it Ray starts on this machine.")
@click.option(
    "--registry",
    help="Registry whose decisions apply: a file or a database URL.  "
    f"[default: {VARIABLE}, else the settings', else {DEFAULT_REGISTRY}]",
)
@click.option("--contents", help="Where the contents of a Software Heritage export lie (docs/software-heritage.md).")
@click.option(
    "--agreement", help="The agreement under which the archive is read in bulk, as it shall stand in the card."
)
@click.option(
    "--update",
    type=click.Path(path_type=Path),
    metavar="OLD",
    help="Make the next version of this release; -o may name the same folder.",
)
@_options.receipts
@click.option("--dry-run", is_flag=True, help="Estimate the funnel from a sample of the sources; write nothing.")
@_options.option_of(verbs.estimate, "--sample", type=click.IntRange(1), help="Sources in that sample.")
@click.option("--explain-settings", is_flag=True, help="Print what each setting comes to, and build nothing.")
@click.option("--replace", is_flag=True, help="Replace another complete release that lies in the output folder.")
@click.option("--retry-lost", is_flag=True, help="Ask again now, and not after a day, for what did not come before.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@_options.quiet
def command(
    sources: tuple[str, ...], output: Path | None, dry_run: bool, explain_settings: bool, sample: int, as_json: bool,
    quiet: bool, **given: Any,
) -> None:  # fmt: skip
    """Build a release from source repositories.

    Takes one settings file, or sources: a git repository (path or git+URL), an archive (tar, zip, wheel, sdist), a
    folder, a package of the Python Package Index, or a Software Heritage export (swh+EXPORT). A build that was stopped
    goes on where it was when the same command is given again.

    With --update the sources are those of the whole next version in a settings file; sources on the command line join
    those of OLD. A version's number says what changed: the registry alone (patch), sources (minor), rules (major).

    The last lines say what the sources promised and did not give. A build that lost something, or keeps no file, exits
    3; its release is there, and its ledger has a row for every file. [limits] losses = "1%" in a settings file bounds
    what may be lost: past it nothing is published.

    \b
    Examples:
      drystone build examples/demo.toml
      drystone build examples/demo.toml --explain-settings
      drystone build ./my-repository pypi:flask==3.1.2 -o releases/mine
      drystone build git+https://example.org/project.git@v1.0 -o releases/project --dry-run
      drystone build swh+exports/2025-05-18-popular-1k --contents s3://softwareheritage -o releases/popular
      drystone build --update releases/mine ./another-repository -o releases/mine-1.1
    """
    receipts: dict[str, Path] = {}
    if explain_settings:
        for name in _OF_WRITING:
            del given[name]
        _print_settings(*verbs.explain_settings(sources, output, **given), as_json)
        return
    with StageProgress(quiet or as_json) as progress:
        given |= {"progress": progress, "tell": lambda text: echo(text, err=True)}
        if dry_run:
            for name in _OF_WRITING:
                del given[name]
            estimated = verbs.estimate(sources, output, sample=sample, **given)
        else:
            own = click.get_current_context().find_root().obj is OWN_PROCESS
            release = verbs.build(sources, output, each_receipt=receipts.__setitem__, own_process=own, **given)
    if dry_run:
        _print_estimate(estimated, as_json)
        if not estimated.funnel[-1].files:
            echo("Nothing would be kept: see at which stage the last files go.", err=True)
        if estimated.losses.lost or not estimated.funnel[-1].files:
            click.get_current_context().exit(AMISS)
        return
    reasons, losses = verbs.why_nothing(release), of_releases.losses(release)
    if as_json:
        print_json(_summary(release), receipts=receipts, why_nothing=reasons, losses=losses.summary())
    else:
        _print_release(release)
        for path in receipts.values():
            echo(f"receipt  {inline(path)}")
    if reasons:
        echo("\nNothing was kept:\n" + "\n".join(f"  {reason}" for reason in reasons), err=True)
    _print_losses(losses, as_json)
    if reasons or losses.lost:
        click.get_current_context().exit(AMISS)


#: Options that are of no use where no release is written.
_OF_WRITING: Final = ("replace", "retry_lost", "key", "receipts")


def _print_losses(losses: Losses, as_json: bool) -> None:
    """Print what the sources promised and did not give; beside JSON only where there is any, on standard error."""
    lines = "".join(f"\n  {inline(line)}" for line in losses.told())
    if losses.lost:
        echo(
            f"\nOf what the sources promised:{lines}\nEach is a row of the ledger. The same command asks again after a "
            "day, with --retry-lost now.",
            err=True,
        )
    elif not as_json:
        echo(f"\nNothing that the sources promised is missing.{lines}")


def _print_settings(settings: list[ExplainedSetting], sources: list[str], as_json: bool) -> None:
    if as_json:
        print_json({"settings": settings, "sources": sources})
        return
    rows = [(each.name, json.dumps(each.value, ensure_ascii=False), each.said_by) for each in settings]
    console().print(table(("setting", "comes to", "said by"), rows))
    echo(f"\nsources ({len(sources):,})")
    for source in sources:
        echo(f"  {inline(source)}")


def _summary(release: Release) -> dict[str, Any]:
    facts = release.manifest.facts
    return {
        "release": verbs.place_of(release).name,
        "name": facts.name,
        "version": facts.version,
        "root": release.root,
        "counts": release.manifest.counts,
        "funnel": facts.funnel,
        "registry_head": facts.registry_head,
        "optouts_in_force": facts.optouts_in_force,
    }


def _print_release(release: Release) -> None:
    facts, counts = release.manifest.facts, release.manifest.counts
    console().print(_funnel(facts.funnel))
    echo(
        f"\n{inline(facts.name)} {facts.version}: {counts.kept:,} of {many(counts.occurrences, 'occurrence')} "
        f"in {many(counts.repositories, 'repository')}, {counts.text_bytes / 1e6:,.1f} MB of text"
    )
    echo(f"root  {release.root}")
    place = verbs.place_of(release)
    echo(f"at    {inline(place.name)}")
    if not place.is_folder:
        return
    program = _program()
    folder = shlex.quote(str(release.path))
    echo(
        "\nNext:\n"
        f"  {program} verify {folder}\n"
        f"  {program} stats {folder} --picture stats.svg\n"
        f"  {program} why {folder} {shlex.quote(_example(release))}"
    )


def _program() -> str:
    """Return how this program is called from here, as it was this time or shorter."""
    if shutil.which("drystone"):
        return "drystone"
    # In a virtual environment that is not activated the bare name would not be found.
    if not sys.argv[0].endswith("__main__.py"):
        return shlex.quote(sys.argv[0])
    python = "python" if shutil.which("python") == sys.executable else shlex.quote(sys.executable)
    return f"{python} -m drystone"


def _example(release: Release) -> str:
    """Return a file worth asking about: a near duplicate where there is one, else any."""
    chosen = "README.md"
    for batch in release.ledger(["reason", "origin", "path"]):
        for row in batch.to_pylist():
            chosen = f"{row['origin']}:{row['path']}"
            if row["reason"] == "near_duplicate":
                return chosen
    return chosen


def _print_estimate(estimated: Estimate, as_json: bool) -> None:
    if as_json:
        languages = {name: {"files": f, "bytes": b} for name, (f, b) in estimated.languages.items()}
        print_json(estimated, languages=languages, losses=estimated.losses.summary())
        return
    console().print(_funnel(estimated.funnel))
    scaled = "" if estimated.sampled == estimated.sources else ", scaled up; duplicates between the others are not seen"
    echo(f"\nEstimated from {estimated.sampled} of {estimated.sources} sources{scaled}. Nothing was written.")
    _print_losses(estimated.losses, as_json)


def _funnel(steps: tuple[FunnelStep, ...]) -> Table:
    first = steps[0]
    rows = [
        (
            step.stage.replace("_", " "),
            f"{step.files:,}",
            f"{step.files / max(first.files, 1):.1%}",
            f"{step.bytes / 1e6:,.1f}",
            f"{step.bytes / max(first.bytes, 1):.1%}",
        )
        for step in steps
    ]
    return table(("stage", "files", "of files", "MB", "of MB"), rows, right=("files", "of files", "MB", "of MB"))
