"""`drystone.build(...)`: a build in one call, for Python. The command line reads files and draws; this does not."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from drystone import building
from drystone.building.settings import Settings, load_settings, sources_from_arguments
from drystone.errors import SettingsError, UsageError
from drystone.release.read import Release, open_release
from drystone.work.engine import Engine


def build(
    sources: Sequence[str | os.PathLike[str]] | str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    engine: Engine | None = None,
    replace: bool = False,
) -> Release:
    """Build a release and return it opened.

    `sources`: a settings file (`*.toml`), or sources as on the command line (paths, `git+URL@REF`,
    `pypi:NAME==VERSION`, `folder:PATH`). `output`: folder of the release; the settings file may name it instead.
    `settings`: the tables of a settings file as a mapping, for sources given here. `engine`: how and where the work
    runs. `replace`: put the release in the place of another complete one. Raises `UsageError`, `SourceError`,
    `BuildError`.
    """
    given = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    texts = tuple(os.fspath(source) for source in given)
    if len(texts) == 1 and texts[0].endswith(".toml"):
        if settings is not None:
            raise UsageError("give settings in the file or as a mapping, not both")
        chosen, found = load_settings(Path(texts[0]))
    else:
        try:
            chosen = Settings.model_validate(dict(settings or {}))
        except ValidationError as error:
            raise SettingsError([f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]) from None
        found = sources_from_arguments(texts)
    target = Path(output) if output is not None else chosen.release.output
    if target is None:
        raise UsageError("no output folder: give one, or name it as output under [release] in the settings")
    building.build(chosen, found, target, engine, replace=replace)
    return open_release(target)
