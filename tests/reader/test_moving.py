"""The code of docs/reader.md for those who come from elsewhere: every block runs, with the model that it names."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from drystone.cli import cli
from drystone.reader.model.installed import installed

PAGE = (Path(__file__).parents[2] / "docs/reader.md").read_text()
SECTIONS = re.findall(r"^## (Coming from [^\n]+)\n(.*?)(?=^## )", PAGE, re.M | re.S)
BLOCKS = [(title, code) for title, text in SECTIONS for code in re.findall(r"```python\n(.*?)```", text, re.S)]

pytestmark = pytest.mark.skipif("mini" not in installed(), reason="the model mini is not installed")


def test_there_is_code_for_each_of_them() -> None:
    assert [title for title, _ in SECTIONS] == [
        "Coming from Transformers",
        "Coming from Haystack, LangChain and MLflow",
        "Coming from rust-bert",
    ]
    assert len(BLOCKS) == 4


@pytest.mark.parametrize(("title", "code"), BLOCKS, ids=[str(i) for i in range(len(BLOCKS))])
def test_the_code_of_the_page_does_what_it_says(title: str, code: str) -> None:
    for module in ("haystack", "langchain_core"):
        if module in code:
            pytest.importorskip(module)
    exec(compile(code, title, "exec"), {})


def test_the_command_for_rust_writes_what_rust_reads(
    checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    [line] = re.findall(r"^\$ drystone (.*)$", SECTIONS[-1][1], re.M)
    words = [str(checkpoints["bert"]) if word == "mini" else word for word in shlex.split(line)]  # a small one is quick
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    names = {"rust_model.ot", "config.json", "vocab.txt", "model.safetensors", "tokenizer.json"}
    assert names <= {path.name for path in Path("wall").iterdir()}
