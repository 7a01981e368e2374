from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from drystone.search.results.found import Found, Line, SearchResult
from drystone.search.results.sarif import sarif
from drystone.search.search import Searcher

#: What editors need of a log, in the names and bounds of the standard (sections 3.13, 3.14, 3.27 to 3.30).
_PLACE: dict[str, Any] = {
    "type": "object",
    "required": ["uri"],
    "properties": {"uri": {"type": "string"}, "uriBaseId": {"type": "string"}, "index": {"type": "integer"}},
    "additionalProperties": False,
}
_REGION: dict[str, Any] = {
    "type": "object",
    "required": ["startLine", "startColumn", "endColumn", "byteOffset", "byteLength", "snippet"],
    "properties": {
        "startLine": {"type": "integer", "minimum": 1},
        "startColumn": {"type": "integer", "minimum": 1},
        "endColumn": {"type": "integer", "minimum": 1},
        "byteOffset": {"type": "integer", "minimum": 0},
        "byteLength": {"type": "integer", "minimum": 0},
        "snippet": {"type": "object", "required": ["text"]},
    },
    "additionalProperties": False,
}
_RESULT: dict[str, Any] = {
    "type": "object",
    "required": ["ruleId", "ruleIndex", "level", "message", "locations"],
    "properties": {
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": {"type": "object", "required": ["text"]},
        "locations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["physicalLocation"],
                "properties": {
                    "physicalLocation": {
                        "type": "object",
                        "required": ["artifactLocation"],
                        "properties": {"artifactLocation": _PLACE, "region": _REGION},
                        "additionalProperties": False,
                    }
                },
            },
        },
    },
}
LOG: dict[str, Any] = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "$schema": {"type": "string"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results", "columnKind"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": _RESULT},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {"driver": {"type": "object", "required": ["name"]}},
                    },
                    "artifacts": {"type": "array", "items": {"type": "object", "required": ["location"]}},
                    "originalUriBaseIds": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "properties": {"uri": {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*://.*/$"}},
                        },
                    },
                },
            },
        },
    },
    "additionalProperties": False,
}


def test_a_log_has_what_editors_need_and_leads_to_the_matches(searcher: Searcher) -> None:
    log = json.loads(json.dumps(searcher.search("lang:python def", limit=20).sarif()))
    jsonschema.validate(log, LOG)
    [run] = log["runs"]
    assert run["properties"]["total"] == 20
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert run["results"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        artifact = run["artifacts"][place["artifactLocation"]["index"]]
        assert artifact["location"]["uri"] == place["artifactLocation"]["uri"]
        assert artifact["location"]["uriBaseId"] in run["originalUriBaseIds"]
        assert unquote(artifact["location"]["uri"]) in artifact["properties"]["swhid"].replace("%20", " ")
        region = place["region"]
        text = region["snippet"]["text"]
        assert text[region["startColumn"] - 1 : region["endColumn"] - 1].lower() == "def"
        assert region["byteLength"] == 3


def found(path: str, origin: str, lines: tuple[Line, ...]) -> SearchResult:
    one = Found("r", "1", path, origin, "r", "Text", None, "swh:1:cnt:" + "0" * 40, (), "path", "f" * 64, lines)
    return SearchResult("q", iter([one]))


@pytest.mark.parametrize(
    "origin", ["https://example.org/own/one", "pypi:rich==1.0", "https://e.org/\u202ex y", "folder"]
)
def test_odd_paths_and_origins_are_data(origin: str) -> None:
    log = sarif(found("/a b\u202e:<x>?#.py", origin, ()))
    jsonschema.validate(log, LOG)
    [run] = log["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "a%20b%E2%80%AE%3A%3Cx%3E%3F%23.py"
    assert "\u202e" not in run["results"][0]["message"]["text"]


def test_columns_of_a_cut_line_are_those_of_the_whole_line() -> None:
    line = Line(7, "xx needle", ((3, 9),), True, ((1003, 1009),), 1000)
    region = sarif(found("/a", "o", (line,)))["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert (region["startColumn"], region["endColumn"], region["byteOffset"]) == (1004, 1010, 1003)
