"""The kernels under AddressSanitizer and UBSan, fed by their fuzz targets; their self-tests on two kinds of processors.

None of it needs Python: `cmake -DDRYSTONE_PYTHON=OFF -DDRYSTONE_CHECKS=ON` builds the programs (docs/kernels.md).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = sorted(path.parent.name for path in ROOT.glob("kernel/*/CMakeLists.txt"))
ARM = ("-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64", "-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++",
       "-DCMAKE_EXE_LINKER_FLAGS=-static")  # fmt: skip

pytestmark = pytest.mark.slow


def need(command: str) -> str:
    """A command of this environment or of the machine."""
    found = shutil.which(command, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{command} is not here")
    return found


def built(folder: Path, *settings: str, targets: str) -> Path:
    cmake = need("cmake")
    subprocess.run(
        [cmake, "-S", ROOT, "-B", folder, "-DDRYSTONE_PYTHON=OFF", "-DDRYSTONE_CHECKS=ON", *settings],
        check=True, capture_output=True,
    )  # fmt: skip
    names = [f"{room}_{target}" for room in ROOMS for target in targets.split()]
    subprocess.run([cmake, "--build", folder, "--parallel", "2", "--target", *names], check=True, capture_output=True)
    return folder / "kernel"


def digests(*command: object) -> dict[tuple[str, str], str]:
    """What a self-test printed: (instruction set, thing computed) -> digest."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    return {(name, what): digest for _, name, what, digest in rows}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need(os.environ.get("CXX", "g++"))
    return built(tmp_path_factory.mktemp("here"), "-DDRYSTONE_SANITIZE=ON", targets="selftest fuzz")


@pytest.fixture(scope="module")
def arm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("aarch64-linux-gnu-g++")
    need("qemu-aarch64")
    return built(tmp_path_factory.mktemp("arm"), *ARM, targets="selftest")


@pytest.mark.parametrize("room", ROOMS)
def test_the_fuzz_target_finds_nothing(room: str, here: Path) -> None:
    done = subprocess.run(
        [here / room / f"{room}_fuzz", "-max_total_time=5"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("room", sorted({*ROOMS} - {"reader"}))
def test_all_instruction_sets_give_the_same_bits(room: str, here: Path) -> None:
    found = digests(here / room / f"{room}_selftest")
    assert found
    assert {(name, what): found["plain", what] for name, what in found} == found


@pytest.mark.parametrize("room", ROOMS)
def test_another_kind_of_processor_gives_the_same_bits(room: str, here: Path, arm: Path) -> None:
    ours = digests(here / room / f"{room}_selftest")
    theirs = digests("qemu-aarch64", "-cpu", "max", arm / room / f"{room}_selftest")
    # The reader's faster variants round sums in orders of their own; its self-test holds them near `plain`.
    exact = {key: digest for key, digest in theirs.items() if room != "reader" or key[0] == "plain"}
    assert exact
    assert exact == {(name, what): ours["plain", what] for name, what in exact}
    if room == "reader":
        assert {theirs["neon", what] for what in ("float32", "int8")} == {
            theirs["neon-dotprod", what] for what in ("float32", "int8")
        }


def test_every_kernel_has_a_self_test_and_a_fuzz_target() -> None:
    for room in ROOMS:
        assert (ROOT / "kernel" / room / "selftest.cpp").is_file(), room
        assert (ROOT / "kernel" / room / "fuzz.cpp").is_file(), room
