"""The EU's summary: what is open says what would settle it."""

from __future__ import annotations

from drystone.catalog.papers.making import make_paper
from drystone.release.read import Release


def test_the_day_of_the_release_is_not_taken_for_that_of_the_last_repository(told: Release, bare: Release) -> None:
    text = make_paper(told, "eu", "2026-11-30").text  # no repository says when it was read
    assert f"data acquisition/collection:** not after the release, {told.manifest.facts.date}\n" in text
    assert "data acquisition/collection:** *unknown; settled by:" in make_paper(bare, "eu", "2026-11-30").text


def test_the_eus_summary_says_of_each_open_field_what_would_settle_it(told: Release) -> None:
    paper = make_paper(told, "eu", "2026-11-30")
    assert paper.text.count("*unknown; settled by:") == len(paper.left_open)
    assert "Left out on request and never read: 2 repositories." in paper.text
    assert "less than 1 billion" in paper.text  # fewer bytes than that
