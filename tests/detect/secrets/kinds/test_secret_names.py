"""Names of passwords, and names that only look like them."""

from __future__ import annotations

import pytest

from drystone.detect.secrets.kinds.secret_names import names_one, translation_file


@pytest.mark.parametrize(
    ("prefix", "core", "suffix", "before"),
    [
        (b"DB_", b"PASSWORD", b"", b"\n"),
        (b"smtp.", b"pass", b"", b" "),
        (b"", b"pass", b"", b" "),
        (b"db", b"Pass", b"", b" "),
    ],
)
def test_names_of_passwords(prefix: bytes, core: bytes, suffix: bytes, before: bytes) -> None:
    assert names_one(core, prefix, suffix, before)


@pytest.mark.parametrize(
    ("prefix", "core", "suffix", "before"),
    [
        (b"render_", b"pass", b"", b" "),
        (b"com", b"pass", b"", b" "),
        (b"", b"password", b"_field", b" "),
        (b"", b"Secret", b"", b"::"),
        (b"par", b"sec" + b"ret", b"", b" "),
        (b"", b"password", b"Length", b" "),
    ],
)
def test_names_of_other_things(prefix: bytes, core: bytes, suffix: bytes, before: bytes) -> None:
    assert not names_one(core, prefix, suffix, before)


def test_files_of_a_programs_texts() -> None:
    assert all(map(translation_file, ("locales/de.json", "messages_fr.properties", "po/ru.po", "src/i18n/en.ts")))
    assert not any(map(translation_file, ("db.json", "config/app.yml", None)))
