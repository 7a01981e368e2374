"""What a name of an artifact says: who has it, which words, which numbers; and addresses that lead to one place."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

_TELLING: Final = """
    tiny mini small medium base large xl xxl xlarge xxlarge huge giant nano micro half full lite light fast pro plus
    ultra cased uncased multilingual english en de fr es zh ja ko ru python java js javascript typescript go rust cpp
    int4 int8 fp16 fp32 bf16 awq gptq gguf ggml exl2 onnx openvino tflite mlx coreml quantized quantised q4 q5 q8 bnb
    distilled distil finetuned tuned instruct chat it sft dpo rlhf lora adapter pretrained squad squad2 mnli sst2
    dedup deduplicated filtered sample subset smol ids train test dev validation raw clean extras
    preview beta alpha nightly rc legacy deprecated fork mirror copy backup demo example template plugin client
    server cli sdk api types stubs core extra contrib lib utils tools async aio
"""
#: Words that make another thing of what is called alike: another size, form, language, training or excerpt of it.
TELLING: Final = frozenset(_TELLING.split())
#: Words that only say what kind of thing it is, so that they are in one of its names and not in another.
_KIND: Final = frozenset({"the", "dataset", "model", "data"})
_WORD: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*[a-z]*|[^\W\d_]+")
_HOSTS: Final = {"www.github.com": "github.com", "hf.co": "huggingface.co", "www.huggingface.co": "huggingface.co"}
#: What stands in an address behind the name of the thing.
_BEHIND: Final = frozenset({"tree", "blob", "resolve", "raw", "discussions", "viewer", "commits", "releases", "wiki"})


#: How addresses in registries of packages begin: there a name is given to one thing for good.
_REGISTERED: Final = frozenset({"project", "package", "packages", "crates", "gems"})


class NameParts(NamedTuple):
    """A name in parts: its owner (None: none is named), its words in order, and the same as one word without a gap."""

    owner: str | None
    words: tuple[str, ...]
    joined: str

    @property
    def telling(self) -> frozenset[str]:
        """The words and numbers without which it is another thing."""
        return frozenset(word for word in self.words if word in TELLING or word[0].isdigit())


@lru_cache(maxsize=1 << 18)
def name_of(text: str) -> NameParts:
    """Return a name in parts; `owner/name` names an owner. Case and separators say nothing."""
    owner, slash, rest = text.strip().casefold().rpartition("/")
    words = tuple(_WORD.findall(rest.replace("_", " ")))
    short = tuple(word for word in words if word not in _KIND) or words
    return NameParts(owner if slash and owner else None, short, "".join(words))


def registry_of(place: str) -> str | None:
    """Return the registry of packages that a place is in, where two places are two things; None where it is in none."""
    host, _, rest = place.partition("/")
    return host if rest.partition("/")[0] in _REGISTERED else None


def place_of(url: str | None) -> str | None:
    """Return the place that an address leads to, whatever way it is written; None where it leads to none of a thing."""
    if url is None or "://" not in url:
        return None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").casefold()
    except ValueError:
        return None
    steps = [step for step in unquote(parts.path).casefold().split("/") if step]
    host = _HOSTS.get(host, host)
    ends = [at for at, step in enumerate(steps) if step in _BEHIND and at >= 2]
    steps = steps[: ends[0]] if ends else steps
    if not host or not steps:
        return None
    if steps[0] in _REGISTERED:
        steps = [re.sub(r"[-_.]+", "-", step) for step in steps[:2]]
    return "/".join([host, *steps]).removesuffix(".git")
