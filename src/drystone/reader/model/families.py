"""What a checkpoint's config and tensor names mean: one `Model` with one set of names for every family.

Sources: the modelling files of transformers 4.57 (bert, distilbert, roberta, electra, mpnet, deberta, deberta_v2), read
for their tensor names, defaults and the order of operations. It knows nothing of runtimes, tokenizers or files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from drystone.errors import ModelError, did_you_mean

#: config.json or tokenizer_config.json of a checkpoint: free JSON, of which each family reads its own keys.
Config: TypeAlias = dict[str, Any]

#: model_type -> the prefix of its encoder's tensors.
FAMILIES = {
    "albert": "albert",
    "bert": "bert",
    "camembert": "roberta",
    "deberta": "deberta",
    "deberta-v2": "deberta",
    "distilbert": "distilbert",
    "electra": "electra",
    "mpnet": "mpnet",
    "roberta": "roberta",
    "xlm-roberta": "roberta",
}

#: Names that transformers has for activations, by what they compute.
_ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_accurate": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
}
#: What to take in place of families that are not computed.
_INSTEAD = {
    "bart": "one of deberta-v2 (an encoder without decoder answers better at its size)",
    "big_bird": "roberta; long texts are read in windows",
    "layoutlm": "bert, on the text alone",
    "longformer": "roberta, from which it was made; long texts are read in windows",
    "mobilebert": "the model mini, which is of its size",
    "modernbert": "deberta-v2 or roberta",
    "nomic_bert": "bert",
    "squeezebert": "bert",
    "t5": "deberta-v2 (an encoder whose answers are spans)",
    "xlm": "xlm-roberta",
    "xlnet": "deberta-v2 or roberta",
}

_LAYER = {  # our name -> BERT's
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "o": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm2": "output.LayerNorm",
}
_MPNET_LAYER = {
    "q": "attention.attn.q",
    "k": "attention.attn.k",
    "v": "attention.attn.v",
    "o": "attention.attn.o",
    "norm1": "attention.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm2": "output.LayerNorm",
}
_ALBERT_LAYER = {
    "q": "albert_layers.0.attention.query",
    "k": "albert_layers.0.attention.key",
    "v": "albert_layers.0.attention.value",
    "o": "albert_layers.0.attention.dense",
    "norm1": "albert_layers.0.attention.LayerNorm",
    "up": "albert_layers.0.ffn",
    "down": "albert_layers.0.ffn_output",
    "norm2": "albert_layers.0.full_layer_layer_norm",
}
_DISTILBERT_LAYER = {
    "q": "attention.q_lin",
    "k": "attention.k_lin",
    "v": "attention.v_lin",
    "o": "attention.out_lin",
    "norm1": "sa_layer_norm",
    "up": "ffn.lin1",
    "down": "ffn.lin2",
    "norm2": "output_layer_norm",
}


#: Kinds of relative positions that BERT's relatives know (Shaw et al. 2018, Huang et al. 2020), as terms of attention.
_KEY_TERMS = {"relative_key": ("c2p",), "relative_key_query": ("c2p", "p2c")}


@dataclass(frozen=True)
class Relative:
    """DeBERTa's disentangled attention: `span` relative positions a side, in logarithmic `buckets` if not 0.
    `terms` are those added to the attention score: c2p (query to position), p2c (key to position). With `scaled` the
    score is divided by more, the more terms there are, as in DeBERTa and not in BERT's `relative_key`.
    """

    span: int
    buckets: int
    longest: int
    terms: tuple[str, ...]
    scaled: bool = True


@dataclass(frozen=True)
class Model:
    """An encoder with a span head: sizes and float32 weights under our own names.

    `weights` holds `embed.*`, `layer.{i}.{q,k,v,o,up,down}.{w,b}` (w as inputs by outputs), `layer.{i}.norm{1,2}.{g,b}`
    and `head.{w,b}` (hidden size by 2: start, end). `positions_from` is the position id of a row's first token.
    MPNet's `relative.bias` is what each head's attention score gets by the distance from query to key: a row for each
    from -(max_tokens - 1) to max_tokens - 1.
    """

    family: str
    layers: int
    heads: int
    hidden: int
    activation: str
    epsilon: float
    positions_from: int
    max_tokens: int
    weights: dict[str, np.ndarray]
    relative: Relative | None = None

    @property
    def uses_types(self) -> bool:
        """Whether the model tells the question's tokens from the context's by token type."""
        return "embed.type" in self.weights


def build_model(config: Config, tensors: dict[str, np.ndarray], name: str = "checkpoint") -> Model:
    """Return the `Model` in a checkpoint's config and tensors.

    Raises ModelError where the architecture is unknown (naming those that are known), a setting is one that this
    reader does not compute, or a tensor is missing, of another shape, or not finite.
    """
    kind = config.get("model_type")
    if kind not in FAMILIES:
        known = ", ".join(sorted(FAMILIES))
        instead = (
            f" The nearest that works: {_INSTEAD[kind]}." if kind in _INSTEAD else did_you_mean(str(kind), FAMILIES)
        )
        raise ModelError(f"{name}: architecture {kind!r} is not known to this reader. Known are: {known}.{instead}")
    read = _Reader(config, tensors, FAMILIES[kind], name)
    if kind == "distilbert":
        model = _distilbert(read)
    elif kind == "albert":
        model = _albert(read)
    elif kind == "mpnet":
        model = _mpnet(read)
    elif kind in {"deberta", "deberta-v2"}:
        model = _deberta(read, v2=kind == "deberta-v2")
    else:
        model = _bert(read, kind)
    return model


class _Reader:
    """Looks settings and tensors up, checks them, and names what is wrong."""

    def __init__(self, config: Config, tensors: dict[str, np.ndarray], prefix: str, name: str) -> None:
        self.config, self.tensors, self.prefix, self.name = config, tensors, prefix, name
        self.weights: dict[str, np.ndarray] = {}

    def fail(self, problem: str) -> ModelError:
        return ModelError(f"{self.name}: {problem}")

    def integer(self, key: str, default: int | None = None, least: int = 1, most: int = 1 << 20) -> int:
        value = self.config.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.fail(f"config.json: {key} must be an integer from {least} to {most}, not {value!r}.")
        return value

    def number(self, key: str, default: float) -> float:
        value = self.config.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
            raise self.fail(f"config.json: {key} must be a number between 0 and 1, not {value!r}.")
        return float(value)

    def activation(self, key: str = "hidden_act") -> str:
        value = self.config.get(key, "gelu")
        if value not in _ACTIVATIONS:
            raise self.fail(f"config.json: {key} is {value!r}; this reader computes {', '.join(sorted(_ACTIVATIONS))}.")
        return _ACTIVATIONS[value]

    def positions_kind(self) -> str:
        kind = self.config.get("position_embedding_type", "absolute") or "absolute"
        if kind not in ("absolute", *_KEY_TERMS):
            known = ", ".join(map(repr, ("absolute", *_KEY_TERMS)))
            raise self.fail(f"config.json: position_embedding_type {kind!r} is not computed; {known} are.")
        return str(kind)

    def tensor(self, source: str, shape: tuple[int | None, ...], *, encoder: bool = True) -> np.ndarray:
        names = [f"{self.prefix}.{source}", source] if encoder else [source]
        names += [
            n.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta") for n in names
        ]
        found = next((n for n in names if n in self.tensors), None)
        if found is None:
            if source.startswith("qa_outputs"):
                raise self.fail(
                    f"tensor {source} is missing: these are an encoder's weights without a question-answering head."
                )
            raise self.fail(f"tensor {names[0]} is missing.")
        value = self.tensors[found]
        if value.ndim != len(shape) or any(
            want not in {None, got} for want, got in zip(shape, value.shape, strict=True)
        ):
            want = " by ".join("any" if n is None else str(n) for n in shape)
            raise self.fail(f"tensor {found} is {' by '.join(map(str, value.shape))}; config.json asks for {want}.")
        if value.dtype != np.float32:
            value = value.astype(np.float32)
        if not np.isfinite(value).all():
            raise self.fail(f"tensor {found} holds values that are not finite.")
        return value

    def linear(
        self, ours: str, theirs: str, inputs: int, outputs: int, *, bias: bool = True, encoder: bool = True
    ) -> None:
        self.weights[f"{ours}.w"] = self.tensor(f"{theirs}.weight", (outputs, inputs), encoder=encoder).T
        if bias:
            self.weights[f"{ours}.b"] = self.tensor(f"{theirs}.bias", (outputs,), encoder=encoder)

    def norm(self, ours: str, theirs: str, size: int) -> None:
        self.weights[f"{ours}.g"] = self.tensor(f"{theirs}.weight", (size,))
        self.weights[f"{ours}.b"] = self.tensor(f"{theirs}.bias", (size,))

    def layer(
        self, index: int, folder: str, names: dict[str, str], hidden: int, inner: int, *, qkv: bool = True
    ) -> None:
        sizes = {"up": (hidden, inner), "down": (inner, hidden)}
        for ours, theirs in names.items():
            source = f"{folder}.{index}.{theirs}"
            if ours.startswith("norm"):
                self.norm(f"layer.{index}.{ours}", source, hidden)
            elif qkv or ours not in {"q", "k", "v"}:
                self.linear(f"layer.{index}.{ours}", source, *sizes.get(ours, (hidden, hidden)))

    def head(self, hidden: int) -> None:
        self.linear("head", "qa_outputs", hidden, 2, encoder=False)

    def heads(self, key: str, hidden: int) -> int:
        heads = self.integer(key)
        if hidden % heads:
            raise self.fail(f"config.json: {heads} heads do not divide a hidden size of {hidden}.")
        return heads


def _bert(read: _Reader, kind: str) -> Model:
    place = read.positions_kind()
    hidden, inner = read.integer("hidden_size"), read.integer("intermediate_size")
    layers, embed = read.integer("num_hidden_layers"), read.integer("embedding_size", hidden)
    positions = read.integer("max_position_embeddings")
    # RoBERTa counts positions from one past the padding id (create_position_ids_from_input_ids).
    first = read.integer("pad_token_id", 1, least=0) + 1 if FAMILIES[kind] == "roberta" else 0
    weights = read.weights
    weights["embed.word"] = read.tensor("embeddings.word_embeddings.weight", (None, embed))
    if place == "absolute":
        weights["embed.position"] = read.tensor("embeddings.position_embeddings.weight", (positions, embed))
    weights["embed.type"] = read.tensor(
        "embeddings.token_type_embeddings.weight", (read.integer("type_vocab_size", 2), embed)
    )
    read.norm("embed.norm", "embeddings.LayerNorm", embed)
    if embed != hidden:
        read.linear("embed.project", "embeddings_project", embed, hidden)
    for index in range(layers):
        read.layer(index, "encoder.layer", _LAYER, hidden, inner)
    relative = None
    if place != "absolute":
        relative = _relative_key(read, layers, read.heads("num_attention_heads", hidden), hidden, positions, place)
    read.head(hidden)
    return Model(
        family=kind,
        layers=layers,
        heads=read.heads("num_attention_heads", hidden),
        hidden=hidden,
        activation=read.activation(),
        epsilon=read.number("layer_norm_eps", 1e-12),
        positions_from=first,
        max_tokens=positions - first,
        weights=weights,
        relative=relative,
    )


def _relative_key(read: _Reader, layers: int, heads: int, hidden: int, positions: int, kind: str) -> Relative:
    """Read each layer's table of distances, which its heads share; a query and a key meet the same one."""
    terms = _KEY_TERMS[kind]
    for index in range(layers):
        source = f"encoder.layer.{index}.attention.self.distance_embedding.weight"
        table = np.tile(read.tensor(source, (2 * positions - 1, hidden // heads)), heads)
        for term, ours in (("c2p", "pos_k"), ("p2c", "pos_q")):
            if term in terms:
                read.weights[f"layer.{index}.{ours}"] = table
    return Relative(span=positions - 1, buckets=0, longest=positions, terms=terms, scaled=False)


def _albert(read: _Reader) -> Model:
    """Layers of a group share their weights: they are here once, under as many names (transformers, albert)."""
    if (kind := read.positions_kind()) != "absolute":
        raise read.fail(f"config.json: position_embedding_type {kind!r} is not computed for ALBERT; 'absolute' is.")
    hidden, inner, embed = (read.integer(k) for k in ("hidden_size", "intermediate_size", "embedding_size"))
    layers, groups = read.integer("num_hidden_layers"), read.integer("num_hidden_groups", 1)
    if read.integer("inner_group_num", 1) != 1 or layers % groups:
        raise read.fail("config.json: inner_group_num must be 1, and num_hidden_groups must divide the layers.")
    positions, weights = read.integer("max_position_embeddings"), read.weights
    for ours, source, rows in (
        ("word", "word", None),
        ("position", "position", positions),
        ("type", "token_type", read.integer("type_vocab_size", 2)),
    ):
        weights[f"embed.{ours}"] = read.tensor(f"embeddings.{source}_embeddings.weight", (rows, embed))
    read.norm("embed.norm", "embeddings.LayerNorm", embed)
    read.linear("embed.project", "encoder.embedding_hidden_mapping_in", embed, hidden)
    for group in range(groups):
        read.layer(group, "encoder.albert_layer_groups", _ALBERT_LAYER, hidden, inner)
    shared = {name: value for name, value in weights.items() if name.startswith("layer.")}
    for name in shared:
        del weights[name]
    for index in range(layers):
        group = index // (layers // groups)
        weights |= {
            f"layer.{index}.{n.split('.', 2)[2]}": v for n, v in shared.items() if n.startswith(f"layer.{group}.")
        }
    read.head(hidden)
    return Model(
        family="albert",
        layers=layers,
        heads=read.heads("num_attention_heads", hidden),
        hidden=hidden,
        activation=read.activation(),
        epsilon=read.number("layer_norm_eps", 1e-12),
        positions_from=0,
        max_tokens=positions,
        weights=weights,
    )


def _distilbert(read: _Reader) -> Model:
    hidden, inner, layers = read.integer("dim", 768), read.integer("hidden_dim", 3072), read.integer("n_layers", 6)
    positions = read.integer("max_position_embeddings", 512)
    weights = read.weights
    weights["embed.word"] = read.tensor("embeddings.word_embeddings.weight", (None, hidden))
    weights["embed.position"] = read.tensor("embeddings.position_embeddings.weight", (positions, hidden))
    read.norm("embed.norm", "embeddings.LayerNorm", hidden)
    for index in range(layers):
        read.layer(index, "transformer.layer", _DISTILBERT_LAYER, hidden, inner)
    read.head(hidden)
    return Model(
        family="distilbert",
        layers=layers,
        heads=read.heads("n_heads", hidden),
        hidden=hidden,
        activation=read.activation("activation"),
        epsilon=1e-12,
        positions_from=0,
        max_tokens=positions,
        weights=weights,
    )


def _mpnet(read: _Reader) -> Model:
    hidden, inner, layers = (read.integer(k) for k in ("hidden_size", "intermediate_size", "num_hidden_layers"))
    heads, positions = read.heads("num_attention_heads", hidden), read.integer("max_position_embeddings", least=3)
    if (buckets := read.integer("relative_attention_num_buckets", _BUCKETS)) != _BUCKETS:
        raise read.fail(f"config.json: relative_attention_num_buckets is {buckets}; MPNet computes {_BUCKETS}.")
    first, weights = 2, read.weights  # positions are counted from one past the padding id, which is always 1
    weights["embed.word"] = read.tensor("embeddings.word_embeddings.weight", (None, hidden))
    weights["embed.position"] = read.tensor("embeddings.position_embeddings.weight", (positions, hidden))
    read.norm("embed.norm", "embeddings.LayerNorm", hidden)
    table = read.tensor("encoder.relative_attention_bias.weight", (buckets, heads))
    weights["relative.bias"] = table[_mpnet_buckets(positions - first - 1)]
    for index in range(layers):
        read.layer(index, "encoder.layer", _MPNET_LAYER, hidden, inner)
    read.head(hidden)
    return Model(
        family="mpnet",
        layers=layers,
        heads=heads,
        hidden=hidden,
        activation=read.activation(),
        epsilon=read.number("layer_norm_eps", 1e-12),
        positions_from=first,
        max_tokens=positions - first,
        weights=weights,
    )


#: Buckets of distances, half of them for each direction; distances of 128 and more share the last of a direction.
_BUCKETS, _FARTHEST = 32, 128


def _mpnet_buckets(reach: int) -> np.ndarray:
    """Return the bucket of each distance -reach..reach from query to key (transformers, relative_position_bucket)."""
    distance = np.arange(-reach, reach + 1)
    size, half = np.abs(distance), _BUCKETS // 2
    exact = half // 2
    # In float32, as there: where the logarithm meets a whole number, its rounding decides the bucket.
    share = np.log(np.maximum(size, 1).astype(np.float32) / np.float32(exact)) / np.float32(np.log(_FARTHEST / exact))
    far = np.minimum(exact + (share * np.float32(half - exact)).astype(np.int64), half - 1)
    found: np.ndarray = np.where(size < exact, size, far) + (distance < 0) * half
    return found


def _deberta(read: _Reader, *, v2: bool) -> Model:
    config, weights = read.config, read.weights
    hidden, inner = read.integer("hidden_size"), read.integer("intermediate_size")
    layers, embed = read.integer("num_hidden_layers"), read.integer("embedding_size", hidden)
    heads, positions = read.heads("num_attention_heads", hidden), read.integer("max_position_embeddings")
    for key in ("conv_kernel_size", "talking_head"):
        if config.get(key):
            raise read.fail(f"config.json: {key} is set; this reader does not compute it.")
    if not v2 and config.get("type_vocab_size", 0) == 0 and config.get("position_biased_input", True) is None:
        raise read.fail("config.json: position_biased_input must be true or false.")
    weights["embed.word"] = read.tensor("embeddings.word_embeddings.weight", (None, embed))
    if config.get("position_biased_input", True):
        weights["embed.position"] = read.tensor("embeddings.position_embeddings.weight", (positions, embed))
    if types := read.integer("type_vocab_size", 0, least=0):
        weights["embed.type"] = read.tensor("embeddings.token_type_embeddings.weight", (types, embed))
    if embed != hidden:
        read.linear("embed.project", "embeddings.embed_proj", embed, hidden, bias=False)
    read.norm("embed.norm", "embeddings.LayerNorm", hidden)
    relative = _relative(read, positions, v2=v2) if config.get("relative_attention", False) else None
    names = _LAYER | ({c: f"attention.self.{n}_proj" for c, n in zip("qkv", ("query", "key", "value"), strict=True)})
    for index in range(layers):
        read.layer(index, "encoder.layer", names, hidden, inner, qkv=v2)
        if not v2:
            _split_in_proj(read, index, hidden, heads)
        if relative:
            _relative_projections(read, index, hidden, relative, v2=v2)
    read.head(hidden)
    return Model(
        family="deberta-v2" if v2 else "deberta",
        layers=layers,
        heads=heads,
        hidden=hidden,
        activation=read.activation(),
        epsilon=read.number("layer_norm_eps", 1e-7),
        positions_from=0,
        max_tokens=positions,
        weights=weights,
        relative=relative,
    )


def _relative(read: _Reader, positions: int, *, v2: bool) -> Relative:
    longest = read.integer("max_relative_positions", -1, least=-1)
    longest = longest if longest > 0 else positions
    buckets = read.integer("position_buckets", -1, least=-1) if v2 else -1
    span = buckets if buckets > 0 else longest
    terms = read.config.get("pos_att_type") or []
    terms = tuple(terms.lower().split("|")) if isinstance(terms, str) else tuple(terms)
    if not set(terms) <= {"c2p", "p2c"}:
        raise read.fail(f"config.json: pos_att_type {list(terms)} is not computed; only c2p and p2c are.")
    table = read.tensor("encoder.rel_embeddings.weight", (2 * span, read.integer("hidden_size")))
    if v2 and "layer_norm" in str(read.config.get("norm_rel_ebd", "none")):
        size = table.shape[1]
        g, b = read.tensor("encoder.LayerNorm.weight", (size,)), read.tensor("encoder.LayerNorm.bias", (size,))
        centred = table - table.mean(1, keepdims=True, dtype=np.float64)
        scale = np.sqrt(np.square(centred).mean(1, keepdims=True) + read.number("layer_norm_eps", 1e-7))
        table = (centred / scale * g + b).astype(np.float32)
    read.weights["relative"] = table
    return Relative(span=span, buckets=max(buckets, 0), longest=longest, terms=terms)


def _relative_projections(read: _Reader, index: int, hidden: int, relative: Relative, *, v2: bool) -> None:
    """Fold the constant table of relative positions through a layer's projections: they never see an input."""
    table, weights = read.weights["relative"], read.weights
    place, shared = f"encoder.layer.{index}.attention.self", bool(read.config.get("share_att_key")) and v2
    for term, ours, v1_name, v2_name in (
        ("c2p", "pos_k", "pos_proj", "pos_key_proj"),
        ("p2c", "pos_q", "pos_q_proj", "pos_query_proj"),
    ):
        if term not in relative.terms:
            continue
        if shared:
            w = weights[f"layer.{index}.{ours[-1]}.w"]
            b: np.ndarray | float = weights[f"layer.{index}.{ours[-1]}.b"]
        else:
            name = v2_name if v2 else v1_name
            w = read.tensor(f"{place}.{name}.weight", (hidden, hidden)).T
            biased = v2 or term == "p2c"
            b = read.tensor(f"{place}.{name}.bias", (hidden,)) if biased else 0.0
        weights[f"layer.{index}.{ours}"] = (table @ w + b).astype(np.float32)


def _split_in_proj(read: _Reader, index: int, hidden: int, heads: int) -> None:
    """DeBERTa v1 projects query, key and value by one matrix, interleaved head by head; key has no bias."""
    place, weights = f"encoder.layer.{index}.attention.self", read.weights
    fused = read.tensor(f"{place}.in_proj.weight", (3 * hidden, hidden)).reshape(heads, 3, hidden // heads, hidden)
    for at, name in enumerate("qkv"):
        weights[f"layer.{index}.{name}.w"] = fused[:, at].reshape(hidden, hidden).T
    weights[f"layer.{index}.q.b"] = read.tensor(f"{place}.q_bias", (hidden,))
    weights[f"layer.{index}.v.b"] = read.tensor(f"{place}.v_bias", (hidden,))


def relative_buckets(relative: Relative, reach: int) -> np.ndarray:
    """Return the row of the position table for each distance -reach..reach, as int64 of length 2 * reach + 1.

    DeBERTa v2's logarithmic buckets (transformers, make_log_bucket_position), then shifted by `span` and clamped.
    """
    distance = np.arange(-reach, reach + 1)
    if not relative.scaled:  # a row for each distance, the farthest behind first
        return np.clip(distance + relative.span, 0, 2 * relative.span)
    if relative.buckets:
        mid = relative.buckets // 2
        size = np.where(np.abs(distance) < mid, mid - 1, np.abs(distance)).astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            log = np.ceil(np.log(size / mid) / np.log((relative.longest - 1) / mid) * (mid - 1)) + mid
        distance = np.where(size <= mid, distance, log * np.sign(distance)).astype(np.int64)
    return np.clip(distance + relative.span, 0, 2 * relative.span - 1)
