"""A real clamd with signatures of its own, on a socket in a folder: those of ClamAV are not needed for it."""

from __future__ import annotations

import getpass
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: The test file that every scanner knows (EICAR, 2003), in two pieces so that this file is none.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
#: What our own signature finds.
MARKER = b"drystone test marker, not harmful"


@contextmanager
def running(folder: Path, *, largest: str = "1M") -> Iterator[str]:
    """Run clamd until the end of the block; yield the path of its socket. Skips where clamd is not here."""
    program = shutil.which("clamd", path="/usr/sbin:/usr/local/sbin:/usr/bin:/bin")
    if program is None:
        pytest.skip("clamd is not here (Debian's package clamav-daemon)")
    (folder / "signatures").mkdir(parents=True)
    signatures = {"Drystone.Eicar": EICAR, "Drystone.Marker": MARKER}
    lines = "".join(f"{name}:0:*:{data.hex()}\n" for name, data in signatures.items())
    (folder / "signatures" / "own.ndb").write_text(lines)
    address = folder / "s"
    (folder / "clamd.conf").write_text(
        f"DatabaseDirectory {folder / 'signatures'}\nLocalSocket {address}\nForeground yes\nUser {getpass.getuser()}\n"
        f"StreamMaxLength {largest}\nMaxThreads 2\n"
    )
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen([program, "-c", folder / "clamd.conf"], stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while not address.exists():
            if daemon.poll() is not None or time.monotonic() > until:
                raise AssertionError((folder / "log").read_text())
            time.sleep(0.05)
        yield str(address)
    finally:
        daemon.kill()
        daemon.wait()
