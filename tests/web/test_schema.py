"""Schemathesis against the pages about releases: whatever is sent, no page fails, and each keeps its headers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
pytest.importorskip("argon2", reason="the extra `server` is not installed")

from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

from tests.web.pages import Site, Visitor, site


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture(scope="module")
def operations(here: Site) -> Any:
    return schemathesis.openapi.from_url(f"{here.url}/openapi.json")


schema = schemathesis.pytest.from_fixture("operations")


@pytest.fixture(scope="module")
def moderator(here: Site) -> Visitor:
    visitor = Visitor(here.url)
    visitor.log_in()
    return visitor


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_no_page_fails(case: Any, here: Site, moderator: Visitor) -> None:
    for cookies in ({}, dict(moderator.session.cookies)):
        response = case.call(cookies=cookies)
        case.validate_response(response, checks=[not_a_server_error])
        assert "content-security-policy" in {name.lower() for name in response.headers}
        assert "Traceback" not in response.text


def test_the_log_is_whole_after_all_of_it(here: Site) -> None:
    assert not here.registry.audit().problems
