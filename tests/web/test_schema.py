"""Schemathesis against the pages about releases: whatever is sent, no page fails, and each keeps its headers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

import drystone
from drystone.catalog.shelf.shelf import Shelf
from drystone.reader import Reader
from drystone.reader.batcher import Batcher
from tests.web.pages import Site, Visitor, site

_EXAMPLES = 25


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, small: Path) -> Iterator[Site]:
    """A site with everything that it can serve: what is not served answers 503, which says nothing about a page."""
    batcher = Batcher(Reader.load(small, threads=1))
    with site(tmp_path_factory.mktemp("pages"), readers={"small": batcher}, catalog=Shelf()) as running:
        for release in running.releases:
            drystone.index_release(release)
        yield running


@pytest.mark.slow
def test_no_page_fails_whatever_is_sent(here: Site) -> None:
    moderator = Visitor(here.url)
    moderator.log_in()
    schema = schemathesis.openapi.from_url(f"{here.url}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) >= 15
    token = [""]
    for operation in operations:
        token[0] = moderator.get("/").text and moderator.get("/queue").text.partition('name="csrf" value="')[2][:64]
        if not token[0]:
            moderator.log_in()

        @given(case=operation.as_strategy())
        @settings(max_examples=_EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def check(case: Any) -> None:
            if isinstance(case.body, dict) and "csrf" in case.body:
                case.body["csrf"] = token[0]  # or nothing behind the check would be seen
            for cookies in ({}, dict(moderator.session.cookies)):
                response = case.call(cookies=cookies)
                case.validate_response(response, checks=[not_a_server_error])
                assert "content-security-policy" in {name.lower() for name in response.headers}
                assert "Traceback" not in response.text

        check()
    assert not here.registry.audit().problems
