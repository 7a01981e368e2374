"""`drystone build`: repositories in, a release out."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import replace as changed
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

import drystone
from drystone import building as room
from drystone import processor
from drystone.cli import OWN_PROCESS, _registry
from drystone.cli._console import console as new_console
from drystone.cli._progress import StageProgress
from drystone.cli._registry import DEFAULT_REGISTRY
from drystone.errors import UsageError
from drystone.sources.base import Collection
from drystone.work.workers import Workers

if TYPE_CHECKING:
    from rich.table import Table

    from drystone.release.manifest import FunnelStep, Manifest


@click.command()
@click.argument("sources", nargs=-1, metavar="[SETTINGS.toml | SOURCE]...")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the release.")
@click.option("--name", help="Name of the release.")
@click.option("--version", "version_", help="Version of the release, MAJOR.MINOR.PATCH.")
@click.option("--threads", type=click.IntRange(1), help="Processes at work on this machine (default: all cores).")
@click.option("--engine", type=click.Choice(["native", "ray"]), help="Where the work runs (default: native).")
@click.option("--ray-address", help="Address of a running Ray cluster; without it Ray starts on this machine.")
@click.option(
    "--registry",
    envvar="DRYSTONE_REGISTRY",
    show_envvar=True,
    help=f"Registry whose decisions apply: a file or a database URL (default: {DEFAULT_REGISTRY}).",
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
@_registry.receipts
@click.option("--dry-run", is_flag=True, help="Estimate the funnel from a sample of the sources; write nothing.")
@click.option("--sample", type=click.IntRange(1), default=10, show_default=True, help="Sources in that sample.")
@click.option("--replace", is_flag=True, help="Replace another complete release that lies in the output folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    sources: tuple[str, ...],
    output: Path | None,
    name: str | None,
    version_: str | None,
    threads: int | None,
    engine: str | None,
    ray_address: str | None,
    registry: str | None,
    contents: str | None,
    agreement: str | None,
    update: Path | None,
    key: Path | None,
    receipts: Path | None,
    dry_run: bool,
    sample: int,
    replace: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Build a release from source repositories.

    Takes one settings file, or sources: a git repository (path or git+URL), an archive (tar, zip, wheel, sdist), a
    folder, a package of the Python Package Index, or a Software Heritage export (swh+EXPORT). A build that was stopped
    goes on where it was when the same command is given again.

    With --update the sources are those of the whole next version in a settings file; sources on the command line join
    those of OLD. A version's number says what changed: the registry alone (patch), sources (minor), rules (major).

    \b
    Examples:
      drystone build examples/demo.toml
      drystone build ./my-repository pypi:flask==3.1.2 -o releases/mine
      drystone build git+https://example.org/project.git@v1.0 -o releases/project --dry-run
      drystone build swh+exports/2025-05-18-popular-1k --contents s3://softwareheritage -o releases/popular
      drystone build --update releases/mine ./another-repository -o releases/mine-1.1
    """
    own = click.get_current_context().find_root().obj is OWN_PROCESS
    workers = Workers(room.PRELOAD)
    if own and threads != 1 and engine != "ray" and processor.count() > 1:
        # They load what they need while this process does.
        workers.prepare()
    if update is None:
        settings, found = _settings(sources, contents, agreement)
    else:
        settings, found = _settings_of_update(sources, update, output, contents, agreement)
    release = {key: value for key, value in {"name": name, "version": version_, "output": output}.items() if value}
    # Through validation again, so that a bad name on the command line is refused as one in a file is.
    decisions = registry or settings.registry or DEFAULT_REGISTRY
    settings = settings.model_copy(update={"release": _revalidated(settings, release), "registry": decisions})
    target = settings.release.output
    if target is None:
        raise UsageError("no output folder: give one with -o DIR, or as output under [release] in the settings")
    chosen: Any = engine or settings.engine.kind
    runner = room.Engine(kind=chosen, ray_address=ray_address or settings.engine.ray_address, workers=workers)
    if (count := threads or settings.engine.threads) is not None:
        runner = changed(runner, threads=count)
    if any(isinstance(source, Collection) and source.terms is not None for source in found):
        _show_terms()
    private = _registry.signing(key, receipts)
    written: dict[str, Path] = {}

    def sign(searched: Any, head: str) -> None:
        assert private is not None
        assert receipts is not None
        made = [lines[0].now for lines in searched.values()][:1]
        mark = "".join(f"-{version.version}-{version.root[:12]}" for version in made)
        written.update(room.write_receipts(searched, head, folder=receipts, key=private, mark=mark))

    if own:
        room.prepare_process()
    with StageProgress(quiet or as_json) as progress:
        runner = changed(runner, progress=progress)
        if dry_run:
            estimated = room.estimate(settings, found, target, runner, sample=sample)
        else:
            signed = sign if private is not None else None
            manifest = room.build(
                settings, found, target, runner, replace=replace, update=update, version=version_, receipts=signed
            )
    if dry_run:
        _print_estimate(estimated, as_json)
    elif as_json:
        told = {"receipts": {request: str(path) for request, path in written.items()}}
        click.echo(orjson.dumps(_summary(manifest, target) | told, option=orjson.OPT_INDENT_2))
    else:
        _print_release(manifest, target)
        for path in written.values():
            click.echo(f"receipt  {path}")


def _show_terms() -> None:
    """Show the terms of the Software Heritage archive, once to each user, and record that."""
    from drystone.sources.software_heritage import terms as swh_terms

    record = Path(click.get_app_dir("drystone")) / "software-heritage-terms.json"
    if swh_terms.unseen(record):
        click.echo(swh_terms.TERMS, err=True)
        if swh_terms.note_shown(record, datetime.now(UTC).isoformat(timespec="seconds")):
            click.echo(f"(shown once; noted in {record})\n", err=True)


def _settings(
    arguments: tuple[str, ...], contents: str | None, agreement: str | None
) -> tuple[room.Settings, list[Any]]:
    files = [argument for argument in arguments if argument.endswith(".toml") and Path(argument).is_file()]
    if not files:
        if len(arguments) == 1 and arguments[0].endswith(".toml"):
            raise UsageError(f"{arguments[0]}: there is no such settings file")
        return room.Settings(), room.sources_from_arguments(arguments, contents, agreement)
    if contents is not None or agreement is not None:
        raise UsageError("--contents and --agreement are for sources; in a settings file they stand with the source")
    if len(arguments) > 1:
        raise UsageError(f"give one settings file or sources, not both: {' '.join(arguments)}")
    return room.load_settings(Path(files[0]))


def _settings_of_update(
    arguments: tuple[str, ...], update: Path, output: Path | None, contents: str | None, agreement: str | None
) -> tuple[room.Settings, list[Any]]:
    """Take settings and sources as they were, or as a file now says; name, authors and so on stay as they were."""
    old = drystone.open_release(update).manifest.facts
    if arguments and arguments[0].endswith(".toml"):
        settings, found = _settings(arguments, contents, agreement)
    else:
        settings, found = room.recall(room.work_folder(room.Settings(), update))
        found = [*found, *room.sources_from_arguments(arguments, contents, agreement)]
    kept = {name: getattr(old, name) for name in ("name", "description", "authors", "license", "url")}
    chosen = settings.release.model_dump(exclude_unset=True, exclude={"output"})
    release = _revalidated(room.Settings(), {**kept, **chosen, "output": output or settings.release.output or update})
    return settings.model_copy(update={"release": release}), found


def _revalidated(settings: room.Settings, update: dict[str, Any]) -> Any:
    try:
        return type(settings.release).model_validate({**settings.release.model_dump(), **update})
    except ValueError as error:
        raise UsageError("; ".join(f"{e['loc'][-1]}: {e['msg']}" for e in error.errors())) from None  # type: ignore[attr-defined]


def _summary(manifest: Manifest, output: Path) -> dict[str, Any]:
    return {
        "release": str(output),
        "name": manifest.facts.name,
        "version": manifest.facts.version,
        "root": manifest.root,
        "counts": manifest.counts.model_dump(),
        "funnel": [step.model_dump() for step in manifest.facts.funnel],
    }


def _print_release(manifest: Manifest, output: Path) -> None:
    console = new_console(soft_wrap=True)
    console.print(_funnel(manifest.facts.funnel))
    counts = manifest.counts
    console.print(
        f"\n{manifest.facts.name} {manifest.facts.version}: {counts.kept:,} of {counts.occurrences:,} occurrences "
        f"in {counts.repositories:,} repositories, {counts.text_bytes / 1e6:,.1f} MB of text"
    )
    console.print(f"root  {manifest.root}")
    console.print(f"at    {output}")
    program = _program()
    folder = shlex.quote(str(output))
    console.print(
        "\nNext:\n"
        f"  {program} verify {folder}\n"
        f"  {program} stats {folder} --picture stats.svg\n"
        f"  {program} why {folder} {shlex.quote(_example(output))}"
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


def _example(output: Path) -> str:
    """Return a file worth asking about: a near duplicate where there is one, else any."""
    chosen = "README.md"
    for batch in drystone.open_release(output).ledger(["reason", "origin", "path"]):
        for row in batch.to_pylist():
            chosen = f"{row['origin']}:{row['path']}"
            if row["reason"] == "near_duplicate":
                return chosen
    return chosen


def _print_estimate(estimated: room.Estimate, as_json: bool) -> None:
    if as_json:
        content = {
            "sources": estimated.sources,
            "sampled": estimated.sampled,
            "funnel": [step.model_dump() for step in estimated.funnel],
            "languages": {name: {"files": f, "bytes": b} for name, (f, b) in estimated.languages.items()},
        }
        click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
        return
    console = new_console()
    console.print(_funnel(estimated.funnel))
    scaled = "" if estimated.sampled == estimated.sources else ", scaled up; duplicates between the others are not seen"
    console.print(f"\nEstimated from {estimated.sampled} of {estimated.sources} sources{scaled}. Nothing was written.")


def _funnel(steps: tuple[FunnelStep, ...]) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("stage", "files", "", "MB", ""):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    first = steps[0]
    for step in steps:
        table.add_row(
            step.stage.replace("_", " "),
            f"{step.files:,}",
            f"{step.files / max(first.files, 1):.1%}",
            f"{step.bytes / 1e6:,.1f}",
            f"{step.bytes / max(first.bytes, 1):.1%}",
        )
    return table
