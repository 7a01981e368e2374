"""Secrets and personal data that lie beside content: none leaves a build in any file of a release."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone import building as room
from drystone.building.settings import Settings, sources_from_arguments
from drystone.detect.secrets.beside import person_hashes
from drystone.policy.optouts import authors_of
from drystone.release.checking.verify import verify
from drystone.release.read import open_release
from drystone.work.engine import Engine
from tests.building.conftest import MIT, git, notebook, program, write
from tests.detect.secrets.generated import literal

_WHERE = (
    "author",
    "committer",
    "message",
    "tag",
    "tagger",
    "branch",
    "holder",
    "path",
    "name",
    "text",
    "notebook",
    "readme",
    "package",
)
ADDRESSES = {where: f"{where}.someone@stonework-atelier.fr" for where in _WHERE}
TOKENS = {
    where: "ghp_" + literal(35) + str(at) for at, where in enumerate(("message", "tag", "path", "text", "notebook"))
}
PASSWORDS = {where: f"Quartz!48{at:02}{at}7" for at, where in enumerate(("message", "text", "notebook", "holder"))}
PERSON = "Marie-Claude Stonebreaker"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted") / "walls"
    folder.mkdir()
    git(folder, "init", "-q")
    holder = f"Copyright (c) 2021 Ada Example <{ADDRESSES['holder']}>, password={PASSWORDS['holder']}"
    code = f'OWNER = "{ADDRESSES["notebook"]}"\npassword = "{PASSWORDS["notebook"]}"\nTOKEN = "{TOKENS["notebook"]}"\n'
    write(
        folder,
        {
            "LICENSE": MIT.replace("Copyright (c) 2021 Ada Example", holder),
            "README.md": f"# Walls\n\nStacked from found stones. Write to {ADDRESSES['readme']}.\n",
            "package.json": json.dumps({"name": "walls", "license": "MIT", "author": f"Ada <{ADDRESSES['package']}>"}),
            "walls/stack.py": program("stack")
            + f'OWNER = "{ADDRESSES["text"]}"\nPASSWORD = "{PASSWORDS["text"]}"\nKEY = "{TOKENS["text"]}"\n',
            "walls/sketch.ipynb": notebook(program("sketch") + code),
            f"mail/{ADDRESSES['path']}/inbox.py": program("inbox"),
            f"mail/{ADDRESSES['name']}": program("note"),
            f"keys/{TOKENS['path']}.py": program("gather"),
            f"copies/{ADDRESSES['path']}.py": program("gather"),
            f"copies/LICENSE.{ADDRESSES['name']}": "All rights reserved. Do not copy. Ask " + ADDRESSES["name"] + "\n",
        },
    )
    git(folder, "add", "-A")
    message = (
        f"Stack the first wall\n\npassword = '{PASSWORDS['message']}', token {TOKENS['message']}\n\n"
        f"Signed-off-by: {PERSON} <{ADDRESSES['message']}>\n"
    )
    people = ["-c", f"user.name={PERSON}", "-c", f"user.email={ADDRESSES['tagger']}"]
    git(folder, *people, "commit", "-qm", message, f"--author={PERSON} <{ADDRESSES['author']}>")
    git(folder, "branch", ADDRESSES["branch"])
    _tag(folder, f"Release with {TOKENS['tag']} by {ADDRESSES['tag']}")
    return folder


def _tag(folder: Path, message: str) -> None:
    environment = {"GIT_COMMITTER_NAME": PERSON, "GIT_COMMITTER_EMAIL": ADDRESSES["tagger"], "PATH": "/usr/bin:/bin"}
    command = ["git", "-C", str(folder), "tag", "-a", "v1.0", "-m", message]
    subprocess.run(command, env={**environment, "HOME": str(folder)}, check=True)


def build(repository: Path, output: Path, reference: str = "", **settings: Any) -> Path:
    chosen = Settings.model_validate({"quality": {"profile": "off"}, "search": {"index": True}, **settings})
    room.build(chosen, sources_from_arguments((f"{repository}{reference}",)), output, Engine(threads=1))
    return output


def everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield what each file of a release holds: its bytes, the values of tables, and what is packed in it."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = file.read_bytes()
        yield str(file), data
        if file.suffix == ".parquet":
            for row in pq.read_table(file).to_pylist():
                yield str(file), repr(row).encode()
        at = data.find(b"\x28\xb5\x2f\xfd")
        while at >= 0:  # a frame of zstd
            with suppress(OSError):
                yield f"{file} at {at}", pa.input_stream(pa.BufferReader(data[at:]), compression="zstd").read()
            at = data.find(b"\x28\xb5\x2f\xfd", at + 4)


@pytest.mark.parametrize("reference", ["", "@v1.0"])
def test_nothing_that_was_planted_leaves_a_build(repository: Path, tmp_path: Path, reference: str) -> None:
    folder = build(repository, tmp_path / "release", reference)
    assert not verify(folder).problems
    planted = [*ADDRESSES.values(), *TOKENS.values(), *PASSWORDS.values(), PERSON]
    found = {(what, file) for file, data in everything(folder) for what in planted if what.encode() in data}
    assert not found
    assert sum(len(data) for _, data in everything(folder)) > 50_000
    card = (folder / "README.md").read_text()
    assert "SHA-256 of their e-mail address" in card
    notice = (folder / "NOTICE").read_text()
    assert "Ada Example <<EMAIL>>" in notice


def test_paths_stay_apart_and_keep_their_endings(repository: Path, tmp_path: Path) -> None:
    release = open_release(build(repository, tmp_path / "release"))
    paths = [row["path"] for batch in release.ledger() for row in batch.to_pylist()]
    assert len(paths) == len(set(paths)) == 10
    assert sum("<EMAIL-" in path for path in paths) == 4
    assert any(path.startswith("/keys/<TOKEN-") and path.endswith(".py") for path in paths)


def metadata(folder: Path) -> dict[str, Any]:
    row = pq.read_table(folder / "repositories.parquet").to_pylist()[0]
    found: dict[str, Any] = orjson.loads(row["metadata"])
    return found


def test_people_are_hashed_left_out_or_kept(repository: Path, tmp_path: Path) -> None:
    author = f"{PERSON} <{ADDRESSES['author']}>"
    hashed = metadata(build(repository, tmp_path / "hash"))
    assert hashed["author"] == person_hashes(author) == authors_of({"author": hashed["author"]})
    assert "Stack the first wall" in hashed["message"]
    assert "Signed-off-by: <NAME> <<EMAIL>>" in hashed["message"]
    dropped = metadata(build(repository, tmp_path / "drop", secrets={"people": "drop"}))
    assert "author" not in dropped
    assert "committer" not in dropped
    kept = metadata(build(repository, tmp_path / "keep", secrets={"people": "keep"}))
    assert kept["author"]["name"] == PERSON
