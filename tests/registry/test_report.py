"""The report: what came, how it ended, how long it took; and that its page names nobody and fetches nothing."""

from __future__ import annotations

from pathlib import Path

import drystone
from tests.registry.log.tamperings import WAITING, filled


def test_requests_are_counted_and_drawn_without_a_name(tmp_path: Path) -> None:
    with filled(str(tmp_path / "registry.sqlite")) as registry:
        found = drystone.report_requests(registry, output=tmp_path / "report.html")
        year = int(registry.requests.all()[0].received_at[:4])
        assert drystone.report_requests(registry, year=year - 1).requests == 0
    assert (found.requests, found.statuses) == (3, {"received": 1, "partly": 2})
    assert (found.applied_to, found.occurrences, found.overdue) == (1, 6, 0)
    assert len(found.days_to_decide) == len(found.days_to_apply) == 2
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "accepted in part: 2" in page
    assert found.head in page
    for word in ("ann", WAITING, "example.org", '"mo"', "http", "<script"):
        assert word not in page.replace("annot", ""), word
