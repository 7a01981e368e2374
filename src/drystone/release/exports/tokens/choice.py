"""What a training export is made with: tokenizer, documents, fill-in-the-middle, length of a sequence."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from drystone.errors import UsageError, did_you_mean

#: What a document is: one file, or the files of a repository with separators between them.
DocumentOf = Literal["file", "repository"]
#: In which order a file is given whose middle is to be filled in: prefix, suffix, middle; or suffix, prefix, middle.
FimOrder = Literal["psm", "spm", "both"]
#: Where a file is cut for that: anywhere, or around a node of its syntax tree.
FimSplit = Literal["character", "syntax"]
#: What happens with a file that the tokenizer does not give back byte for byte.
Inexact = Literal["refuse", "skip"]
#: Parts that special tokens play.
Special = Literal["end", "pad", "repo_name", "file_sep", "fim_prefix", "fim_suffix", "fim_middle"]

#: The names of special tokens by the part they play, as published code models have them: StarCoder 2, Qwen2.5-Coder,
#: DeepSeek-Coder, Code Llama and their kin. The first that a tokenizer has is taken.
KNOWN: Final[Mapping[Special, tuple[str, ...]]] = MappingProxyType(
    {
        "end": ("<|endoftext|>", "<|end_of_text|>", "<｜end▁of▁sentence｜>", "</s>", "<eos>", "[EOS]", "[SEP]"),
        "pad": ("<pad>", "<|pad|>", "<|padding|>", "[PAD]"),
        "repo_name": ("<repo_name>", "<|repo_name|>", "<reponame>"),
        "file_sep": ("<file_sep>", "<|file_sep|>", "<filename>"),
        "fim_prefix": ("<fim_prefix>", "<|fim_prefix|>", "<fim-prefix>", "<｜fim▁begin｜>", "▁<PRE>"),
        "fim_suffix": ("<fim_suffix>", "<|fim_suffix|>", "<fim-suffix>", "<｜fim▁hole｜>", "▁<SUF>"),
        "fim_middle": ("<fim_middle>", "<|fim_middle|>", "<fim-middle>", "<｜fim▁end｜>", "▁<MID>"),
    }
)
#: Tokens of a sequence: below, separators alone would fill it; above, no model reads it.
LENGTHS: Final = (16, 1 << 22)


@dataclass(frozen=True, slots=True)
class TokenChoice:
    """What a training export is made with.

    `tokenizer`: a `tokenizer.json`. `documents`: what a document is. `sequence_length`: tokens of each sample, into
    which documents are packed (None: a sample is a document). `fim_rate`: share of files, from 0 to 1, that are given
    for filling in the middle; `fim_order` and `fim_split`: how. `special`: names of special tokens by their part,
    where they are none of `KNOWN`. `inexact`: what happens with a file that does not come back byte for byte.
    """

    tokenizer: str | os.PathLike[str] | None = None
    documents: DocumentOf = "file"
    sequence_length: int | None = None
    fim_rate: float = 0.0
    fim_order: FimOrder = "psm"
    fim_split: FimSplit = "character"
    special: Mapping[Special, str] = field(default_factory=dict)
    inexact: Inexact = "refuse"

    def __post_init__(self) -> None:
        low, high = LENGTHS
        if self.sequence_length is not None and not low <= self.sequence_length <= high:
            raise UsageError(f"a sequence of {self.sequence_length} tokens: choose from {low} to {high:,}")
        if not 0 <= self.fim_rate <= 1:
            raise UsageError(f"a fill-in-the-middle rate of {self.fim_rate}: it is a share of the files, from 0 to 1")


def parse_special(texts: Sequence[str]) -> dict[Special, str]:
    """Return special tokens written as `PART=TOKEN`. Raises `UsageError` for what is no such part."""
    found: dict[Special, str] = {}
    for text in texts:
        name, _, token = text.partition("=")
        part = next((known for known in KNOWN if known == name), None)
        if part is None or not token or re.search(r"\s", token):
            raise UsageError(
                f"{text}: a special token is PART=TOKEN{did_you_mean(name, list(KNOWN))}; parts are {', '.join(KNOWN)}"
            )
        found[part] = token
    return found
