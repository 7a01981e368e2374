"""The image and the manifest start what the server is; neither an engine for images nor a cluster is at hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import requests
import yaml

from .conftest import running

FOLDER = Path(__file__).parents[2] / "examples" / "serving"


def test_the_image_and_the_manifest_start_this_server(small: Path) -> None:
    text = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    entry: list[str] = json.loads(re.search(r"^ENTRYPOINT (\[.*\])$", text, re.M)[1])  # type: ignore[index]
    manifest: dict[str, Any] = yaml.safe_load((FOLDER / "kserve.yaml").read_text(encoding="utf-8"))
    (container,) = manifest["spec"]["predictor"]["containers"]
    assert entry[:2] == ["drystone", "serve"]
    arguments = [a.replace("/model", str(small)) for a in entry[2:]] + container["args"]
    assert container["ports"][0]["containerPort"] == 8080
    with running(*arguments) as server:
        for probe in ("readinessProbe", "livenessProbe"):
            assert requests.get(server.url + container[probe]["httpGet"]["path"], timeout=10).status_code == 200
        described = requests.get(f"{server.url}/v2/models/reader", timeout=10).json()
        assert described["name"] == "reader"
        assert described["platform"].endswith("int8")
