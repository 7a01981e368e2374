from __future__ import annotations

import xml.etree.ElementTree as ET

from drystone.release.inspection.stats import ReasonCount, Share
from drystone.release.manifest import FunnelStep
from drystone.web.drawing import charts

HOSTILE = '</text><script>alert("x")</script>\u202e'
SVG = "{http://www.w3.org/2000/svg}"


def parsed(chart: str) -> ET.Element:
    return ET.fromstring(str(chart).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def test_a_chart_says_in_words_what_it_shows() -> None:
    steps = [
        FunnelStep(stage="occurrences", files=200, bytes=1000),
        FunnelStep(stage="near_duplicates", files=1, bytes=10),
    ]
    root = parsed(charts.funnel(steps))
    named = {each.get("id"): each.text for each in root if each.get("id")}
    title, description = (str(root.get("aria-labelledby"))).split()
    assert named[title] == "What was left after each stage"
    assert named[description] == "occurrences: 200 files, 1.0 kB; near duplicates: 1 file, 10 B."
    widths = [each.get("width") for each in root.iter(f"{SVG}rect") if each.get("class") == "kept"]
    assert widths == ["100.00%", "0.50%"]


def test_names_are_text_and_the_rest_is_one_bar() -> None:
    shares = [Share(HOSTILE if n == 0 else f"language {n}", 10, 1000 - n, 0, 0) for n in range(20)]
    root = parsed(charts.kept("Kept, by language", shares))
    assert {each.tag for each in root.iter()} == {f"{SVG}{tag}" for tag in ("svg", "title", "desc", "text", "rect")}
    labels = [str(each.text) for each in root.iter(f"{SVG}text") if each.get("class") == "label"]
    assert len(labels) == 8
    assert labels[0].startswith("</text><script>")
    assert labels[-1] == "13 more"
    assert "\u202e" not in "".join(labels)


def test_nothing_to_draw_is_said() -> None:
    for chart in (charts.funnel([]), charts.kept("Kept", [Share("C", 0, 0, 3, 3)]), charts.dropped([])):
        assert "Nothing to show" in chart
    assert "<svg" in charts.dropped([ReasonCount("language", "unknown_language", 0, 0)])
