"""What tools ask for and give: names that programs call them by, and schemas that say what everything is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import TypeAdapter

from drystone.mcp.tools import TOOLS

#: Programs call tools with these; one that is renamed breaks them.
ARGUMENTS = {
    "search": ["context", "cursor", "limit", "lines", "query", "release"],
    "ask": ["cursor", "limit", "question", "release", "where"],
    "read": ["cursor", "file", "first", "last", "release"],
    "why": ["cursor", "file", "release"],
    "licenses": ["cursor", "policy", "release"],
    "find": ["cursor", "free", "kind", "language", "license", "limit", "need", "offline"],
    "compare": ["artifacts", "cursor"],
    "passport": ["artifact", "cursor"],
}
FIELDS = {
    "search": ["results", "summary"],
    "ask": ["answers", "format", "found", "question"],
    "read": ["citation", "of_lines"],
    "why": ["occurrences"],
    "licenses": ["distributable", "kept", "licenses", "policy", "refused", "release", "root", "unknown", "version",
                 "without_license"],
    "find": ["hits", "method", "need", "searched", "unknown"],
    "compare": ["artifacts", "facts", "said", "state", "verdicts"],
    "passport": ["artifact", "capabilities", "description", "facts", "kind", "title"],
}  # fmt: skip


def test_the_names_of_tools_and_of_what_they_ask_are_these() -> None:
    assert list(TOOLS) == list(ARGUMENTS)
    for name, tool in TOOLS.items():
        assert re.fullmatch("[a-z]+(_[a-z]+)*", name)
        schema: dict[str, Any] = tool.arguments.model_json_schema()
        assert sorted(schema["properties"]) == ARGUMENTS[name]
        assert not schema["additionalProperties"]
        assert all(each.get("description") for each in schema["properties"].values())


@pytest.mark.parametrize("name", list(TOOLS))
def test_every_result_says_that_it_is_quoted_and_where_the_rest_is(name: str) -> None:
    schema = TypeAdapter(TOOLS[name].result).json_schema(mode="serialization")
    assert schema["type"] == "object"
    assert sorted(schema["required"]) == sorted(["quoted", "notes", "next", *FIELDS[name]])
