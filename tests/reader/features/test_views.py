"""Explanations as pages."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drystone.reader import Reader
from drystone.reader.features.features import explain, features
from drystone.reader.features.views import attention_page, explanation_page
from tests.browser import page, picture
from tests.reader.features.test_features import CONTEXT, QUESTION


def test_pages_hold_hostile_text_as_text(bert: Reader, tmp_path: Path) -> None:
    window = features(bert, QUESTION, CONTEXT)[0]
    (tmp_path / "a.html").write_text(attention_page(window, QUESTION), encoding="utf-8")
    (tmp_path / "e.html").write_text(explanation_page(explain(bert, QUESTION, CONTEXT, top_k=3)), encoding="utf-8")
    with page() as opened:
        opened.goto((tmp_path / "a.html").as_uri())
        assert opened.locator("#grid button").count() == bert.model.layers * bert.model.heads
        assert opened.locator("#tokens span").all_inner_texts() == window.tokens
        opened.get_by_role("button", name="layer 2, head 3", exact=True).click()
        assert "Layer 2 of 3, head 3 of 3" in opened.locator("#chosen").inner_text()
        opened.locator("#tokens span").nth(4).hover()
        shown = [float(t or 0) for t in opened.locator("#tokens span").evaluate_all("all => all.map(s => s.title)")]
        assert np.allclose(shown, window.attentions[1, 2, 4], atol=0.003)
        assert opened.locator("b").count() == 0
        picture(opened, "attention")
        opened.goto((tmp_path / "e.html").as_uri())
        assert opened.locator("#text").inner_text().startswith("A <b>heap</b> is an array")
        assert opened.locator(".answer").count() >= 1
        assert opened.locator("h1").inner_text() == QUESTION
        picture(opened, "explanation")
