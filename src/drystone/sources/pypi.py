"""The `pypi` source: one release of a package, as its source distribution, or a wheel where there is none.

The file is downloaded, compared with the index's SHA-256, and read as an archive; none of its code is run. Knows
nothing of dependencies.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, TypedDict

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from drystone._json import Json
from drystone.errors import SourceError, UsageError
from drystone.sources.archives.archive import open_archive
from drystone.sources.base import About, Limits, OpenRepository, Repository, RepositorySource, SourceState
from drystone.work.files import whole
from drystone.work.remote.mirror import here, opened

if TYPE_CHECKING:
    import requests
    from pypi_simple import DistributionPackage, PyPISimple

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")
#: Seconds to connect, and between two bytes.
_TIMEOUT: Final = (20.0, 60.0)
_KINDS: Final = ("sdist", "wheel")


class FetchedFile(TypedDict):
    """The file of a release as the index told of it; `package_type` is sdist or wheel."""

    filename: str
    sha256: str
    package_type: str | None
    upload_time: str | None
    yanked: bool
    yanked_reason: str | None


@dataclass(frozen=True)
class PypiSource(RepositorySource):
    """One release of one package, found through the index that pypi-simple uses by default.

    `sha256` (hex), where given, names the one file to take. `about` holds what the user says of the repository, by
    field of `Repository`.
    """

    package: str
    version: str
    sha256: str | None = None
    about: About = field(default_factory=About)

    kind: ClassVar[str] = "pypi"
    random_access: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not _NAME.match(self.package):
            raise UsageError(f"{self.package!r} is not the name of a package; write pypi:NAME==VERSION")
        try:
            Version(self.version)
        except InvalidVersion:
            raise UsageError(f"{self.version!r} is not a version; write pypi:NAME==VERSION") from None

    @property
    def spec(self) -> str:
        """`pypi:NAME==VERSION`."""
        return f"pypi:{canonicalize_name(self.package)}=={Version(self.version)}"

    @property
    def place(self) -> str:
        """`pypi:NAME==VERSION`."""
        return self.spec

    def fetch(self, cache: Path) -> None:
        """Download the file under `cache`, once; raise `SourceError` where it cannot be had as the index promises."""
        if self._cached(cache) is not None:
            return
        # Loaded only here: half a second that no worker which merely reads should pay for.
        import requests  # noqa: PLC0415
        from pypi_simple import NoSuchProjectError, PyPISimple  # noqa: PLC0415

        try:
            with PyPISimple() as client:
                package = self._choose(client)
                sha256 = package.digests["sha256"]
                target = cache / "pypi" / sha256 / package.filename
                if not here(target).exists():
                    _download(client, package, target)
        except NoSuchProjectError:
            raise SourceError(f"{self.spec}: the index has no package of this name; check its spelling") from None
        except requests.RequestException as error:
            raise SourceError(f"{self.spec} could not be fetched ({_short(error)}); check the network") from None
        if _sha256(target) != sha256:
            target.unlink()
            raise SourceError(f"{self.spec}: the download is not what the index promised; try again")
        found: FetchedFile = {
            "filename": package.filename,
            "sha256": sha256,
            "package_type": package.package_type,
            "upload_time": package.upload_time.isoformat() if package.upload_time else None,
            "yanked": package.is_yanked,
            "yanked_reason": package.yanked_reason or None,
        }
        _write(self._note(cache), json.dumps(found, indent=1, sort_keys=True).encode())

    def state(self, cache: Path) -> SourceState:
        """Return the state by the SHA-256 of the file: a release on the index never changes."""
        note = self._cached(cache)
        if note is None:
            raise SourceError(f"{self.spec}: it was not fetched yet")
        size = (cache / "pypi" / note["sha256"] / note["filename"]).stat().st_size
        return SourceState.of(size, self.spec, sorted(self.about.items()), note["sha256"])

    @contextmanager
    def open(self, cache: Path, limits: Limits) -> Iterator[OpenRepository]:
        """Open for reading; raise `SourceError` where it was not fetched or the file changed since."""
        note = self._cached(cache)
        if note is None:
            raise SourceError(f"{self.spec}: it was not fetched yet")
        found = Repository(self.spec, self.kind, str(canonicalize_name(self.package)), "", metadata=_metadata(note))
        path = cache / "pypi" / note["sha256"] / note["filename"]
        with open_archive(path, found, self.about, limits, note["sha256"]) as opened:
            yield opened

    def _note(self, cache: Path) -> Path:
        wanted = f"-{self.sha256.lower()}" if self.sha256 else ""
        return cache / "pypi" / f"{canonicalize_name(self.package)}-{Version(self.version)}{wanted}.json"

    def _cached(self, cache: Path) -> FetchedFile | None:
        """Return what an earlier fetch noted down, None where the file is not there as noted."""
        try:
            note: FetchedFile = json.loads(opened(self._note(cache), Path.read_bytes))
            _metadata(note)  # has every key
            there = here(cache / "pypi" / note["sha256"] / note["filename"]).is_file()
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return note if there else None

    def _choose(self, client: PyPISimple) -> DistributionPackage:
        """Return the file to take: tar before zip before wheels, pure Python wheels first, then by name."""
        wanted = Version(self.version)
        files = [
            package
            for package in client.get_project_page(self.package, timeout=_TIMEOUT).packages
            if package.package_type in _KINDS and _is_version(package, wanted)
        ]
        if not files:
            raise SourceError(f"{self.spec}: the index has no source distribution or wheel of this version")
        files = [package for package in files if "sha256" in package.digests]
        if not files:
            raise SourceError(f"{self.spec}: the index gives no SHA-256 to verify a download by")
        if self.sha256 is not None:
            files = [package for package in files if package.digests["sha256"] == self.sha256.lower()]
            if not files:
                raise SourceError(f"{self.spec}: the index has no file with the SHA-256 {self.sha256.lower()}")
        return min(files, key=_preference)


def _metadata(note: FetchedFile) -> dict[str, Json]:
    return {
        "filename": note["filename"],
        "sha256": note["sha256"],
        "package_type": note["package_type"],
        "upload_time": note["upload_time"],
        "yanked": note["yanked"],
        "yanked_reason": note["yanked_reason"],
    }


def _preference(package: DistributionPackage) -> tuple[bool, bool, bool, str]:
    name = package.filename
    return (
        package.package_type != "sdist",
        package.package_type == "sdist" and name.endswith(".zip"),
        package.package_type == "wheel" and not name.endswith("-none-any.whl"),
        name,
    )


def _is_version(package: DistributionPackage, wanted: Version) -> bool:
    try:
        # The name goes into a path, and comes from the network.
        return package.filename == Path(package.filename).name and Version(package.version or "") == wanted
    except InvalidVersion:
        return False


def _download(client: PyPISimple, package: DistributionPackage, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole(target, durable=False) as part:
        client.download_package(package, part, verify=False, timeout=_TIMEOUT)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, data: bytes) -> None:
    with whole(path, durable=False) as part:
        part.write_bytes(data)


def _short(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"HTTP status {error.response.status_code}"
    return type(error).__name__
