from __future__ import annotations

from fastapi.responses import HTMLResponse

from drystone.web.drawing.scripts import script_named, with_script


def test_a_page_with_a_script_runs_those_of_this_server_alone() -> None:
    policy = with_script(HTMLResponse("")).headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert [each for each in policy if each.startswith("script-src")] == ["script-src 'self'"]


def test_scripts_are_small_and_strict() -> None:
    for name in ("search.js", "ask.js"):
        response = script_named(name)
        assert response.headers["content-type"].startswith("text/javascript")
        assert b'"use strict"' in bytes(response.body)
        assert len(bytes(response.body)) < 4096
