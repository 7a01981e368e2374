from __future__ import annotations

import pytest

from drystone.catalog.duplicates.names import name_of, place_of


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://huggingface.co/A/B/tree/main", "huggingface.co/a/b"),
        ("http://www.github.com/a/b.git", "github.com/a/b"),
        ("https://hf.co/a/b/", "huggingface.co/a/b"),
        ("https://packages.example/project/A_b.c/1.0/", "packages.example/project/a-b-c"),
        ("https://example.org", None),
        ("not an address", None),
        ("https://[", None),
    ],
)
def test_addresses_of_one_place(url: str, place: str | None) -> None:
    assert place_of(url) == place


def test_hostile_names_have_parts_as_well() -> None:
    for text in ("", "/", "///", "\u202e", "🎉", "a" * 300, "../../etc", "x/" * 100):
        name_of(text)
