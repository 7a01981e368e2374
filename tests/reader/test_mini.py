"""The shipped reader: its weights answer without a network, in fp32 and int8, and its card says where it comes from."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from drystone.reader import Reader
from drystone.reader.evaluation.metrics import score
from drystone.reader.model.installed import installed
from drystone.reader.training.data import hold_out, questions, read_data

MODEL = installed().get("mini", Path("missing"))
pytestmark = pytest.mark.skipif(
    not (MODEL / "model.safetensors").is_file(), reason="the shipped weights are missing: pip install ./models/mini"
)
SQUAD = Path(__file__).parents[3] / "shared/data/squad/squad_v1.1_train.json.gz"
WALLS = (
    "Dry stone walls are built without mortar. In the county of Derbyshire there are about 26,000 miles of them, most "
    "of which were raised between 1780 and 1820. A waller sets two faces of flat stones and fills the gap between them "
    "with small rubble called hearting. Through stones tie both faces together, and capstones keep the rain out."
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the rubble between the faces called?", "hearting"),
        ("What ties both faces together?", "Through stones"),
        ("How many miles of walls are there in Derbyshire?", "26,000"),
        ("When were most of the walls raised?", "between 1780 and 1820"),
    ],
)
def test_the_command_answers_without_a_network(tmp_path: Path, question: str, answer: str) -> None:
    context = tmp_path / "walls.txt"
    context.write_text(WALLS, encoding="utf-8")
    # No proxy answers on port 9 (discard), so any request would fail.
    world = os.environ | {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    ask = [sys.executable, "-m", "drystone", "ask", "--context", str(context), question, "--json"]
    done = subprocess.run(
        [*ask, "--precision", "fp32"], env=world, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert answer in found["text"] and len(found["text"]) <= len(answer) + 12


def test_the_readme_asks_what_it_answers() -> None:
    readme = Path(__file__).parents[2] / "README.md"
    (line,) = re.findall(r"^\$ drystone (ask --context .*)$", readme.read_text(encoding="utf-8"), re.M)
    ask = [sys.executable, "-m", "drystone", *shlex.split(line)]
    done = subprocess.run(ask, cwd=readme.parent, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.startswith("15\n")


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_it_answers_questions_on_articles_it_never_saw(precision: str) -> None:
    if not SQUAD.is_file():
        pytest.skip("needs SQuAD's training set in ../shared")
    made = json.loads((MODEL / "training.json").read_text())["mean_of"][0]["training"]
    data = read_data(SQUAD, license="CC-BY-SA-4.0")
    assert made["data"][0]["sha256"] == data.sha256
    _, held = hold_out(data, made["notes"]["hold_out"], made["recipe"]["seed"])
    asked = questions(held)[::25]
    answers = Reader.load("mini", precision=precision).stream((q.question, q.context) for q in asked)
    f1 = np.array([score(q, a[0].text if a else "")[1] for q, a in zip(asked, answers, strict=True)])
    # The card's figure, less three standard errors.
    assert f1.mean() > 0.81 - 3 * f1.std() / len(f1) ** 0.5


@pytest.mark.skipif("mini-half" not in installed(), reason="not installed: pip install ./models/mini-half")
def test_its_student_has_half_the_layers_and_answers() -> None:
    teacher, student = Reader.load("mini", offline=True), Reader.load("mini-half", offline=True)
    assert student.model.layers * 2 == teacher.model.layers
    assert student.answer("How many miles of walls are there in Derbyshire?", WALLS).text == "26,000"
    assert "mortar" in student.answer("What are dry stone walls built without?", WALLS).text


def test_its_card_names_data_licence_and_measurements() -> None:
    card = (MODEL / "README.md").read_text(encoding="utf-8")
    assert "CC-BY-SA-4.0" in card
    assert "license: apache-2.0" in card
    assert "type: f1, value:" in card
