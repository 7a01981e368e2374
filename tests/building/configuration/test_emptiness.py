"""Why a release holds nothing: a line for each reason, with the setting to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

import drystone
from drystone.building.configuration.emptiness import _LOOK_AT
from drystone.policy.decision import LedgerStage, Reason


def test_each_reason_of_an_empty_release_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where the registry lies by default
    (tmp_path / "walls").mkdir()
    nothing = drystone.build([tmp_path / "walls"], tmp_path / "nothing", threads=1)
    assert drystone.why_nothing(nothing) == ["the sources hold no file"]
    (tmp_path / "walls/a.py").write_text("print('a wall of dry stones')\n")
    (tmp_path / "walls/b.bin").write_bytes(bytes(range(256)) * 8)
    empty = drystone.build([tmp_path / "walls"], tmp_path / "empty", threads=1)
    assert drystone.why_nothing(empty) == [
        "1 file at stage encoding: binary",
        "1 file at stage license: no_license; look at [licenses] no_license, or a LICENSE file in the source",
    ]
    kept = drystone.build(
        [tmp_path / "walls"], tmp_path / "kept", threads=1, settings={"licenses": {"profile": "stack-v2"}}
    )
    assert kept.manifest.counts.kept == 1
    assert drystone.why_nothing(kept) == []


def test_what_settings_or_people_decide_has_something_to_look_at() -> None:
    of_the_bytes = {LedgerStage.INVENTORY, LedgerStage.ENCODING, LedgerStage.RETRACTION, LedgerStage.MIXTURE}
    for reason in Reason:
        assert reason in _LOOK_AT or reason.stage in _LOOK_AT or reason.stage in of_the_bytes
