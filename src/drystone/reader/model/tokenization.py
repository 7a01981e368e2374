"""The tokenizer of a checkpoint as tokenizer.json text: read, or built from the vocabulary files of older checkpoints.

`vocab.txt` (WordPiece), `vocab.json` with `merges.txt` (byte-level BPE), SentencePiece's unigram models. Sources: the
converters of transformers 4.57 (convert_slow_tokenizer.py) and the tokenizers of its families. Knows no weights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from drystone.errors import MissingExtraError, ModelError
from drystone.reader.model.families import Config

#: Files that SentencePiece's models have at the families that use them.
SENTENCEPIECE: Final = ("sentencepiece.bpe.model", "spm.model", "spiece.model", "tokenizer.model")
#: All files that a tokenizer is made of.
TOKENIZER_FILES: Final = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    *SENTENCEPIECE,
)
_BERT: Final = {"cls": "[CLS]", "sep": "[SEP]", "pad": "[PAD]", "unk": "[UNK]", "mask": "[MASK]"}
_ROBERTA: Final = {"cls": "<s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>", "mask": "<mask>"}
#: Settings of BERT's normalizer in tokenizer_config.json, and their names in tokenizer.json.
_NORMALIZER: Final = {
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
}


def read_tokenizer(folder: Path, config: Config, settings: Config) -> str:
    """Return a checkpoint's tokenizer as tokenizer.json text, with the settings of tokenizer_config.json.

    Raises ModelError naming the file that is missing or damaged.
    """
    whole = folder / "tokenizer.json"
    if not whole.is_file():
        return _built(folder, config, settings)
    try:
        text = whole.read_text(encoding="utf-8")
        parts = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{whole}: cannot be read ({error}).") from None
    normalizer = parts.get("normalizer") if isinstance(parts, dict) else None
    if isinstance(normalizer, dict) and normalizer.get("type") == "BertNormalizer":
        # As BertTokenizerFast does: what is stated beside it counts more than what the file was saved with.
        stated = {ours: settings[theirs] for theirs, ours in _NORMALIZER.items() if theirs in settings}
        if any(normalizer.get(name) != value for name, value in stated.items()):
            parts["normalizer"] = normalizer | stated
            return json.dumps(parts, ensure_ascii=False)
    return text


def _built(folder: Path, config: Config, settings: Config) -> str:
    try:
        import tokenizers  # noqa: F401, PLC0415  an extra
    except ImportError:
        raise MissingExtraError("tokenizers", "reader") from None
    kind = str(config.get("model_type"))
    special = _special(folder, kind, settings)
    pieces = next((folder / name for name in SENTENCEPIECE if (folder / name).is_file()), None)
    try:
        if (folder / "vocab.txt").is_file():
            built = _wordpiece(folder / "vocab.txt", kind, special, settings)
        elif (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
            built = _byte_level(folder, kind, special, settings)
        elif pieces is not None:
            built = _sentencepiece(pieces, kind, special, settings)
        else:
            raise ModelError(
                f"{folder}: no tokenizer.json, and none of vocab.txt, vocab.json with merges.txt, or "
                f"{', '.join(SENTENCEPIECE)} to make it from."
            )
        _add(built, folder)
    except (ModelError, MissingExtraError):
        raise
    except Exception as error:  # what tokenizers raises has no base of its own
        raise ModelError(f"{folder}: no tokenizer can be made from its vocabulary files ({error}).") from None
    text: str = built.to_str()
    return text


def _special(folder: Path, kind: str, settings: Config) -> dict[str, str]:
    """Return the special tokens: those that the files name, else those of the family."""
    found = dict(_ROBERTA if kind in {"roberta", "xlm-roberta", "camembert", "mpnet"} else _BERT)
    if kind == "albert":
        found |= {"pad": "<pad>", "unk": "<unk>"}
    if kind == "mpnet":
        found["unk"] = "[UNK]"
    for source in (_beside(folder / "special_tokens_map.json"), settings):
        for name in found:
            token = source.get(f"{name}_token")
            token = token.get("content") if isinstance(token, dict) else token
            if isinstance(token, str):
                found[name] = token
    return found


def _beside(path: Path) -> dict[str, Any]:
    """Return what a file beside a vocabulary says; nothing where there is none."""
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not readable JSON ({error}).") from None
    if not isinstance(found, dict):
        raise ModelError(f"{path}: holds a {type(found).__name__}, not an object.")
    return found


def _add(tokenizer: Any, folder: Path) -> None:
    """Add the tokens of added_tokens.json, each under the number that it has there."""
    from tokenizers import AddedToken  # noqa: PLC0415

    path = folder / "added_tokens.json"
    for token, number in sorted(_beside(path).items(), key=lambda one: one[1]):
        if tokenizer.token_to_id(token) is None:
            tokenizer.add_tokens([AddedToken(token, normalized=False)])
        if (here := tokenizer.token_to_id(token)) != number:
            raise ModelError(
                f"{path}: {token!r} has the number {number}, which it cannot have here: {here}. Save a tokenizer.json "
                "with transformers."
            )


def _ids(tokenizer: Any, special: Mapping[str, str]) -> list[tuple[str, int]]:
    found = []
    for name in ("cls", "sep"):
        number = tokenizer.token_to_id(special[name])
        if number is None:
            raise ValueError(f"no {special[name]} is in it, which joins questions and contexts")
        found.append((special[name], number))
    return found


def _finish(tokenizer: Any, special: Mapping[str, str], *, double: bool, types: bool) -> Any:
    """Add the special tokens, and how a pair is joined: RoBERTa has two separators in the middle and one token type."""
    from tokenizers import AddedToken, processors  # noqa: PLC0415

    known = dict.fromkeys(token for token in special.values() if tokenizer.token_to_id(token) is not None)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in known])
    cls, sep, second = special["cls"], special["sep"], int(types)
    middle = f"{sep}:0 {sep}:{second}" if double else f"{sep}:0"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{cls}:0 $A:0 {sep}:0",
        pair=f"{cls}:0 $A:0 {middle} $B:{second} {sep}:{second}",
        special_tokens=_ids(tokenizer, special),
    )
    return tokenizer


def _wordpiece(vocabulary: Path, kind: str, special: Mapping[str, str], settings: Config) -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers  # noqa: PLC0415

    words = vocabulary.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    tokenizer = Tokenizer(
        models.WordPiece({word.removesuffix("\r"): at for at, word in enumerate(words)}, unk_token=special["unk"])
    )
    tokenizer.normalizer = normalizers.BertNormalizer(
        lowercase=bool(settings.get("do_lower_case", True)),
        strip_accents=settings.get("strip_accents"),
        handle_chinese_chars=bool(settings.get("tokenize_chinese_chars", True)),
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return _finish(tokenizer, special, double=kind == "mpnet", types=kind not in {"mpnet", "roberta"})


def _byte_level(folder: Path, kind: str, special: Mapping[str, str], settings: Config) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415

    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    lines = (folder / "merges.txt").read_text(encoding="utf-8").split("\n")
    merges = [(a, b) for a, _, b in (line.partition(" ") for line in lines if line and line[:8] != "#version")]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, fuse_unk=False))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=bool(settings.get("add_prefix_space", False)))
    tokenizer.decoder = decoders.ByteLevel()
    deberta = kind == "deberta"
    return _finish(tokenizer, special, double=not deberta, types=deberta)


def _sentencepiece(path: Path, kind: str, special: Mapping[str, str], settings: Config) -> Any:
    try:
        from sentencepiece import sentencepiece_model_pb2  # noqa: PLC0415  an extra
    except ImportError:
        raise MissingExtraError("sentencepiece, which reads this model's vocabulary", "reader") from None
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415

    proto = sentencepiece_model_pb2.ModelProto.FromString(path.read_bytes())  # type: ignore[attr-defined]
    if proto.trainer_spec.model_type != 1:
        raise ModelError(f"{path}: its pieces are not a unigram model; save a tokenizer.json with transformers.")
    pieces = [(piece.piece, piece.score) for piece in proto.pieces]
    unknown = proto.trainer_spec.unk_id
    if kind in {"xlm-roberta", "camembert"}:
        extra = [("<unk>NOTUSED", -100.0)] if kind == "camembert" else []
        renamed = ("<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>") if extra else ("<s>", "<pad>", "</s>", "<unk>")
        pieces = [*((name, 0.0) for name in renamed), *extra, *pieces[3:], ("<mask>", 0.0)]
        unknown = 3
    known = {piece for piece, _ in pieces}
    if kind == "deberta-v2" and special["mask"] not in known:
        pieces.append((special["mask"], 0.0))
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=unknown))
    tokenizer.normalizer = _sentencepiece_normalizer(proto, kind, settings)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    double = kind in {"xlm-roberta", "camembert"}
    return _finish(tokenizer, special, double=double, types=not double)


def _sentencepiece_normalizer(proto: Any, kind: str, settings: Config) -> Any:
    from tokenizers import Regex, normalizers  # noqa: PLC0415

    steps: list[Any] = []
    if kind == "albert":
        steps += [normalizers.Replace("``", '"'), normalizers.Replace("''", '"')]
        if not settings.get("keep_accents", False):
            steps += [normalizers.NFKD(), normalizers.StripAccents()]
    if settings.get("do_lower_case", kind == "albert"):
        steps.append(normalizers.Lowercase())
    if proto.normalizer_spec.precompiled_charsmap:
        steps.append(normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap))
    steps += [normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), " ")]
    return normalizers.Sequence(steps)
