"""The `npm` source: one release of a package of the npm registry, brought by the npm command.

The registry, its address and a login are those of npm's own configuration. No script of a package is run. What is
downloaded is compared with the hash (SRI, SHA-512) that the registry promises.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from drystone.errors import SourceError, UsageError
from drystone.sources.packages.package import PackageSource, put

if TYPE_CHECKING:
    from drystone._json import Json

_NAME: Final = re.compile(r"(?:@[A-Za-z0-9~][A-Za-z0-9._~-]*/)?[A-Za-z0-9~][A-Za-z0-9._~-]*\Z")
#: Semantic Versioning 2.0.0.
_VERSION: Final = re.compile(r"\d{1,15}\.\d{1,15}\.\d{1,15}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?\Z")
#: Seconds that npm may take.
_PATIENCE: Final = 300


@dataclass(frozen=True)
class NpmSource(PackageSource):
    """One release of one package of the npm registry."""

    kind: ClassVar[str] = "npm"
    noted: ClassVar[tuple[str, ...]] = ("filename", "sha256", "package", "integrity")

    def __post_init__(self) -> None:
        if not _NAME.match(self.package):
            raise UsageError(f"{self.package!r} is not the name of a package; write npm:NAME@VERSION")
        if not _VERSION.match(self.version):
            raise UsageError(f"{self.version!r} is not a version such as 1.2.3; write npm:NAME@VERSION")

    @property
    def spec(self) -> str:
        """`npm:NAME@VERSION`."""
        return f"npm:{self.package}@{self.version}"

    def bring(self, folder: Path) -> dict[str, Json]:
        """Download the package's file; raise `SourceError` where it cannot be had as the registry promises."""
        with tempfile.TemporaryDirectory(prefix="drystone-npm-") as here:
            promised = self._npm(here, "view", "dist.integrity")
            self._npm(here, "pack", f"--pack-destination={here}")
            files = list(Path(here).glob("*.tgz"))
            if not isinstance(promised, str) or not promised.startswith("sha512-") or len(files) != 1:
                raise SourceError(f"{self.spec}: the registry gives no SHA-512 to verify a download by")
            digest = hashlib.sha512(files[0].read_bytes()).digest()
            if base64.b64encode(digest).decode() not in {each.removeprefix("sha512-") for each in promised.split()}:
                raise SourceError(f"{self.spec}: the download is not what the registry promised; try again")
            sha256, target = put(self, folder, files[0])
        return {"filename": target.name, "sha256": sha256, "package": self.package, "integrity": promised}

    def _npm(self, here: str, verb: str, *more: str) -> object:
        """Run npm outside of any project and return the JSON that it prints."""
        told = ["--json", "--ignore-scripts", "--no-update-notifier", "--loglevel=silent"]
        command = ["npm", verb, f"{self.package}@{self.version}", *more, *told]
        try:
            done = subprocess.run(
                command, cwd=here, capture_output=True, text=True, timeout=_PATIENCE, check=False, env={**os.environ}
            )
        except FileNotFoundError:
            raise SourceError(
                f"{self.spec}: npm is not installed; packages of its registry are fetched by it"
            ) from None
        except subprocess.TimeoutExpired:
            raise SourceError(f"{self.spec}: npm gave no answer within {_PATIENCE} seconds") from None
        try:
            said = json.loads(done.stdout) if done.stdout.strip() else None
        except ValueError:
            said = None
        if done.returncode or said is None:
            code = said["error"].get("code") if isinstance(said, dict) and isinstance(said.get("error"), dict) else None
            if code == "E404" or (not done.returncode and verb == "view"):
                raise SourceError(f"{self.spec}: the registry has no such package or version; check name and version")
            raise SourceError(f"{self.spec} could not be fetched (npm: {code or done.returncode}); check the network")
        return said
