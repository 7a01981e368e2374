from __future__ import annotations

from drystone.web.drawing.facets import facets


def test_values_lead_to_narrower_queries() -> None:
    counts = {
        "language": {"Python": 9, "C++": 2, "unknown": 1},
        "license": {"MIT": 12},
        "repository": {f"r{n}": n for n in range(20, 0, -1)},
        "year": {},
    }
    found = {
        each.name: each for each in facets("def", counts, ("language", "license", "repository", "year"), str.upper)
    }
    assert list(found) == ["language", "license", "repository"], "what has no value is left out"
    assert found["language"].values == [
        ("Python", 9, "DEF LANG:PYTHON"), ("C++", 2, "DEF LANG:C++"), ("unknown", 1, None),
    ]  # fmt: skip
    assert found["license"].values == [("MIT", 12, None)], "all files have it: nothing is narrowed down"
    assert (len(found["repository"].values), found["repository"].more) == (8, 12)
    assert facets("a or b", {"year": {"2020": 1, "2021": 1}}, ("year",), str)[0].values[0][2] == "(a or b) year:2020"
