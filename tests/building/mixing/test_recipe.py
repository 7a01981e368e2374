from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drystone.errors import SettingsError, UsageError
from tests.building.mixing.conftest import mix


@pytest.mark.parametrize(
    ("more", "mixture", "message"),
    [
        (
            "[budget]\nfiles = 100_000",
            {},
            r"asks for more than there is. .*Python: [\d,]+ of [\d,]+ files.*The largest budget",
        ),
        ("[budget]\nbytes = 500_000\n[weights]\nTOML = 1", {}, r"TOML: 500,000 of [\d,]+ bytes"),
        ("[weights]\nPyton = 1", {}, "did you mean 'Python'"),
        ("[only]\nlanguages = ['Cobol']", {}, "allows no file"),
        ("[budget]\nfiles = 1\nbytes = 1", {}, "a budget is in tokens, bytes or files"),
        ("[budget]\ntokens = 1", {}, "tokens are counted by a tokenizer"),
        ("[budget]\nfiles = 0", {}, r"a\.toml, line \d+: budget.files"),
        ("", {"temperature": 0}, "mixture.temperature"),
        ("", {"by": "stars"}, "mixture.by"),
        ("[wieghts]\nPython = 1", {}, "wieghts: unknown"),
        ("[only]\nscores = 'none.parquet'\nleast_score = 2.0", {}, "holds no scores"),
        ("[only]\nleast_score = 2.0", {}, "go together"),
        ("[", {}, "is no TOML"),
    ],
)
def test_what_cannot_be_mixed_is_said(
    more: str, mixture: dict[str, Any], message: str, whole: Path, tmp_path: Path
) -> None:
    with pytest.raises((UsageError, SettingsError), match=message):
        mix(tmp_path / "a.toml", whole, more, **mixture)
    assert not (tmp_path / "a-out").exists()
    assert not [*tmp_path.glob(".mixture-*")]
