"""Code cells of notebooks: what is no Python becomes comments, and what is stays."""

import ast
import time

import pytest

from drystone.detect.cells import cell_code


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%%time\nx = f()", "# %%time\nx = f()"),
        ("%%timeit -n 10\nf()\n", "# %%timeit -n 10\nf()"),
        ("\n%%capture out\n%%time\nx = 1", "\n# %%capture out\n# %%time\nx = 1"),
        ("%% gates\nx = 1", "# %% gates\nx = 1"),
        ("%%time\n%%bash\nls -l", "# %%time\n# %%bash\n# ls -l"),
        ("%%writefile a.py\nx = 1", "# %%writefile a.py\n# x = 1"),
        ("%time x = f(1)\nprint(x)", "x = f(1)  # %time\nprint(x)"),
        ("%timeit f(1)", "# %timeit f(1)"),
        ("files = !ls *.txt\nlen(files)", "files = None  # !ls *.txt\nlen(files)"),
        ("a, b = %sql SELECT 1", "a, b = None  # %sql SELECT 1"),
        ("x: list = !ls", "x: list = None  # !ls"),
        ("d['a = b'] = !ls", "d['a = b'] = None  # !ls"),
        ("df?", "# df?"),
        ("df.head??", "# df.head??"),
        ("?print", "# ?print"),
        ("if x:\n    df?", "if x:\n    pass  # df?"),
        ("pip install fields\nimport fields", "# pip install fields\nimport fields"),
        ("cd ..", "# cd .."),
        ("time = 5\ntime -= 1", "time = 5\ntime -= 1"),
        (">>> x = 1\n>>> for y in x:\n...     print(y)", "x = 1\nfor y in x:\n    print(y)"),
        ("  x = 1\n  y = 2", "x = 1\ny = 2"),
        ("!pip install \\\n  a \\\n  b\nimport a", "# !pip install \\\n# a \\\n# b\nimport a"),
        ("/f 1 2", "# /f 1 2"),
    ],
)
def test_lines_that_ipython_alone_takes(cell: str, expected: str) -> None:
    assert cell_code(cell, "# ", "Python") == expected
    if " b = None" not in expected:
        ast.parse(expected)


@pytest.mark.parametrize(
    "cell",
    [
        'text = """\n%d of\n!important\n?\n"""\n',
        "x = (a\n     % b)\n",
        'return "a = !b"\n',
        "x = a \\\n    % b\n",
        "text = '''it\\'''s\n!not shell\n'''\ny = 1\n",
        "x = '#'  # comment with ( \ny = '('\nz = 1\n",
        "if a != b:\n    pass\n",
        'f = f"{x!r}"\ng = f"{x}?"\n',
        "s = 'a\x0cb\u2028c'\n",
        "plt.plot(x);\n",
        "@decorator\ndef f(): ...\n",
        "ls = 1\nls - 2\n",
        "x = 'a( \\\n    % b'\ny = 1\n",
    ],
)
def test_python_stays_as_it_is(cell: str) -> None:
    assert cell_code(cell, "# ", "Python") == cell.rstrip()


@pytest.mark.parametrize(
    ("language", "cell", "expected"),
    [
        ("R", "!x\n%in%", "!x\n%in%"),
        ("Julia", "!isempty(x) && f()\n]add Plots\n;ls", "!isempty(x) && f()\n# ]add Plots\n# ;ls"),
        ("C#", "#!markdown\nvar x = 1;", "// #!markdown\nvar x = 1;"),
        ("Kotlin", "%use lets-plot\nval x = 1", "// %use lets-plot\nval x = 1"),
    ],
)
def test_other_kernels_have_commands_of_their_own(language: str, cell: str, expected: str) -> None:
    assert cell_code(cell, "// " if language in ("C#", "Kotlin") else "# ", language) == expected


@pytest.mark.parametrize(
    "cell",
    [
        "!" * 100_000, "a" * 200_000 + "?", "'" * 200_001, '"' * 200_000 + "\\", "x = " + "(" * 50_000, "\\\n" * 50_000,
        "\n" * 200_000 + "x", "%%time\n" * 50_000 + "x", "x = '" + "\\'" * 100_000,
    ],
)  # fmt: skip
def test_hostile_cells_take_linear_time(cell: str) -> None:
    start = time.process_time()
    cell_code(cell, "# ", "Python")
    assert time.process_time() - start < 2
