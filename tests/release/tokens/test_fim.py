from __future__ import annotations

import pytest

from drystone.release.exports.tokens.choice import FimSplit
from drystone.release.exports.tokens.fim import Fim

TEXT = "def größe(a):\n    return [a, '\U0001f600']\n\n\nclass B:\n    x = größe(1)\n" * 3


@pytest.mark.parametrize("split", ["character", "syntax"])
def test_the_parts_are_the_text_and_the_seed_decides_which_files_are_cut(split: FimSplit) -> None:
    half, names = Fim(0.5, "both", split, 1), [f"swh:{number}" for number in range(400)]
    found = [half.pieces(name, "Python", TEXT) for name in names]
    assert found == [half.pieces(name, "Python", TEXT) for name in names]
    orders = [order for _, order in found]
    assert 150 < orders.count(None) < 250
    assert 60 < orders.count("psm") < 140
    for pieces, order in found:
        texts = [piece for piece in pieces if isinstance(piece, str)]
        kinds = [piece[0] for piece in pieces if not isinstance(piece, str)]
        if order == "psm":
            assert kinds == ["fim_prefix", "fim_suffix", "fim_middle"]
            assert texts[0] + texts[2] + texts[1] == TEXT
        elif order == "spm":
            assert texts[1] + texts[2] + texts[0] == TEXT
        else:
            assert pieces == [TEXT]
    assert [Fim(0.5, "both", split, 2).pieces(name, "Python", TEXT)[1] for name in names] != orders


def test_a_middle_is_a_node_of_the_tree() -> None:
    pytest.importorskip("tree_sitter", reason="the extra symbols is not installed")
    whole = Fim(1, "psm", "syntax", 0)
    middles = {whole.pieces(f"swh:{number}", "Python", "x = f(1, two)\n")[0][-1] for number in range(60)}
    assert middles <= {"x = f(1, two)", "f(1, two)", "(1, two)", "two"}
    assert len(middles) == 2  # of those that are at most half of the text
    assert whole.pieces("swh:1", "Text", "ab")[1] == "psm"
    assert whole.pieces("swh:1", "Text", "a") == (["a"], None)
