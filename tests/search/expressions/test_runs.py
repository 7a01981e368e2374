from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.search import _kernel
from drystone.search.expressions.patterns import parse
from drystone.search.expressions.runs import runs_of

_PARTS = st.sampled_from(["a", "b", "_", "é", "[ab]", "[a-c_]", r"\d", "[^a]", "(?i:b)", "(?i:k)", "x{2}", "."])
_ENDS = st.sampled_from(["", "^", "$", r"\b", "a*", "b+", "[ab]{2,}", "[^b]+", "c?"])
#: Patterns of which many come to one run.
_NEARLY = st.tuples(_ENDS, st.lists(_PARTS, min_size=1, max_size=4), _ENDS).map(lambda p: p[0] + "".join(p[1]) + p[2])
_TEXTS = st.text("abBcxkK\u212a_ é1\n", max_size=30)


def _has(text: str, pattern: str) -> bool:
    """As the kernel finds the runs of a pattern in a text."""
    runs, data = runs_of(parse(pattern)), text.encode()
    ends = np.array([len(data)])
    return bool(_kernel.holding([data], [0, 1], ends * 0, ends, runs.sets, False, runs.before, runs.after))


@settings(max_examples=200, deadline=None)
@given(_NEARLY, st.lists(_TEXTS, min_size=1, max_size=5))
def test_runs_are_where_the_pattern_is(pattern: str, several: list[str]) -> None:
    python = pattern.replace("[^a]", r"[^a\n]").replace("[^b]", r"[^b\n]").replace("(?i:k)", "[kK\u212a]")
    compiled = re.compile(python, re.MULTILINE | re.ASCII)
    runs = runs_of(parse(pattern))
    for text in several if runs.sets else []:
        matches = compiled.search(text) is not None
        assert _has(text, pattern) == matches if runs.exact else _has(text, pattern) >= matches


def _shown(run: bytes) -> str:
    sets = [int.from_bytes(run[at : at + 32], "little") for at in range(0, len(run), 32)]
    bytes_ = [bytes(byte for byte in range(256) if one >> byte & 1) for one in sets]
    return "".join(one.decode() if len(one) == 1 else f"<{len(one)}>" for one in bytes_)


@pytest.mark.parametrize(
    ("pattern", "exact", "asked"),
    [
        ("import os", True, ["import os"]),
        (r"\bassert\b", True, ["<193>assert<193>"]),
        (r"\b[A-Z]b", True, ["<193><26>b"]),
        (";$", True, [";\n"]),
        ("^import numpy", True, ["\nimport numpy"]),
        ("(?i)get", True, ["<2><2><2>"]),
        ("(?i)assert", False, ["<2>", "<2><2><2>"]),
        ("[A-Z]{2,}_[A-Z]{1,}", True, ["<26><26>_<26>"]),
        ("[^a-z]if[^a-z]", True, ["<229>if<229>"]),
        ("(ab)*cd*", True, ["c"]),
        ("(abc)?d+efg", True, ["defg"]),
        ("(abc)d+efg", False, ["abcd", "efg"]),
        ("func[a-z]*_[a-z]+_index", False, ["func", "_<26>", "_index"]),
        (r"^from [a-z.]+ import$", False, ["from <27>", " import"]),
        # not known where these end, or whether an edge of a word is there
        ("^abc+", True, ["\nabc"]),
        ("^a+$", False, []),
        (r"\b-b", False, []),
        ("^[^a]b", False, []),
        ("foo|bar", False, []),
        ("x.y", False, []),
        ("[0-9]+", False, []),
        ("a*", False, []),
        ("$", False, []),
    ],
)
def test_what_of_a_pattern_is_looked_for_first(pattern: str, exact: bool, asked: list[str]) -> None:
    runs = runs_of(parse(pattern))
    assert ([_shown(run) for run in runs.sets], runs.exact) == (asked, exact)
