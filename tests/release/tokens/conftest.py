"""A tokenizer of the kind that code models have, trained on the sample; and a release of a few repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.release.sample import Row, files_of, sample_rows, write_sample

tokenizers = pytest.importorskip("tokenizers", reason="the extra tokens is not installed")

SPECIAL = [
    "<|endoftext|>", "<repo_name>", "<file_sep>", "<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<pad>",
]  # fmt: skip


def byte_level(texts: list[str], size: int = 1000) -> tokenizers.Tokenizer:
    """Return a tokenizer of GPT-2's kind."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    letters = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=size, special_tokens=SPECIAL, initial_alphabet=letters, show_progress=False
    )
    made.train_from_iterator(texts, trainer)
    return made


@pytest.fixture(scope="session")
def tokenizer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    byte_level([data.decode("utf-8", "replace") for _, data in files_of("click")[:6]]).save(str(place))
    return place


@pytest.fixture(scope="session")
def little_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release with two real repositories, odd files, and a text that spells special tokens."""
    rows = [row for row in sample_rows() if row.repository == "own/special" or len(row.data) < 15_000]
    rows = [row for row in rows if row.repository == "own/special" or "/click/" in row.path]
    rows.append(Row("own/special", "/spells.py", b"x = '<|endoftext|><file_sep><fim_middle>'\n", "Python"))
    folder = tmp_path_factory.mktemp("little") / "release"
    write_sample(folder, rows)
    return folder
