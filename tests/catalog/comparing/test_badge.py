"""Badges: what they say is what the comparison says, and texts of others are data."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from drystone.catalog import verbs
from drystone.catalog.comparing.badge import badge


def title(svg: str) -> str:
    found = ElementTree.fromstring(svg).find("{http://www.w3.org/2000/svg}title")
    assert found is not None
    return found.text or ""


def test_no_shared_job_is_said() -> None:
    svg = badge(verbs.compare(["distilbert-base-cased-distilled-squad", "the-stack-v2"]))
    assert title(svg).endswith("The Stack v2: no shared job")


def test_who_is_ahead_is_named_with_the_number_of_jobs() -> None:
    from drystone.reader.model.installed import installed

    if not {"mini", "mini-half"} <= set(installed()):
        pytest.skip("not installed: pip install ./models/mini ./models/mini-half")
    assert title(badge(verbs.compare(["mini", "mini-half"]))).startswith("mini and mini-half: mini ahead at 1 of ")


def test_texts_are_data_and_are_cut() -> None:
    found = verbs.compare(["distilbert-base-cased-distilled-squad", "the-stack-v2"])
    hostile = found.artifacts[0].model_copy(update={"title": '"><script>\u202e' + "x" * 200})
    svg = badge(replace(found, artifacts=(hostile, found.artifacts[1])))
    assert "<script>" not in svg
    assert "\u202e" not in svg
    assert len(title(svg)) < 130
