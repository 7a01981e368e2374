"""Forms while they are filled."""

from __future__ import annotations

from drystone.catalog.papers.paper import Form, filled


def test_a_form_keeps_what_is_0_and_leaves_out_what_is_not_there() -> None:
    assert filled(a=0, b=False, c=None, d="", e=[], f={}) == {"a": 0, "b": False}
    form = Form()
    assert form.take("count", 0, "counting") == 0
    assert form.paper("").left_open == ()
