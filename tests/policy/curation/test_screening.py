"""What becomes of a file by what scanners and benchmarks say of it."""

from __future__ import annotations

from drystone.policy.curation.screening import Screened, judge_screened
from drystone.policy.decision import Drop, Reason

TASK = {"benchmark": "b", "task": "t", "overlap": 0.9}


def test_each_finding_has_its_reason_and_scanners_go_first() -> None:
    found = {"by": "ClamAV", "names": ["Eicar"]}
    unread = {"by": "ClamAV", "problem": "too large"}
    leak, short = {**TASK, "generic": False}, {**TASK, "generic": True}
    assert judge_screened(Screened(), "drop") is None
    assert judge_screened(Screened(found, leak), "keep") == Drop(Reason.MALWARE, found)
    assert judge_screened(Screened(unread), "keep") == Drop(Reason.NOT_SCANNED, unread)
    assert judge_screened(Screened(None, leak), "keep") == Drop(Reason.BENCHMARK, TASK)
    assert judge_screened(Screened(None, short), "keep") is None
    assert judge_screened(Screened(None, short), "drop") == Drop(Reason.GENERIC_CODE, TASK)
    assert Screened(None, short).generic_code == TASK
    assert Screened(None, leak).generic_code is Screened().generic_code is None
