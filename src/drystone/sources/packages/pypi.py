"""The `pypi` source: one release of a package, as its source distribution, or a wheel where there is none.

The file is downloaded, compared with the index's SHA-256, and read as an archive; none of its code is run. Knows
nothing of dependencies.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from drystone.errors import SourceError, UsageError
from drystone.sources.packages.package import PackageSource, sha256_of
from drystone.work.files import whole
from drystone.work.remote.mirror import here

if TYPE_CHECKING:
    import requests
    from pypi_simple import DistributionPackage, PyPISimple

    from drystone._json import Json

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")
#: Seconds to connect, and between two bytes.
_TIMEOUT: Final = (20.0, 60.0)
_KINDS: Final = ("sdist", "wheel")


@dataclass(frozen=True)
class PypiSource(PackageSource):
    """One release of one package, found through the index that pypi-simple uses by default."""

    kind: ClassVar[str] = "pypi"
    noted: ClassVar[Sequence[str]] = (
        "filename", "sha256", "package_type", "upload_time", "yanked", "yanked_reason",
    )  # fmt: skip

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
    def name(self) -> str:
        """The name as the index compares it."""
        return str(canonicalize_name(self.package))

    @property
    def release(self) -> str:
        """The version as the index compares it."""
        return str(Version(self.version))

    def bring(self, folder: Path) -> dict[str, Json]:
        """Download the file; raise `SourceError` where it cannot be had as the index promises."""
        # Loaded only here: half a second that no worker which merely reads should pay for.
        import requests  # noqa: PLC0415
        from pypi_simple import NoSuchProjectError, PyPISimple  # noqa: PLC0415

        try:
            with PyPISimple() as client:
                package = self._choose(client)
                sha256 = package.digests["sha256"]
                target = folder / sha256 / package.filename
                if not here(target).exists():
                    _download(client, package, target)
        except NoSuchProjectError:
            raise SourceError(f"{self.spec}: the index has no package of this name; check its spelling") from None
        except requests.RequestException as error:
            raise SourceError(f"{self.spec} could not be fetched ({_short(error)}); check the network") from None
        if sha256_of(target) != sha256:
            target.unlink()
            raise SourceError(f"{self.spec}: the download is not what the index promised; try again")
        return {
            "filename": package.filename,
            "sha256": sha256,
            "package_type": package.package_type,
            "upload_time": package.upload_time.isoformat() if package.upload_time else None,
            "yanked": package.is_yanked,
            "yanked_reason": package.yanked_reason or None,
        }

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


def _short(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"HTTP status {error.response.status_code}"
    return type(error).__name__
