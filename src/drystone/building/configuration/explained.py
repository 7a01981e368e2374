"""What each setting of a build came to, and what said so: an argument, a line of the file, or only its default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from drystone import processor
from drystone.building.configuration.tables import Settings
from drystone.work.remote.objects import place_text


@dataclass(frozen=True, slots=True)
class ExplainedSetting:
    """A setting by its full name (`release.name`), the value that it came to, and what said so."""

    name: str
    value: Any
    said_by: str


def explained(settings: Settings, said: Mapping[str, str], work: Path | None) -> list[ExplainedSetting]:
    """Return every setting in the order of the tables; `said` maps names to what gave them.

    A setting that nobody gave and that has no value of its own shows what will be used in its place. `work` is the work
    folder; None where there is no output yet.
    """
    derived = {**_derived(settings, work), "release.output": (None, "not given: -o DIR says where to build")}
    return [
        ExplainedSetting(name, value, said[name]) if name in said and value is not None
        else ExplainedSetting(name, *derived.get(name, (value, "default")))
        for name, value in _values(settings)
    ]  # fmt: skip


def _values(settings: Settings) -> Iterator[tuple[str, Any]]:
    for table in Settings.model_fields:
        value = getattr(settings, table)
        if isinstance(value, BaseModel):
            for key, inner in value.model_dump(mode="json").items():
                yield f"{table}.{key}", inner
        elif table != "source":
            yield table, value


def _derived(settings: Settings, work: Path | None) -> dict[str, tuple[Any, str]]:
    cache = settings.engine.cache or (work / "cache" if work is not None else None)
    return {
        "licenses.no_license": (settings.licenses.takes_unlicensed, f"the profile {settings.licenses.profile!r}"),
        "engine.threads": (processor.count(), "the processors of this machine"),
        "engine.work": (work and place_text(work), "default: beside the output"),
        "engine.cache": (cache and place_text(cache), "default: in the work folder"),
    }
