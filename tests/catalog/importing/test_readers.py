from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import pytest

from drystone.catalog.importing.readers import import_reader
from drystone.catalog.passports.texts import find_quotes
from drystone.errors import UsageError

CARD = "---\npipeline_tag: question-answering\nlicense: mit\n---\n"
CONFIG = '{"model_type": "bert", "max_position_embeddings": 512}'


def write(folder: Path, *, card: str = CARD, config: str = CONFIG, weights: bytes | None = None) -> Path:
    folder.mkdir()
    (folder / "README.md").write_text(card)
    (folder / "config.json").write_text(config)
    head = json.dumps({"__metadata__": {"a": "b"}, "w": {"dtype": "F16", "shape": [3, 4], "data_offsets": [0, 24]}})
    (folder / "model.safetensors").write_bytes(
        struct.pack("<Q", len(head)) + head.encode() + bytes(24) if weights is None else weights
    )
    return folder


def test_a_folder_is_measured_and_its_card_quoted(tmp_path: Path) -> None:
    found = import_reader(write(tmp_path / "m"), "some-reader", "2026-11-30")
    facts = {one.name: one for one in found.passport.facts}
    assert facts["size.parameters"].text == "12 parameters"
    assert facts["size.parameters"].bases == "measured"
    assert facts["window"].text == "512 tokens"
    assert facts["formats"].text == "safetensors"
    assert facts["license"].bases == "declared"
    sha256 = hashlib.sha256((tmp_path / "m/model.safetensors").read_bytes()).hexdigest()
    assert [(one.name, one.hashes) for one in found.passport.artifact.versions] == [(sha256[:12], {"sha256": sha256})]
    assert {one.state for one in find_quotes(found.passport, found.texts)} == {"stands"}


def test_what_a_reader_s_folder_holds_says_whether_it_works_offline(tmp_path: Path) -> None:
    folder = write(tmp_path / "m")
    assert import_reader(folder, "m", "2026-11-30").passport.fact("offline") is None, "there is no tokenizer"
    (folder / "tokenizer.json").write_text("{}")
    found = import_reader(folder, "m", "2026-11-30")
    fact = found.passport.fact("offline")
    assert fact is not None
    assert (fact.text, fact.bases) == ("yes", "derived")
    assert {one.state for one in find_quotes(found.passport, found.texts)} == {"stands"}
    (folder / "config.json").write_text('{"model_type": "nobody-knows"}')
    assert import_reader(folder, "m", "2026-11-30").passport.fact("offline") is None


def test_installed_readers(tmp_path: Path) -> None:
    from drystone.reader.model.installed import installed

    if "mini" not in installed():
        pytest.skip("not installed: pip install ./models/mini")
    found = import_reader(installed()["mini"], "mini", "2026-11-30")
    f1 = found.passport.fact("quality.squad_held_back.f1")
    assert f1 is not None
    assert f1.claim is not None
    assert found.passport.fact("quality.squad_v1_1.f1").status == "unknown", "its card does not say it"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"config": "["}, "config.json is not JSON"),
        ({"config": "[]"}, "config.json is no JSON object"),
        ({"weights": b""}, "is no safetensors file"),
        ({"weights": struct.pack("<Q", 1 << 60)}, "is no safetensors file"),
        ({"weights": struct.pack("<Q", 9) + b'{"w": [3]'}, "is no safetensors file"),
        ({"weights": struct.pack("<Q", 2) + b"[]"}, "is no safetensors file"),
        ({"card": "# nothing"}, "is no card"),
    ],
    ids=range(7),
)
def test_damaged_folders_are_refused(given: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        import_reader(write(tmp_path / "m", **given), "m", "2026-11-30")  # type: ignore[arg-type]


def test_a_folder_without_a_card(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"README.md cannot be read: No such file"):
        import_reader(tmp_path, "m", "2026-11-30")


def test_results_beside_the_card_that_differ_from_it_are_disputed(tmp_path: Path) -> None:
    card = (
        "---\npipeline_tag: question-answering\nmodel-index:\n- name: m\n  results:\n  - dataset: {name: squad}\n"
        "    metrics: [{type: f1, value: 87.0}, {type: exact_match, value: 79.6}]\n---\n"
    )
    folder = write(tmp_path / "m", card=card)
    (folder / ".eval_results").mkdir()
    (folder / ".eval_results/squad.yaml").write_text(
        "- {dataset: {id: squad, task_id: f1}, value: 88.5}\n"
        "- {dataset: {id: squad, task_id: exact_match}, value: 79.6}\n"
    )
    passport = import_reader(folder, "m", "2026-11-30").passport
    assert passport.fact("quality.squad_v1_1.f1").text == "disputed: 87% or 88.5%"  # type: ignore[union-attr]
    em = passport.fact("quality.squad_v1_1.em")
    assert em is not None
    assert (em.text, len(em.claims[0].evidence)) == ("79.6%", 2)
