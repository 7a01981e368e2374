"""Small checkpoints made on the spot: every family, random weights, tokenizers trained on real text."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HIDDEN, INNER, LAYERS, HEADS, POSITIONS = 48, 96, 3, 3, 128
FAMILIES = ("albert", "bert", "distilbert", "roberta", "electra", "mpnet", "deberta", "deberta-v2")


def prose() -> list[str]:
    """Real English text that is always here: the docstrings of the standard library."""
    names = ("argparse", "asyncio", "collections", "decimal", "email", "heapq", "pickle", "random", "statistics")
    modules = [__import__(name) for name in names]
    return [m.__doc__ or "" for m in modules] + [v.__doc__ or "" for v in vars(sys.modules["statistics"]).values()]


def wordpiece(*, lowercase: bool) -> Tokenizer:
    """BERT's tokenizer with a small vocabulary."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(prose(), trainers.WordPieceTrainer(vocab_size=600, special_tokens=special))
    ids = [("[CLS]", tokenizer.token_to_id("[CLS]")), ("[SEP]", tokenizer.token_to_id("[SEP]"))]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", special_tokens=ids
    )
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def byte_level() -> Tokenizer:
    """RoBERTa's tokenizer with a small vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        prose(), trainers.BpeTrainer(vocab_size=700, special_tokens=special, initial_alphabet=alphabet)
    )
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def unigram() -> Tokenizer:
    """DeBERTa v3's kind of tokenizer (SentencePiece unigram) with a small vocabulary."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    tokenizer.train_from_iterator(
        prose(), trainers.UnigramTrainer(vocab_size=500, special_tokens=special, unk_token="[UNK]")
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


_TOKENIZER_CLASSES = {
    "albert": "PreTrainedTokenizerFast",
    "bert": "BertTokenizerFast",
    "distilbert": "DistilBertTokenizerFast",
    "electra": "ElectraTokenizerFast",
    "mpnet": "MPNetTokenizerFast",
    "roberta": "RobertaTokenizerFast",
}


def make_tokenizer(family: str) -> Tokenizer:
    if family in {"roberta", "deberta"}:
        return byte_level()
    return unigram() if family == "deberta-v2" else wordpiece(lowercase=family != "distilbert")


def make_config(family: str, vocabulary: int) -> dict[str, Any]:
    offset = family in {"roberta", "mpnet"}  # positions are counted from one past the padding id
    common = {"model_type": family, "vocab_size": vocabulary, "pad_token_id": 1 if offset else 0}
    if family == "distilbert":
        return common | {
            "architectures": ["DistilBertForQuestionAnswering"],
            "dim": HIDDEN,
            "hidden_dim": INNER,
            "n_layers": LAYERS,
            "n_heads": HEADS,
            "max_position_embeddings": POSITIONS,
            "activation": "gelu",
        }
    names = {
        "albert": "Albert",
        "bert": "Bert",
        "roberta": "Roberta",
        "electra": "Electra",
        "mpnet": "MPNet",
        "deberta": "Deberta",
        "deberta-v2": "DebertaV2",
    }
    config = common | {
        "architectures": [f"{names[family]}ForQuestionAnswering"],
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "max_position_embeddings": POSITIONS + 2 if offset else POSITIONS,
        "hidden_act": "gelu",
        "type_vocab_size": 1 if family == "roberta" else 2,
        "layer_norm_eps": 1e-5 if family == "roberta" else 1e-12,
    }
    if family == "albert":
        config |= {"embedding_size": 32, "hidden_act": "gelu_new", "num_hidden_groups": 1}
    if family == "electra":
        config |= {"embedding_size": 32, "hidden_act": "relu"}
    if family == "mpnet":
        config |= {"type_vocab_size": 0, "relative_attention_num_buckets": 32}
    if family == "deberta":
        config |= {
            "type_vocab_size": 0,
            "relative_attention": True,
            "max_relative_positions": -1,
            "pos_att_type": ["c2p", "p2c"],
            "position_biased_input": False,
            "layer_norm_eps": 1e-7,
        }
    if family == "deberta-v2":
        config |= {
            "type_vocab_size": 0,
            "relative_attention": True,
            "max_relative_positions": -1,
            "position_buckets": 16,
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
            "pos_att_type": "p2c|c2p",
            "position_biased_input": False,
            "layer_norm_eps": 1e-7,
        }
    return config


def make_tensors(config: dict[str, Any], seed: int = 0) -> dict[str, np.ndarray]:
    """Random weights under the names that transformers gives them."""
    family = config["model_type"]
    random = np.random.default_rng(seed)
    prefix = {"deberta-v2": "deberta"}.get(family, family)
    embed = config.get("embedding_size", HIDDEN)
    tensors: dict[str, np.ndarray] = {}

    def matrix(name: str, *shape: int) -> None:
        tensors[name] = random.normal(0, 0.15, shape).astype(np.float32)

    def linear(name: str, outputs: int, inputs: int, *, bias: bool = True) -> None:
        matrix(f"{name}.weight", outputs, inputs)
        if bias:
            matrix(f"{name}.bias", outputs)

    def norm(name: str, size: int = HIDDEN) -> None:
        tensors[f"{name}.weight"] = random.normal(1, 0.1, size).astype(np.float32)
        matrix(f"{name}.bias", size)

    matrix(f"{prefix}.embeddings.word_embeddings.weight", config["vocab_size"], embed)
    if config.get("position_biased_input", True):
        matrix(f"{prefix}.embeddings.position_embeddings.weight", config["max_position_embeddings"], embed)
    if config.get("type_vocab_size"):
        matrix(f"{prefix}.embeddings.token_type_embeddings.weight", config["type_vocab_size"], embed)
    norm(f"{prefix}.embeddings.LayerNorm", embed)
    if family == "albert":
        linear("albert.encoder.embedding_hidden_mapping_in", HIDDEN, embed)
        at = "albert.encoder.albert_layer_groups.0.albert_layers.0"
        for name in ("query", "key", "value", "dense"):
            linear(f"{at}.attention.{name}", HIDDEN, HIDDEN)
        norm(f"{at}.attention.LayerNorm")
        linear(f"{at}.ffn", INNER, HIDDEN)
        linear(f"{at}.ffn_output", HIDDEN, INNER)
        norm(f"{at}.full_layer_layer_norm")
    elif embed != HIDDEN:
        linear(f"{prefix}.embeddings_project", HIDDEN, embed)
    for i in range(0 if family == "albert" else LAYERS):
        if family == "distilbert":
            at = f"{prefix}.transformer.layer.{i}"
            for name in ("q_lin", "k_lin", "v_lin", "out_lin"):
                linear(f"{at}.attention.{name}", HIDDEN, HIDDEN)
            linear(f"{at}.ffn.lin1", INNER, HIDDEN)
            linear(f"{at}.ffn.lin2", HIDDEN, INNER)
            norm(f"{at}.sa_layer_norm")
            norm(f"{at}.output_layer_norm")
            continue
        at = f"{prefix}.encoder.layer.{i}"
        if family == "deberta":
            linear(f"{at}.attention.self.in_proj", 3 * HIDDEN, HIDDEN, bias=False)
            matrix(f"{at}.attention.self.q_bias", HIDDEN)
            matrix(f"{at}.attention.self.v_bias", HIDDEN)
            linear(f"{at}.attention.self.pos_proj", HIDDEN, HIDDEN, bias=False)
            linear(f"{at}.attention.self.pos_q_proj", HIDDEN, HIDDEN)
        else:
            suffix = "_proj" if family == "deberta-v2" else ""
            for name in () if family == "mpnet" else ("query", "key", "value"):
                linear(f"{at}.attention.self.{name}{suffix}", HIDDEN, HIDDEN)
        if family == "mpnet":
            for name in "qkvo":
                linear(f"{at}.attention.attn.{name}", HIDDEN, HIDDEN)
            norm(f"{at}.attention.LayerNorm")
        else:
            linear(f"{at}.attention.output.dense", HIDDEN, HIDDEN)
            norm(f"{at}.attention.output.LayerNorm")
        if "relative" in config.get("position_embedding_type", ""):
            matrix(f"{at}.attention.self.distance_embedding.weight", 2 * POSITIONS - 1, HIDDEN // HEADS)
        linear(f"{at}.intermediate.dense", INNER, HIDDEN)
        linear(f"{at}.output.dense", HIDDEN, INNER)
        norm(f"{at}.output.LayerNorm")
    if family == "deberta":
        matrix(f"{prefix}.encoder.rel_embeddings.weight", 2 * config["max_position_embeddings"], HIDDEN)
    if family == "deberta-v2":
        matrix(f"{prefix}.encoder.rel_embeddings.weight", 2 * config["position_buckets"], HIDDEN)
        norm(f"{prefix}.encoder.LayerNorm")
    if family == "mpnet":
        matrix(f"{prefix}.encoder.relative_attention_bias.weight", config["relative_attention_num_buckets"], HEADS)
    linear("qa_outputs", 2, HIDDEN)
    return tensors


def write_checkpoint(folder: Path, family: str, seed: int = 0, **changes: Any) -> Path:
    """Write config.json, model.safetensors, tokenizer.json and tokenizer_config.json; `changes` go into the config."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer(family)
    config = make_config(family, tokenizer.get_vocab_size()) | changes
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    tokenizer.save(str(folder / "tokenizer.json"))
    roberta = family in {"roberta", "deberta"}
    special = dict(
        zip(
            ("cls_token", "sep_token", "pad_token", "unk_token", "mask_token"),
            ("<s>", "</s>", "<pad>", "<unk>", "<mask>") if roberta else ("[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"),
            strict=True,
        )
    )
    settings = special | {
        "tokenizer_class": _TOKENIZER_CLASSES.get(family, "PreTrainedTokenizerFast"),
        "model_max_length": POSITIONS,
        "do_lower_case": family != "distilbert",
        "model_input_names": ["input_ids", "attention_mask"]
        if family in {"distilbert", "roberta", "mpnet"}
        else ["input_ids", "token_type_ids", "attention_mask"],
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    save_file(make_tensors(config, seed), folder / "model.safetensors", metadata={"format": "pt"})
    return folder
