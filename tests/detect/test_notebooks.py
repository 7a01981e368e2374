"""Notebooks as scripts; broken ones give a reason."""

import ast
import json
import time
from typing import Any

import pytest

from drystone.detect.notebooks import notebook_script


def notebook(cells: list[dict[str, Any]], **metadata: Any) -> bytes:
    metadata = metadata or {"kernelspec": {"name": "python3", "language": "python"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}).encode()


def code(source: Any, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "outputs": [], "execution_count": 1, "metadata": {}} | more


def markdown(source: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def test_code_and_markdown_without_outputs() -> None:
    found = notebook_script(
        notebook(
            [
                markdown(["# Title\n", "\n", "Some *text*."]),
                code(["import numpy as np\n", "x = 1"], outputs=[{"output_type": "stream", "text": ["SECRET OUTPUT"]}]),
                code("%matplotlib inline\n!pip install x\ny = x + 1\n"),
                code("%%bash\nls -l"),
                {"cell_type": "raw", "source": "raw text", "metadata": {}},
                code("   \n"),
            ]
        )
    )
    assert found.script == (
        b"# # Title\n#\n# Some *text*.\n\nimport numpy as np\nx = 1\n\n"
        b"# %matplotlib inline\n# !pip install x\ny = x + 1\n\n# %%bash\n# ls -l\n"
    )
    assert (found.language, found.reason) == ("Python", None)
    ast.parse(found.script)


@pytest.mark.parametrize(
    ("metadata", "language", "comment"),
    [
        ({"language_info": {"name": "R"}}, "R", b"# "),
        ({"kernelspec": {"name": "julia-1.9", "language": "julia"}}, "Julia", b"# "),
        ({"language_info": {"name": "scala"}}, "Scala", b"// "),
        ({"kernelspec": {"name": "ir"}}, "R", b"# "),
        ({"language_info": {"name": "haskell"}}, "Haskell", b"-- "),
    ],
)
def test_the_kernel_says_language_and_comment(metadata: dict[str, Any], language: str, comment: bytes) -> None:
    found = notebook_script(notebook([markdown("words"), code("x")], **metadata))
    assert (found.script, found.language) == (comment + b"words\n\nx\n", language)


def test_format_3() -> None:
    old = {
        "worksheets": [{"cells": [{"cell_type": "code", "input": ["a = 1"], "language": "python", "outputs": []}]}],
        "metadata": {"name": "old"},
        "nbformat": 3,
    }
    found = notebook_script(json.dumps(old).encode())
    assert (found.script, found.language) == (b"a = 1\n", "Python")


def test_not_a_number_in_outputs() -> None:
    data = notebook([code("x = 1", outputs=[{"data": {"v": float("nan")}}])])
    assert b"NaN" in data
    assert notebook_script(data).script == b"x = 1\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[1, 2]", "no object"),
        (b"{}", "neither `cells` nor `worksheets`"),
        (b'{"cells": 3}', "no list"),
        (b'{"cells": [3]}', "cell 0 is no object"),
        (b'{"cells": [{"cell_type": "code", "source": 5}]}', "cell 0 is no text"),
        (b'{"cells": [{"cell_type": "code", "source": ["a", 5]}]}', "cell 0 is no text"),
        (notebook([]), "no text in any cell"),
        (b'{"cells": [], "metadata": {}}', "does not say its language"),
        (notebook([code("x")], kernelspec={"language": "brainfuck"}), "comment syntax"),
        (notebook([code("x = '\ud800'")]), "surrogate"),
        (b'{"cells":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "not JSON"),
        (b'{"worksheets": [{"cells": 4}]}', "no list"),
    ],
    ids=lambda v: v[:30] if isinstance(v, str) else None,
)
def test_broken_notebooks_give_a_reason(data: bytes, reason: str) -> None:
    found = notebook_script(data)
    assert found.script is None
    assert reason in str(found.reason)


def test_large_notebooks_take_linear_time() -> None:
    cells = [code(f"x{i} = {i}\n" * 20) for i in range(20_000)]
    data = notebook(cells)
    start = time.process_time()
    found = notebook_script(data)
    assert found.script is not None
    assert time.process_time() - start < 5
