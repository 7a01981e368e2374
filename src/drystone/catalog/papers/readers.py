"""What a reader's folder knows of itself, gathered once for its papers: passport, files, configuration, training."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drystone.catalog.passports.passport import Claim, Fact, Passport
from drystone.catalog.passports.reading import load_object
from drystone.catalog.passports.vocabulary import FactKind, fact_kind
from drystone.release.files import file_sha256
from drystone.release.layout import shown

if TYPE_CHECKING:
    from drystone._json import Json

#: Bytes of training.json and config.json, files of a folder, and courses of training that are looked at.
_LONGEST: Final = 16 * 1024**2
_FILES: Final = 200
_COURSES: Final = 100
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class UsedModel:
    """A model that this one was made from, or a file of its training data; None: not recorded."""

    name: str
    sha256: str | None
    license: str | None = None
    examples: int | None = None


@dataclass(frozen=True, slots=True)
class DescribedReader:
    """A reader: its passport; its files by name with their SHA-256; what config.json and training.json record."""

    passport: Passport
    files: Mapping[str, str]
    config: Mapping[str, Json]
    finished: str | None
    bases: tuple[UsedModel, ...]
    data: tuple[UsedModel, ...]
    recipe: Mapping[str, str]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.passport.artifact.name

    @property
    def weights(self) -> str | None:
        """The SHA-256 of its weights, where they lie there."""
        return next((one.hashes["sha256"] for one in self.passport.artifact.versions if "sha256" in one.hashes), None)

    @property
    def family(self) -> str | None:
        """The architecture that its configuration names."""
        found = self.config.get("model_type")
        return shown(found)[:300] if isinstance(found, str) and found else None

    def said(self, name: str) -> str | None:
        """Return a fact that is known, in words; None of one that is unknown or disputed."""
        fact = self.passport.fact(name)
        return None if fact is None or fact.claim is None else fact.claim.text

    @property
    def limits(self) -> list[str]:
        """What it cannot do, as its capabilities say."""
        return [limit for one in self.passport.capabilities for limit in one.limits]

    @property
    def measures(self) -> Iterator[tuple[FactKind, Fact, Claim]]:
        """Each number that says how well or how fast it works; of a disputed one every claim."""
        for fact in self.passport.facts:
            for claim in fact.claims:
                if fact.name.startswith(("quality.", "speed.", "memory.")) and claim.number is not None:
                    yield fact_kind(fact.name), fact, claim


def described_reader(folder: Path, passport: Passport) -> DescribedReader:
    """Gather what papers say of a reader in a folder. What is not as training writes it is left out.

    Raises `UsageError` where training.json or config.json is there and no JSON object: that is not to record nothing.
    """
    record, config = (
        load_object(folder / name, _LONGEST) if (folder / name).is_file() else {}
        for name in ("training.json", "config.json")
    )
    courses = list(_courses(record))
    named = sorted(path for path in folder.iterdir() if path.is_file() and path.name != "passport.json")[:_FILES]
    finished = str(record.get("finished", ""))[:10]
    recipe = courses[0].get("recipe") if len(courses) == 1 else None
    return DescribedReader(
        passport, {shown(path.name): file_sha256(path) for path in named}, config,
        finished if _DAY.fullmatch(finished) else None,
        _once(model for course in courses for model in _used(course.get("model"), "weights")),
        _once(data for course in courses for data in _used(course.get("data"), "sha256")),
        {shown(str(k))[:100]: shown(str(v))[:300] for k, v in recipe.items()} if isinstance(recipe, dict) else {},
    )  # fmt: skip


def _courses(record: dict[str, Json]) -> Iterator[dict[str, Json]]:
    """Yield the records of the runs that a model is made of: of a mean of models those of its parts."""
    waiting = [record]
    for _ in range(_COURSES):
        if not waiting:
            return
        one = waiting.pop(0)
        parts = one.get("mean_of")
        if isinstance(parts, list):
            made = (part.get("training") for part in parts if isinstance(part, dict))
            waiting += [each for each in made if isinstance(each, dict)]
        elif one:
            yield one


def _used(given: Json, hash_key: str) -> Iterator[UsedModel]:
    for one in given if isinstance(given, list) else [given]:
        if not isinstance(one, dict) or not isinstance(name := one.get("name"), str) or not name:
            continue
        sha256, license, examples = one.get(hash_key), one.get("license"), one.get("examples")
        yield UsedModel(
            shown(name)[:300],
            sha256 if isinstance(sha256, str) and _SHA256.fullmatch(sha256) else None,
            shown(license)[:300] if isinstance(license, str) and license else None,
            examples if isinstance(examples, int) and not isinstance(examples, bool) else None,
        )


def _once(found: Iterator[UsedModel]) -> tuple[UsedModel, ...]:
    return tuple({(one.name, one.sha256): one for one in found}.values())
