"""What was taken out of a release comes back through no answer, and a citation given before says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drystone.answer import verbs
from drystone.building.retract import apply
from drystone.registry import Registry
from drystone.registry.requests import subjects
from drystone.release.read import open_release
from drystone.search import index
from tests.building.conftest import MIT
from tests.building.test_optouts import Home

pytest.importorskip("tokenizers", reason="needs the extra `reader`")
pytest.importorskip("onnx", reason="needs the extra `reader`")

SECRET = "zqxjkvw_unmistakable"
QUESTION = f"What does {SECRET} return?"


@pytest.mark.parametrize("indexed", [True, False])
def test_a_retracted_text_is_in_no_answer(tmp_path: Path, indexed: bool) -> None:
    from tests.reader.checkpoints import write_checkpoint

    model = write_checkpoint(tmp_path / "model", "bert")
    home = Home(tmp_path)
    kept = "".join(f"def kept_{n}(x):\n    return x * {n}\n\n\n" for n in range(20))
    gone = "".join(f"def {SECRET}_{n}(y):\n    return y - {n}\n\n\n" for n in range(20))
    home.folder("https://forge.example/stays/kept", {"LICENSE": MIT, "kept.py": kept})
    home.folder("https://forge.example/goes/gone", {"LICENSE": MIT, "gone.py": gone})
    home.build()
    if indexed:
        index.build(open_release(home.output))
    before = verbs.ask_releases([home.output], QUESTION, model=model, top_k=20, least=0)
    cited = {one.path for answer in before.answers for one in answer.citations}
    assert "/gone.py" in cited
    (tmp_path / "answer.json").write_text(json.dumps(before.as_dict()))
    assert {one.state for one in verbs.verify_citations(tmp_path / "answer.json", home.output)} == {"stands"}
    home.opt_out(subjects.repository("https://forge.example/goes/gone"))
    with Registry.open(home.registry) as registry:
        apply([str(home.output)], registry)
    after = verbs.ask_releases([home.output], QUESTION, model=model, top_k=20, least=0)
    assert after.found
    assert SECRET not in json.dumps({**after.as_dict(), "question": ""})
    assert {one.path for answer in after.answers for one in answer.citations} == {"/kept.py"}
    checked = verbs.verify_citations(tmp_path / "answer.json", home.output)
    assert {one.state for one in checked if one.path == "/gone.py"} == {"withdrawn"}
    assert {one.state for one in checked if one.path == "/kept.py"} <= {"stands"}
