"""What a build is asked for, from arguments, a settings file and the release that it updates, brought together.

Nobody's business but the verbs'. What comes out is settings that were checked as a whole, sources, and a folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from drystone.building.configuration.explained import ExplainedSetting, explained
from drystone.building.settings import (
    Lines,
    ReleaseSettings,
    Settings,
    load_settings,
    sources_from_arguments,
    told,
    work_folder,
)  # fmt: skip
from drystone.errors import SettingsError, UsageError
from drystone.registry.place import STATED, chosen_by, place_of_build
from drystone.release.read import open_release
from drystone.sources import Collection
from drystone.work.engine import Engine
from drystone.work.remote.objects import file_system, url_of, without_password

if TYPE_CHECKING:
    from collections.abc import Callable

    from drystone.sources import Source
    from drystone.work.engine import Progress
    from drystone.work.workers import Workers

#: What the next version of a release takes over from the one before, where nobody says otherwise.
_KEPT = ("name", "description", "authors", "license", "url")


@dataclass(frozen=True)
class Order:
    """What to build, and whereto."""

    settings: Settings
    sources: list[Source]
    output: Path
    #: Full names of settings that were given -> what gave them.
    said: Mapping[str, str]

    def explained(self) -> list[ExplainedSetting]:
        """Return what each setting came to."""
        known = self.settings.release.output is not None
        return explained(self.settings, self.said, work_folder(self.settings, self.output) if known else None)

    def engine(self, progress: Progress | None, workers: Workers | None = None) -> Engine:
        """Return how work is run: as the settings say, followed by `progress`, in `workers` (default: new ones)."""
        chosen = self.settings.engine
        told: dict[str, Any] = {"threads": chosen.threads, "progress": progress, "workers": workers}
        given = {name: value for name, value in told.items() if value is not None}
        return Engine(kind=chosen.kind, most=chosen.threads, ray_address=chosen.ray_address, **given)

    def tell_terms(self, tell: Callable[[str], object]) -> None:
        """Tell the terms under which an archive is read in bulk, once to each user."""
        if any(isinstance(source, Collection) and source.terms is not None for source in self.sources):
            from drystone.sources.software_heritage import terms  # few builds have terms to show

            terms.tell_once(tell)


@dataclass(frozen=True)
class Asked:
    """Sources as they were named, what they need to be read, and settings in place of a file's."""

    sources: tuple[str | Mapping[str, Any], ...]
    contents: str | None = None
    agreement: str | None = None
    settings: Mapping[str, Any] | None = None

    def read(self) -> tuple[Settings, list[Source]]:
        """Return settings and sources, of the file that is named in place of sources or of the arguments.

        Raises `UsageError` naming each source that cannot be understood, `SettingsError` with every wrong setting.
        """
        file = self._file()
        if file is None:
            return self._settings(), sources_from_arguments(self.sources, self.contents, self.agreement)
        if self.settings is not None:
            raise UsageError("give settings in the file or as a mapping, not both")
        return load_settings(file)

    def read_update(self, old: Path, output: Path | None) -> tuple[Settings, list[Source]]:
        """Return settings and sources as they were for the release `old`, or as a file now says.

        Sources of the arguments join the old ones; name, authors and so on stay as they were.
        """
        facts = open_release(old).manifest.facts
        if self.sources and _is_file(self.sources[0]):
            settings, sources = self.read()
        else:
            from drystone.building.update import recall

            settings, sources = recall(work_folder(Settings(), old))
            sources = [*sources, *sources_from_arguments(self.sources, self.contents, self.agreement)]
        kept = {name: getattr(facts, name) for name in _KEPT}
        said = settings.release.model_dump(exclude_unset=True, exclude={"output"})
        release = _revalidated(ReleaseSettings(), {**kept, **said, "output": output or settings.release.output or old})
        return settings.model_copy(update={"release": release}), sources

    def said(self) -> dict[str, str]:
        """Return the full names of settings that are given here, each with the line or the word of what gives it."""
        file = self._file()
        if file is None:
            return {
                f"{table}.{key}": "the settings given"
                for table, keys in (self.settings or {}).items()
                for key in (keys if isinstance(keys, Mapping) else ())
            }
        return {name: f"{file}, line {line}" for name, line in Lines(file, file.read_text("utf-8")).named()}

    def _file(self) -> Path | None:
        named = [each for each in self.sources if isinstance(each, str) and each.endswith(".toml")]
        files = [text for text in named if Path(text).is_file()]
        if not files:
            if len(self.sources) == len(named) == 1:
                raise UsageError(f"{self.sources[0]}: there is no such settings file")
            return None
        if self.contents is not None or self.agreement is not None:
            raise UsageError("contents and agreement are for sources; in a settings file they stand with the source")
        if len(self.sources) > 1:
            raise UsageError(f"give one settings file or sources, not both: {' '.join(map(str, self.sources))}")
        return Path(files[0])

    def _settings(self) -> Settings:
        try:
            return Settings.model_validate(dict(self.settings or {}))
        except ValidationError as error:
            raise SettingsError(told(error)) from None


def _is_file(source: str | Mapping[str, Any]) -> bool:
    return isinstance(source, str) and source.endswith(".toml")


def order(
    asked: Asked,
    output: Path | None,
    *,
    release: Mapping[str, Any],
    engine: Mapping[str, Any],
    registry: str | None,
    update: Path | None = None,
    builds: bool = True,
) -> Order:
    """Bring together what a build is asked for. Raises `UsageError`, also where one that `builds` has no output.

    `release` and `engine` are what the arguments say of those tables of the settings; they weigh more than a file, and
    None says nothing.
    """
    _check_places((output,), update)
    settings, sources = asked.read() if update is None else asked.read_update(update, output)
    # Through validation again, so that a bad name given here is refused as one in a file is.
    named = _revalidated(settings.release, {**release, "output": output})
    folder = named.output
    if folder is None and builds:
        raise UsageError("no output folder: give one with -o DIR, or as output under [release] in the settings")
    run = settings.engine.model_copy(update={name: value for name, value in engine.items() if value is not None})
    folder = folder or Path("release")  # explained without one: only the registry beside it is sought
    _check_places((folder, run.work, run.cache), update)
    place = place_of_build(registry, settings.registry, folder, first=update is None)
    by = chosen_by(registry, settings.registry)
    settings = settings.model_copy(update={"release": named, "engine": run, "registry": place})
    said = {**_taken_over(settings, update), **asked.said()}
    for table, given in (("release", {**release, "output": output}), ("engine", engine)):
        said |= {f"{table}.{name}": f"the argument {name}" for name, value in given.items() if value is not None}
    said["registry"] = said["registry"] if by == STATED and "registry" in said else by
    return Order(settings, sources, folder, said)


def _check_places(places: Sequence[Path | None], update: Path | None) -> None:
    """Raise `UsageError` for URLs of which nobody knows the scheme, and for the update of a release at a URL.

    `MissingExtraError` where what a scheme needs is not installed.
    """
    urls = [url for place in (*places, update) if place is not None and (url := url_of(place)) is not None]
    for url in urls:
        try:
            file_system(url)
        except ValueError as error:
            raise UsageError(
                f"{without_password(url)}: {error}; give a folder, or a URL such as s3://bucket/name"
            ) from None
    if urls and update is not None:
        raise UsageError(
            f"{without_password(urls[0])}: an update reads and writes folders; download the release, update it, and "
            "upload the new version"
        )


def _taken_over(settings: Settings, update: Path | None) -> dict[str, str]:
    """Return what an update has from the release before: whatever is no default, unless something else says it."""
    if update is None:
        return {}
    plain = Settings()
    return {
        f"{table}.{key}": f"the release {update}"
        for table in Settings.model_fields
        if isinstance(ours := getattr(settings, table), BaseModel)
        for key in type(ours).model_fields
        if getattr(ours, key) != getattr(getattr(plain, table), key)
    }


def _revalidated(settings: ReleaseSettings, said: Mapping[str, Any]) -> ReleaseSettings:
    changed = {name: value for name, value in said.items() if value}
    try:
        return ReleaseSettings.model_validate({**settings.model_dump(), **changed})
    except ValidationError as error:
        raise SettingsError(told(error, ("release",))) from None
