from __future__ import annotations

import pytest

from drystone.answer.repositories import name_of, named

ORIGINS = ["pypi:click==8.1.7", "pypi:pydantic_settings==2.6.0", "https://example.org/pallets/flask.git", "pypi:a==1"]


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("pypi:click==8.1.7", "click"),
        ("pypi:zope.interface==5", "zope-interface"),
        ("https://example.org/pallets/Flask.git", "flask"),
        ("https://example.org/pallets/flask/", "flask"),
        ("file:///srv/click-8.1.7.tar.gz", "click"),
    ],
)
def test_the_name_of_a_repository(origin: str, name: str) -> None:
    assert name_of(origin) == name


@pytest.mark.parametrize(
    ("question", "origins", "rest"),
    [
        ("How does Click's prompt hide input?", {ORIGINS[0]}, "How does prompt hide input"),
        ("Which prefix do Pydantic settings take?", {ORIGINS[1]}, "Which prefix do take"),
        ("Which prefix does pydantic-settings take?", {ORIGINS[1]}, "Which prefix does take"),
        ("Do flask and click agree?", {ORIGINS[0], ORIGINS[2]}, "Do and agree"),
        ("What is a clicker?", set(), "What is a clicker?"),
        ("What is Flask?", {ORIGINS[2]}, "What is Flask?"),
        ("", set(), ""),
    ],
)
def test_repositories_that_a_question_names(question: str, origins: set[str], rest: str) -> None:
    assert named(question, ORIGINS) == (origins, rest)
