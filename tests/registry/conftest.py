"""Registries on both databases: SQLite in a file, PostgreSQL from Debian's package as an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from drystone.registry import NewRequest, Registry, Request
from drystone.registry.requests import subjects


@dataclass
class PostgreSQL:
    """A running server: its folder, port, and how its commands are run."""

    folder: Path
    binaries: Path
    prefix: list[str]
    port: int

    def database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"registry_{uuid.uuid4().hex[:12]}"
        self.command("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "drystone", name)
        return f"postgresql://drystone@127.0.0.1:{self.port}/{name}"

    def command(self, name: str, *arguments: str) -> None:
        command = [*self.prefix, str(self.binaries / name), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=120)

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=40"
        log = str(self.folder / "log")
        self.command("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        self.command("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")


def postgresql_binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def start_postgresql() -> PostgreSQL | str:
    """Start a server on a free port, or return why there can be none."""
    binaries = postgresql_binaries()
    if binaries is None:
        return "PostgreSQL is not installed (Debian: postgresql)"
    if find_spec("pg8000") is None:
        return "pg8000 is not installed (extra postgres)"
    folder = Path(tempfile.mkdtemp(prefix="drystone-postgresql-"))
    prefix: list[str] = []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        if shutil.which("setpriv") is None:
            return "setpriv is not installed, and PostgreSQL does not run as root"
        user = next((name for name in ("postgres", "nobody") if any(p.pw_name == name for p in pwd.getpwall())), None)
        if user is None:
            return "there is no user postgres or nobody to run PostgreSQL as"
        shutil.chown(folder, user)
        prefix = ["setpriv", f"--reuid={user}", "--clear-groups", "--regid", str(pwd.getpwnam(user).pw_gid), "--"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = PostgreSQL(folder, binaries, prefix, port)
    server.command(
        "initdb",
        "-D",
        str(folder / "data"),
        "-U",
        "drystone",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    )
    server.start()
    return server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    server = start_postgresql()
    if isinstance(server, str):
        pytest.skip(server)
    yield server
    server.stop()
    shutil.rmtree(server.folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty registry's place, on each database."""
    if request.param == "sqlite":
        return str(tmp_path / "registry.sqlite")
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.database()


def receive(registry: Registry, *things: subjects.Subject, **more: object) -> Request:
    chosen = things or (subjects.repository("https://github.com/Ann/Walls"),)
    return registry.requests.receive(NewRequest(chosen, **more))[0]  # type: ignore[arg-type]


def accept(registry: Registry, request: Request, **more: object) -> Request:
    registry.requests.vouch(request.id, "mo", "a call to the number on their page")
    return registry.requests.decide(request.id, "accepted", "mo", **more)  # type: ignore[arg-type]
