from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drystone.reader.spans.pieces import pieces


@given(st.text(st.sampled_from("ab .\n\r\té=#"), max_size=4000) | st.text(max_size=50).map(lambda text: text * 60))
def test_pieces_cover_a_text_in_order_and_are_short(text: str) -> None:
    found = pieces(text)
    covered = [False] * len(text)
    last = 0
    for start, end in found:
        assert last <= start < end <= start + 750
        covered[start:end] = [True] * (end - start)
        last = end
    assert all(covered[at] or character.isspace() for at, character in enumerate(text))


def test_a_piece_begins_at_a_heading_a_definition_and_what_a_directive_describes() -> None:
    parts = [
        "Intro.\n\n", "Heading\n-------\n\ntext\n\n", ".. py:data:: NAME\n\n    Default: 1\n\n",
        "def f():\n    pass\n\n", "## Another\n\nend",
    ]  # fmt: skip
    text = "".join(parts)
    assert [text[start:end] for start, end in pieces(text)] == parts


def test_a_long_text_is_cut_after_an_empty_line_else_a_line_else_a_sentence() -> None:
    for gap in ("\n\n", "\n", ". "):
        text = gap.join(["word " * 20 + "end"] * 20)
        found = pieces(text)
        assert len(found) > 3
        assert all(text[:end].endswith(gap) for _, end in found[:-1])
