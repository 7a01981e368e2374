"""The archive's terms are shown once to each user, and again where their wording changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from drystone.sources.software_heritage import terms


def test_the_hash_is_that_of_the_wording() -> None:
    assert hashlib.sha256(terms.TERMS.encode()).hexdigest() == terms.SHA256


def test_they_are_unseen_until_they_were_shown(tmp_path: Path) -> None:
    record = tmp_path / "deep/terms.json"
    assert terms.unseen(record)
    assert terms.note_shown(record, "2026-01-01T00:00:00+00:00")
    assert not terms.unseen(record)
    record.write_text(record.read_text().replace(terms.SHA256, "0" * 64))
    assert terms.unseen(record), "another wording"
    record.write_text("[]")
    assert terms.unseen(record), "a damaged record"
    (tmp_path / "file").write_text("")
    assert not terms.note_shown(tmp_path / "file/terms.json", "2026-01-01T00:00:00+00:00")
