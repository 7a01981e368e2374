"""Trains a small language model on a release's tokens, on a CPU, and shows that its loss falls. Needs torch.

python examples/train_tiny.py demo/release trained [SECONDS]

Makes a tokenizer of the release's own texts, exports the release as packed sequences for it, and reads those as any
trainer of the format would: a file of numbers, `SEQUENCE` of them a sample. Ends with an error where no loss falls.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn

import drystone

SEQUENCE, VOCABULARY, WIDTH, LAYERS, HEADS, BATCH = 257, 4096, 160, 4, 4, 8


def tokenizer_of(release: Path, place: Path) -> None:
    """Make a tokenizer of a release's texts, of the kind that code models have."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<|endoftext|>", "<pad>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = (row["content"] for row in drystone.open_release(release).files(columns=["content"]))
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.save(str(place))


class Model(nn.Module):
    """A decoder of about two million parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.places = nn.Embedding(SEQUENCE, WIDTH)
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 4 * WIDTH, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, LAYERS, norm=nn.LayerNorm(WIDTH), enable_nested_tensor=False)
        nn.init.normal_(self.tokens.weight, std=0.02)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        states = self.tokens(ids) + self.places(torch.arange(ids.shape[1]))
        mask = nn.Transformer.generate_square_subsequent_mask(ids.shape[1])
        return self.layers(states, mask=mask, is_causal=True) @ self.tokens.weight.T


def main(release: Path, folder: Path, seconds: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer_of(release, folder / "tokenizer.json")
    made = drystone.export(
        release,
        "nanoset",
        folder / "tokens",
        tokenizer=folder / "tokenizer.json",
        sequence_length=SEQUENCE,
        replace=True,
    )
    print(f"{made.counts['tokens']:,} tokens of {made.counts['files']:,} files in {made.counts['samples']:,} samples")
    shards = sorted((folder / "tokens/data").glob("*.ds"))
    data = np.concatenate([np.fromfile(shard, np.uint16).reshape(-1, SEQUENCE) for shard in shards]).astype(np.int64)
    counts = np.concatenate([np.fromfile(f"{shard}.loss", np.uint8).reshape(-1, SEQUENCE) for shard in shards])

    torch.manual_seed(0)
    model = Model()
    print(f"{sum(parameter.numel() for parameter in model.parameters()):,} parameters")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
    losses: list[float] = []
    end, told = time.monotonic() + seconds, 0.0
    while time.monotonic() < end or len(losses) < 20:
        rows = torch.randint(len(data), (BATCH,)).numpy()
        ids, mask = torch.from_numpy(data[rows]), torch.from_numpy(counts[rows])[:, 1:].float()
        each = nn.functional.cross_entropy(model(ids[:, :-1]).transpose(1, 2), ids[:, 1:], reduction="none")
        loss = (each * mask).sum() / mask.sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if time.monotonic() - told > 5:
            told = time.monotonic()
            print(f"step {len(losses):5}  loss {losses[-1]:.3f}", flush=True)
    first, last = (sum(some) / len(some) for some in (losses[:5], losses[-5:]))
    print(f"{len(losses):,} steps: loss {first:.3f} -> {last:.3f}")
    if last > first - 0.5:
        sys.exit("the loss did not fall")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 90)
