"""The recipe of the default reader, on a tiny model: prepared, run where little is installed, put together again."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from drystone.reader import Reader

from .tiny_data import make_squad, write_squad

pytest.importorskip("torch", reason="training needs the extra `train`")

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "models/mini/recipe.py"
#: Does without compiled kernels and without the dependencies of Drystone that the recipe says it does not need.
_BARE = """
import sys
for name in ("daft", "pyarrow", "orjson", "pydantic", "rich", "yaml", "pygit2", "onnxruntime", "openvino", "hyperscan",
             "sqlalchemy", "drystone.reader._kernel"):
    sys.modules[name] = None
sys.path.insert(0, {source!r})
sys.argv = [{recipe!r}, *sys.argv[1:]]
import runpy
runpy.run_path({recipe!r}, run_name="__main__")
"""


@pytest.mark.slow
def test_the_recipe_runs_from_a_parcel_where_little_is_installed(
    checkpoints: dict[str, Path], tmp_path: Path, runtime: str
) -> None:
    squad, parcel, runs, pieces = (tmp_path / name for name in ("squad.json", "parcel", "runs", "pieces"))
    write_squad(squad, make_squad(20))
    prepare = [sys.executable, RECIPE, "prepare", squad, parcel, "--base", checkpoints["bert"], "--hold-out", "0.2"]
    subprocess.run(prepare, check=True, timeout=300)
    squad.unlink()
    bare = _BARE.format(source=str(ROOT / "src"), recipe=str(RECIPE))
    run = ["run", parcel, runs, "--examples", "3000", "--decay", "200", "--again", "600", "--student-layers", "0,2"]
    command = [sys.executable, "-c", bare, *run, "--pieces", pieces]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "F1" in done.stderr
    for name in ("mini", "mini-half"):
        whole = tmp_path / f"{name}.tar"
        whole.write_bytes(b"".join(piece.read_bytes() for piece in sorted(pieces.glob(f"{name}.tar.*"))))
        with tarfile.open(whole) as tar:
            tar.extractall(tmp_path, filter="data")
        reader = Reader.load(tmp_path / name, runtime=runtime, precision="fp32")
        assert reader.answer("What does it return?", "The function returns a list.").text
        assert (tmp_path / name / "training.json").is_file()


@pytest.mark.slow
def test_the_next_mini_learns_from_a_teacher_that_is_asked_once(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    squad, more, parcel, out = (tmp_path / name for name in ("squad.json", "more.json", "parcel", "out"))
    write_squad(squad, make_squad(20))
    write_squad(more, make_squad(3, seed=1))
    script = [sys.executable, ROOT / "models/mini/again.py"]
    given = ["--student", checkpoints["bert"], "--answerable", "90", "--hold-out", "0.2", "--own", "0.2"]
    for command in (
        ["prepare", parcel, squad, f"{more}=2.5", *given],
        ["teach", parcel, checkpoints["bert"], "--precision", "fp32"],
        ["run", parcel, checkpoints["bert"], out, "--precision", "fp32", "--examples", "300", "--decay", "100"],
    ):
        subprocess.run([*script, *command], check=True, timeout=300)
        taught = {path: path.stat().st_mtime_ns for path in parcel.glob("teachers/*/*.safetensors")}
        if command[0] == "teach":
            before = taught
    assert before and taught == before
    made = json.loads((out / "training.json").read_text())
    assert 90 + 25 < made["data"][0]["examples"] < 90 + 65  # and half as many mined ones
    assert made["data"][1]["weight"] == 2.5
    assert made["notes"]["loss"]["soft"] == 0.75
