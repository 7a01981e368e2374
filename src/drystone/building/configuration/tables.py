"""The tables of a settings file, each with its keys, their defaults and what a value may be."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from drystone.dedup import near
from drystone.dedup.contamination import formats
from drystone.dedup.contamination.rule import RULE_VERSION
from drystone.detect import malware
from drystone.detect import secrets as secrets_room
from drystone.detect.malware.clamd import Clamd
from drystone.detect.secrets.settings import People
from drystone.errors import SettingsError, UsageError
from drystone.policy.curation.filters import check_filter
from drystone.policy.curation.screening import GenericCode
from drystone.policy.language import LanguagePolicy
from drystone.policy.licenses import LicensePolicy, expression_problem
from drystone.policy.quality import QualityPolicy
from drystone.sources.base import Limits

_LIMITS = Limits()


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReleaseSettings(_Table):
    """What the release is called, where it goes, and how its files are cut."""

    name: str = Field("release", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")
    version: str = Field("1.0.0", pattern=r"^\d+\.\d+\.\d+$")
    output: Path | None = None
    description: str = ""
    authors: tuple[str, ...] = ()
    license: str = "ODC-By-1.0"
    url: str | None = None
    date: str | None = None
    shard_bytes: int = Field(64 * 1024**2, ge=1024)
    zstd_level: int = Field(3, ge=1, le=19)
    history: bool = False

    @field_validator("license")
    @classmethod
    def _expression(cls, value: str) -> str:
        if problem := expression_problem(value):
            raise ValueError(problem)
        return value

    @field_validator("url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None and not _is_address(value):
            hint = f"; did you mean {'https://' + value!r}?" if _is_address(f"https://{value}") else ""
            raise ValueError(f"must be an address such as 'https://example.org/walls'{hint}")
        return value

    @field_validator("date")
    @classmethod
    def _day(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                day = date.fromisoformat(value)
            except ValueError as error:
                raise ValueError(f"must be a day, written as 2026-01-31: {error}") from None
            if day.isoformat() != value:  # "20260131" and "2026-W05-6" are days to Python, not to a manifest
                raise ValueError(f"must be a day, written as 2026-01-31; did you mean {day.isoformat()!r}?")
        return value


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        named = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "." in named.strip(".") and not any(c.isspace() for c in text)


class LimitSettings(_Table):
    """Bounds on hostile input (see `drystone.sources.base.Limits`), on waiting, and on what may be lost.

    `losses`: the share of what was promised that may be missing from a release, such as "1%"; None: any.
    """

    max_file_bytes: int = Field(_LIMITS.max_file_bytes, ge=1)
    max_total_bytes: int = Field(_LIMITS.max_total_bytes, ge=1)
    max_entries: int = Field(_LIMITS.max_entries, ge=1)
    max_ratio: float = Field(_LIMITS.max_ratio, ge=1)
    max_path_bytes: int = Field(_LIMITS.max_path_bytes, ge=1)
    patience: float = Field(_LIMITS.patience, ge=0)
    losses: str | None = Field(None, pattern=r"^(100|\d{1,2}(\.\d{1,4})?)%$")

    def of_sources(self) -> dict[str, Any]:
        """Return what decides which occurrences are read: neither patience nor losses do."""
        return self.model_dump(mode="json", exclude={"patience", "losses"})

    @property
    def losses_share(self) -> float | None:
        """`losses` as a number from 0 to 1."""
        return float(self.losses[:-1]) / 100 if self.losses is not None else None


class DetectionSettings(_Table):
    """How detectors look; `scancode` asks ScanCode (extra `scancode`) about licence texts that stay unanswered."""

    scancode: bool = False


class NearDuplicateSettings(_Table):
    """The near-duplicate stage; see docs/near-duplicates.md."""

    scope: Literal["language", "repository", "all", "off"] = "language"
    threshold: float = Field(0.7, gt=0, le=1)
    recall: float = Field(0.99, gt=0, lt=1)
    sketch: Literal["oph", "permutations"] = "oph"
    size: int = Field(256, ge=16, le=4096)
    seed: int = Field(1, ge=0, lt=2**63)
    tokens: Literal["words", "renamed"] = "words"

    def method(self) -> near.Method | None:
        """Return the method of the near-duplicate room, or None where the stage is off."""
        if self.scope == "off":
            return None
        return near.Method(**self.model_dump(exclude={"scope"}))


class MalwareSettings(_Table):
    """Scanners for malware: a clamd, and files of YARA's rules; `seconds` bound each answer."""

    clamd: str | None = None
    yara: tuple[str, ...] = ()
    seconds: float = Field(30, gt=0, le=3600)

    @field_validator("clamd")
    @classmethod
    def _place(cls, value: str | None) -> str | None:
        try:
            _ = Clamd(value, 1) if value is not None else None
        except UsageError as error:
            raise ValueError(str(error)) from None
        return value

    @property
    def scanners(self) -> malware.Scanners:
        """The scanners to ask. Raises `UsageError` for files that are not there."""
        return malware.Scanners(self.clamd, malware.rule_files(self.yara), self.seconds)


class DecontaminationSettings(_Table):
    """Benchmarks whose tasks files shall not hold, each PATH or NAME=PATH; see docs/training-output.md.

    `threshold`: least share of a task's shingles. `generic`: what becomes of files that hold only a task so short that
    any program may hold it.
    """

    against: tuple[str, ...] = ()
    threshold: float = Field(0.8, gt=0, le=1)
    generic: GenericCode = "keep"

    @property
    def files(self) -> tuple[formats.BenchmarkFile, ...]:
        """The benchmarks, by name. Raises `UsageError` for files that are not there."""
        return tuple(formats.named(self.against))


class FilterSettings(_Table):
    """Filters in SQL: `drop` is an expression, or a table of them by name; see docs/training-output.md."""

    drop: dict[str, str] = {}

    @field_validator("drop", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        return {"drop": value} if isinstance(value, str) else value

    @field_validator("drop")
    @classmethod
    def _expressions(cls, value: dict[str, str]) -> dict[str, str]:
        for name, expression in value.items():
            try:
                check_filter(name, expression)
            except UsageError as error:
                raise ValueError(str(error)) from None
        return value

    @property
    def expressions(self) -> tuple[tuple[str, str], ...]:
        """Name and expression of each, in the order in which they are asked."""
        return tuple(self.drop.items())


class RepositoryDuplicateSettings(_Table):
    """Mirrors, forks and copies among repositories; see docs/building.md.

    `keep` looks for none, `report` writes repository_duplicates.parquet, `collapse` also drops the files of a
    repository of which at least `threshold` of the contents are in one that is preferred.
    """

    action: Literal["keep", "report", "collapse"] = "keep"
    threshold: float = Field(0.7, gt=0, le=1)


_Level = Literal["off", "low", "balanced", "high"]


class SecretSettings(_Table):
    """What is redacted and how; see `drystone.detect.secrets.ScanSettings`.

    `people` says what becomes of authors and committers in repositories.parquet: `hash` (SHA-256, so that rows still
    join and an author's opt-out still finds them), `drop`, or `keep`.
    """

    email: _Level = "balanced"
    ip_address: _Level = "balanced"
    phone: _Level = "balanced"
    credit_card: _Level = "balanced"
    iban: _Level = "balanced"
    private_key: _Level = "balanced"
    token: _Level = "balanced"  # noqa: S105 -- a level, not a secret
    password: _Level = "balanced"  # noqa: S105
    high_entropy: _Level = "balanced"
    name: _Level = "off"
    keep: tuple[str, ...] = ()
    replacement: Literal["placeholder", "surrogate"] = "placeholder"
    people: People = "hash"

    @property
    def scan(self) -> secrets_room.ScanSettings:
        """The settings of the secrets detector."""
        return secrets_room.ScanSettings(**self.model_dump(exclude={"people"}))

    @model_validator(mode="after")
    def _known(self) -> SecretSettings:
        try:
            _ = self.scan
        except SettingsError as error:
            raise ValueError(str(error)) from None
        return self


class SearchSettings(_Table):
    """That the release is indexed when it is built (docs/search.md); none of it changes the root hash."""

    index: bool = True
    symbols: Literal["keywords", "trees"] | None = None


class EngineSettings(_Table):
    """Where the work runs; none of it changes the result.

    `local` is a folder of each host for copies of what lies in an object store, of about `local_bytes` at most.
    """

    kind: Literal["native", "ray"] = "native"
    threads: int | None = Field(None, ge=1, le=4096)
    ray_address: str | None = None
    work: Path | None = None
    cache: Path | None = None
    local: Path | None = None
    local_bytes: int = Field(64 * 1024**3, ge=1024**2)

    @model_validator(mode="after")
    def _of_use(self) -> EngineSettings:
        if self.ray_address is not None and self.kind != "ray":
            raise ValueError("ray_address is of use with kind = 'ray' alone")
        return self


class Settings(_Table):
    """All settings of a build, with their defaults."""

    release: ReleaseSettings = ReleaseSettings()
    source: tuple[dict[str, Any], ...] = ()
    limits: LimitSettings = LimitSettings()
    languages: LanguagePolicy = LanguagePolicy()
    licenses: LicensePolicy = LicensePolicy()
    quality: QualityPolicy = QualityPolicy()
    detection: DetectionSettings = DetectionSettings()
    secrets: SecretSettings = SecretSettings()
    malware: MalwareSettings = MalwareSettings()
    decontamination: DecontaminationSettings = DecontaminationSettings()
    filters: FilterSettings = FilterSettings()
    near_duplicates: NearDuplicateSettings = NearDuplicateSettings()
    repository_duplicates: RepositoryDuplicateSettings = RepositoryDuplicateSettings()
    search: SearchSettings = SearchSettings(index=False)
    engine: EngineSettings = EngineSettings()
    registry: str | None = None

    @property
    def secret_settings(self) -> secrets_room.ScanSettings:
        """The settings of the secrets detector."""
        return self.secrets.scan

    def configuration(self) -> dict[str, Any]:
        """Return what decides the content of a release, JSON-able, without names of this machine."""
        chosen = self.model_dump(mode="json", include={"languages", "licenses", "quality", "detection"})
        chosen["limits"] = self.limits.of_sources()
        method = self.near_duplicates.method()
        chosen["near_duplicates"] = {"scope": self.near_duplicates.scope, **(method.describe() if method else {})}
        chosen["licenses"]["no_license"] = self.licenses.takes_unlicensed  # whoever chose it, the profile or the key
        chosen["secrets"] = {**self.secret_settings.as_dict(), "people": self.secrets.people}
        chosen |= self.screens()
        chosen["shard_bytes"] = self.release.shard_bytes
        # What is asked for rarely is told where it is.
        if self.repository_duplicates.action != "keep":
            chosen["repository_duplicates"] = self.repository_duplicates.model_dump(mode="json")
        if self.release.history:
            chosen["history"] = True
        return chosen

    def screens(self) -> dict[str, Any]:
        """Return what the stages decide by that are off by default; nothing of those that are off.

        Raises `BuildError` where a clamd is to be asked and does not answer.
        """
        chosen: dict[str, Any] = {}
        if versions := self.malware.scanners.versions():
            chosen["malware"] = versions
        if files := self.decontamination.files:
            chosen["decontamination"] = {
                "benchmarks": {file.name: file.sha256 for file in files},
                "rule_version": RULE_VERSION,
                **self.decontamination.model_dump(include={"threshold", "generic"}),
            }
        if self.filters.drop:
            chosen["filters"] = [list(each) for each in self.filters.expressions]
        return chosen
