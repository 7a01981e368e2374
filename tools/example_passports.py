"""The other passports that come with the catalog: datasets of code and readers, by what their cards and papers say."""

# ruff: noqa: E501  (excerpts stand as they were read)
from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tools.example_parts import READ, disputed, does, offline

from drystone.catalog.importing.cards import import_card
from drystone.catalog.importing.imported import Imported, QuotedText, known, unknown, with_always
from drystone.catalog.passports.passport import ArtifactVersion, Fact, Identity, Passport, Procedure, Reference

_MEASURE: Final = "drystone catalog measure, on a named sample"
_MAINTAINERS: Final = "its maintainers saying it"

STACK_V3: Final = QuotedText(
    """\
license:
- odc-by
pretty_name: The Stack v3
If your code is included in this version and you would like it removed for any reason, please use the ["Am I in The Stack?"](https://huggingface.co/spaces/HuggingFaceCode/in-the-stack) Space to submit a removal request. Repositories that opted out are removed from the dataset before each patch release.
1. **The file contents are included inline.** The decoded UTF-8 source text is embedded directly in the dataset, so it is fully self-contained
> The Stack v3 training subset contains **15.9 TB** of source code across **713** programming languages from **173M** repositories (~**4.9 trillion** tokens).
> The Full Stack v3 corpus contains **113.7 TB** of source code across **770** languages from **224M** repositories.
Near-deduplicated, heuristically filtered code, **grouped by repository**, with file contents inline. Ready for training.
* `commit_id` (`string`): Commit (HEAD of the default branch) the snapshot was taken from.
  * `content_id` (`string`): SHA-1 of the file content.
  * `content` (`string`): The UTF-8 file content (PII-redacted).
  * `language` (`string`): Programming language, detected by [`go-enry`](https://github.com/go-enry/go-enry) (a port of GitHub's Linguist).
  * `license_type` (`string`): `permissive` or `no_license`.
* Files larger than **5 MB**.
| v3.0 | Initial release of The Stack v3. |
The crawl completed on **August 7, 2025**. The dataset reflects the state of public GitHub repositories as of that date.
candidate pairs with estimated Jaccard similarity ≥ **0.7** are grouped into duplicate clusters via connected components.
**Files classified as `non_permissive` are excluded from both released datasets.**
""",
    "https://huggingface.co/datasets/HuggingFaceCode/stack-v3-train (excerpt)",
    READ,
)
STARCODER: Final = QuotedText(
    """\
This is the dataset used for training [StarCoder](https://huggingface.co/bigcode/starcoder) and [StarCoderBase](https://huggingface.co/bigcode/starcoderbase). It contains 783GB of code in 86 programming languages, and includes 54GB GitHub Issues + 13GB Jupyter notebooks in scripts and text-code pairs,
and 32GB of GitHub commits, which is approximately 250 Billion tokens.
The creation and filtering of The Stack is explained in the [original dataset](https://huggingface.co/datasets/bigcode/the-stack-dedup), we additionally decontaminate and clean all 86 programming
languages in the dataset, in addition to GitHub issues, Jupyter Notebooks and GitHub commits. We also apply near-deduplication and remove PII,
# to load python for example
ds = load_dataset("bigcode/starcoderdata", data_dir="python", split="train")
""",
    "https://www.selectdataset.com/dataset/be8bbd2f709754449e512a8fa7712ba9/starcoderdata (the card of bigcode/starcoderdata, excerpt)",
    READ,
)
STARCODER_LISTED: Final = QuotedText(
    "passports starcoderdata and starcoder-data both point at hf bigcode/starcoderdata, one says 250GB deduplicated, the other 783 GB\n",
    "unfragile.ai/starcoder-data and unfragile.ai/starcoderdata (as noted when they were read)",
    READ,
)
PILE: Final = QuotedText(
    """\
The Pile is a 825 GiB, diverse, open source language modelling data set developed by EleutherAI that consists of many smaller datasets combined together.
ComponentRaw SizeWeightEpochsEffective SizeMean Document Size
Github95.16 GiB7.59%1.095.16 GiB5.25 KiB
""",
    "https://gpt3demo.com/apps/the-pile (excerpt; the table is that of arXiv 2101.00027)",
    READ,
)
PILE_SHEET: Final = QuotedText(
    "This datasheet describes the Pile, a 825 GiB dataset of human-authored text compiled by EleutherAI for use in large-scale language modeling. The Pile is comprised of 22 different text sources\n",
    "https://deepai.org/publication/datasheet-for-the-pile (excerpt)",
    READ,
)
CODE_SEARCH_NET: Final = QuotedText(
    """\
annotations_creators:
- no-annotation
licenses:
- other-several-licenses
CodeSearchNet corpus is a dataset of 2 milllion (comment, code) pairs from opensource libraries hosted on GitHub. It contains code and documentation for several programming languages.
CodeSearchNet corpus was gathered to support the [CodeSearchNet challenge]
""",
    "https://huggingface.co/datasets/code-search-net/code_search_net/blob/717eb0c5887dae2804bf3cb819558400da7e1d27/README.md (excerpt)",
    READ,
)
CODE_SEARCH_WIKI: Final = QuotedText(
    """\
The CodeSearchNet dataset contains approximately 2 million (comment, code) pairs from open source libraries across six programming languages: Python, JavaScript, Ruby, Go, Java, and PHP.
The data is partitioned into train, validation, and test splits such that code from the same repository only appears in one partition to prevent data leakage.
| repo | GitHub repository identifier (owner/repo) |
| url | URL for the code snippet including line numbers |
""",
    "https://deepwiki.com/github/CodeSearchNet/3.1-dataset-structure (excerpt)",
    READ,
)
TINYROBERTA: Final = """\
---
language: en
license: cc-by-4.0
datasets:
- squad_v2
model-index:
- name: deepset/tinyroberta-squad2
  results:
  - task:
      type: question-answering
      name: Question Answering
    dataset:
      name: squad_v2
      type: squad_v2
      config: squad_v2
      split: validation
    metrics:
    - type: exact_match
      value: 78.8627
      name: Exact Match
      verified: true
    - type: f1
      value: 82.0355
      name: F1
      verified: true
---
This is the *distilled* version of the [deepset/roberta-base-squad2](https://huggingface.co/deepset/roberta-base-squad2) model. This model has a comparable prediction quality and runs at twice the speed of the base model.
**Language:** English
"""
TINYROBERTA_URL: Final = "https://huggingface.co/deepset/tinyroberta-squad2"
TINYROBERTA_SERVED: Final = QuotedText(
    "It achieved 78.69% exact match and 81.92% F1 score on the SQuAD 2.0 dev set.\n",
    "https://deepinfra.com/deepset/tinyroberta-squad2 (excerpt)",
    READ,
)
TINYROBERTA_SIZE: Final = QuotedText(
    "Parameter Count81.5M\n", "https://www.promptlayer.com/models/tinyroberta-squad2 (excerpt)", READ
)
MINILM: Final = """\
---
library_name: transformers
license: mit
base_model: microsoft/MiniLM-L12-H384-uncased
datasets:
- hf-tuner/squad_v2.0.1
language:
- en
metrics:
- exact_match
pipeline_tag: question-answering
---
This model is a fine-tuned version of [microsoft/MiniLM-L12-H384-uncased](https://huggingface.co/microsoft/MiniLM-L12-H384-uncased) on [hf-tuner/squad_v2.0.1](https://huggingface.co/datasets/hf-tuner/squad_v2.0.1) dataset.
- Exact Match Accuracy: 62.95%
MiniLMv1-L12-H384-uncased: 12-layer, 384-hidden, 12-heads, 33M parameters, 2.7x faster than BERT-Base
- Handles unanswerable questions by predicting "no answer" when appropriate.
- Non-English tasks (the model was trained only on English data).
"""
MINILM_URL: Final = "https://huggingface.co/hf-tuner/bert-mini-squadv2"
TEXTS: Final = (
    STACK_V3, STARCODER, STARCODER_LISTED, PILE, PILE_SHEET, CODE_SEARCH_NET, CODE_SEARCH_WIKI, TINYROBERTA_SERVED,
    TINYROBERTA_SIZE, QuotedText(TINYROBERTA, f"{TINYROBERTA_URL}/blob/main/README.md (excerpt)", READ),
    QuotedText(MINILM, f"{MINILM_URL}/blob/main/README.md (excerpt)", READ),
)  # fmt: skip


def passports() -> Iterator[Passport]:
    """Yield them."""
    yield the_stack_v3()
    yield starcoderdata()
    yield the_pile_code()
    yield code_search_net()
    yield tinyroberta()
    yield minilm()


def _bytes(value: int, quote: Reference, note: str, name: str = "size.text_bytes", unit: str = "terabytes") -> Fact:
    method = Procedure(name=f"{unit} of the source in bytes", version="1")
    return known(name, value, [quote], "derived", method, note=note)


def the_stack_v3() -> Passport:
    """Return the passport of The Stack v3: the full set, and what is told of the training set."""
    card = STACK_V3
    inline = card.quote("The file contents are included inline.")
    return Passport(
        artifact=Identity(
            kind="dataset",
            name="the-stack-v3",
            title="The Stack v3",
            description="Source code crawled from GitHub in 2025, with the contents inside; the training set has a row for each repository.",
            url="https://huggingface.co/datasets/HuggingFaceCode/stack-v3-train",
            aliases=("HuggingFaceCode/stack-v3-train", "stack-v3-train"),
            versions=(ArtifactVersion(name="v3.0"),),
        ),
        capabilities=(
            does("code.training_files", "Each row is a repository; its files have their contents inline.", [inline], outputs=("source_files",), limits=("files of more than 5 MB are not in it",)),
            does("code.license_filter", "Each file is called permissive, or without a licence; non-permissive ones are out.", [card.quote("**Files classified as `non_permissive` are excluded"), card.quote("`permissive` or `no_license`")], outputs=("license",), limits=("files without a licence are in",)),
            does("code.opt_out", "Repositories that opted out are removed before each patch release.", [card.quote("Repositories that opted out are removed from the dataset before each patch release.")]),
            does("code.near_deduplication", "One file of each cluster of similar ones is kept in the training set, across languages.", [card.quote("Near-deduplicated, heuristically filtered code")]),
            does("code.redaction", "Contents of the training set are redacted of personal data.", [card.quote("The UTF-8 file content (PII-redacted).")]),
            does("code.provenance", "Each repository names the commit of its snapshot.", [card.quote("Commit (HEAD of the default branch) the snapshot was taken from.")], outputs=("repositories",), limits=("content_id is of the content before redaction, so that it does not verify what is there",)),
            does("code.languages", "Each file names its language.", [card.quote("Programming language, detected by")]),
            does("code.repositories", "Each row is a whole repository.", [card.quote("**grouped by repository**")]),
            does("code.versions", "Removals come with patch releases.", [card.quote("before each patch release")]),
        ),
        facts=with_always(
            [
                known("license", "odc-by", [card.quote("license:\n- odc-by")], "declared", note="Of the collection. Each file keeps its own."),
                known("contents", "inline", [inline], "declared"),
                offline(inline, is_so=True, why="contents are in the rows"),
                _bytes(113_700_000_000_000, card.quote("contains **113.7 TB** of source code"), "The full set; the training set has 15.9 TB."),
                known("size.repositories", 224_000_000, [card.quote("from **224M** repositories")], "declared", note="The full set; the training set has 173 million."),
                known("size.tokens", 4_900_000_000_000, [card.quote("~**4.9 trillion** tokens")], "declared", note="Of the training set."),
                known("languages.programming", 770, [card.quote("across **770** languages")], "declared", note="The full set; the training set has 713."),
                known("licenses.rule", "permissive, or no licence found", [card.quote("`permissive` or `no_license`")], "declared"),
                known("duplicates.method", "MinHash, 256 permutations, 5-grams, across languages", [card.quote("candidate pairs with estimated Jaccard similarity")], "editorial"),
                known("duplicates.threshold", 0.7, [card.quote("estimated Jaccard similarity ≥ **0.7**")], "declared"),
                known("optouts.process", "asked for in a Space; removed before each patch release", [card.quote("Space to submit a removal request")], "declared"),
                known("provenance.identifiers", "repository, commit, path, and SHA-1 of the content before redaction", [card.quote("`content_id` (`string`): SHA-1 of the file content."), card.quote("(PII-redacted)")], "editorial"),
                unknown("maintainer", "its card: the account is HuggingFaceCode"),
                unknown("licenses.unknown_share", _MEASURE),
                unknown("optouts.lag_days", "the dates of requests and of the versions without them"),
                unknown("findings.per_million_files", _MEASURE),
                unknown("duplicates.paths_share", _MEASURE),
            ],
            _MAINTAINERS,
        ),
    )  # fmt: skip


def starcoderdata() -> Passport:
    """Return the passport of StarCoderData, which another catalog lists twice with two sizes."""
    card = STARCODER
    size = card.quote("It contains 783GB of code in 86 programming languages")
    return Passport(
        artifact=Identity(
            kind="dataset",
            name="starcoderdata",
            title="StarCoderData",
            description="What StarCoder was trained on: code of The Stack v1 in 86 languages, with issues, notebooks and commits.",
            url="https://huggingface.co/datasets/bigcode/starcoderdata",
            aliases=("bigcode/starcoderdata", "starcoder-data"),
        ),
        capabilities=(
            does("code.training_files", "Files of source code by language, with issues, notebooks and commits beside them.", [size], outputs=("source_files",)),
            does("code.near_deduplication", "Near-deduplication is applied.", [card.quote("We also apply near-deduplication and remove PII")]),
            does("code.redaction", "Personal data are removed.", [card.quote("apply near-deduplication and remove PII")]),
            does("code.languages", "One folder for each language.", [card.quote('data_dir="python"')]),
        ),
        facts=with_always(
            [
                disputed(
                    "size.text_bytes", "summing the Parquet files: drystone catalog add FOLDER",
                    (783_000_000_000, size), (250_000_000_000, STARCODER_LISTED.quote("one says 250GB deduplicated")),
                    note="250 is the number of its billion tokens; one catalog lists the set twice, once with each.",
                ),
                known("size.tokens", 250_000_000_000, [card.quote("approximately 250 Billion tokens")], "declared"),
                known("languages.programming", 86, [size], "declared"),
                known("duplicates.method", "near-deduplication", [card.quote("We also apply near-deduplication")], "declared"),
                unknown("contents", "reading a row of it"),
                unknown("licenses.unknown_share", _MEASURE),
                unknown("findings.per_million_files", _MEASURE),
                unknown("optouts.lag_days", "the dates of requests and of the versions without them"),
            ],
            _MAINTAINERS,
        ),
    )  # fmt: skip


def the_pile_code() -> Passport:
    """Return the passport of the part of The Pile that is code."""
    row = PILE.quote("Github95.16 GiB7.59%")
    return Passport(
        artifact=Identity(
            kind="dataset",
            name="the-pile-github",
            title="The Pile: GitHub",
            description="The part of The Pile that is code: files of public repositories, one of 22 sources of text.",
            url="https://pile.eleuther.ai",
            aliases=("EleutherAI/pile (Github)",),
        ),
        capabilities=(
            does("code.training_files", "Source files among the text of 22 sources.", [row], outputs=("source_files",)),
            does("text.mixture", "It is one of the 22 sources of The Pile.", [PILE_SHEET.quote("comprised of 22 different text sources")], outputs=("documents",)),
        ),
        facts=with_always(
            [
                _bytes(102_177_271_644, row, "95.16 GiB; The Pile whole has 825 GiB.", unit="gibibytes"),
                known("maintainer", "EleutherAI", [PILE_SHEET.quote("compiled by EleutherAI")], "declared"),
                unknown("languages.programming", _MEASURE),
                unknown("licenses.rule", "its datasheet or a measurement"),
                unknown("licenses.unknown_share", _MEASURE),
                unknown("duplicates.exact_share", _MEASURE),
                unknown("findings.per_million_files", _MEASURE),
                unknown("optouts.process", _MAINTAINERS),
            ],
            _MAINTAINERS,
        ),
    )  # fmt: skip


def code_search_net() -> Passport:
    """Return the passport of CodeSearchNet."""
    card, wiki = CODE_SEARCH_NET, CODE_SEARCH_WIKI
    pairs = card.quote("is a dataset of 2 milllion (comment, code) pairs")
    six = wiki.quote("across six programming languages: Python, JavaScript, Ruby, Go, Java, and PHP")
    return Passport(
        artifact=Identity(
            kind="dataset",
            name="code-search-net",
            title="CodeSearchNet",
            description="Functions of open-source libraries in six languages, each with its documentation.",
            url="https://github.com/github/CodeSearchNet",
            aliases=("code-search-net/code_search_net", "code_search_net"),
        ),
        capabilities=(
            does("code.comments_pairs", "Each row is a function and its comment.", [pairs], outputs=("code_documentation_pairs",)),
            does("code.provenance", "Each row names its repository, path and an address with lines.", [wiki.quote("URL for the code snippet including line numbers")], outputs=("repositories",)),
            does("code.languages", "One configuration for each of six languages.", [six]),
        ),
        facts=with_always(
            [
                known("license", "several: each function keeps that of its library", [card.quote("licenses:\n- other-several-licenses")], "editorial"),
                known("size.pairs", 2_000_000, [pairs], "declared"),
                known("languages.programming", 6, [six], "declared"),
                known("contents", "inline", [pairs], "declared"),
                offline(pairs, is_so=True, why="contents are in the rows"),
                known("provenance.identifiers", "repository, path and address with lines", [wiki.quote("GitHub repository identifier (owner/repo)"), wiki.quote("URL for the code snippet")], "declared"),
                unknown("licenses.unknown_share", _MEASURE),
                unknown("optouts.process", _MAINTAINERS),
                unknown("findings.per_million_files", _MEASURE),
            ],
            _MAINTAINERS,
        ),
    )  # fmt: skip


def _card(text: str, url: str, name: str) -> Imported:
    return import_card(text, f"{url}/blob/main/README.md (excerpt)", READ, name)


def tinyroberta() -> Passport:
    """Return the passport of a RoBERTa reader; a host that serves it prints other figures than its card."""
    found = _card(TINYROBERTA, TINYROBERTA_URL, "tinyroberta-squad2").passport
    card = QuotedText(TINYROBERTA, f"{TINYROBERTA_URL}/blob/main/README.md (excerpt)", READ)
    served = TINYROBERTA_SERVED.quote("78.69% exact match and 81.92% F1 score on the SQuAD 2.0 dev set")
    by = "drystone catalog measure-reader, on the official dev set"
    facts: dict[str, Fact] = {fact.name: fact for fact in found.facts}
    facts["quality.squad_v2.f1"] = disputed(
        "quality.squad_v2.f1",
        by,
        (82.0355, card.quote("- type: f1\n      value: 82.0355", "model-index")),
        (81.92, served),
    )
    facts["quality.squad_v2.em"] = disputed(
        "quality.squad_v2.em",
        by,
        (78.8627, card.quote("- type: exact_match\n      value: 78.8627", "model-index")),
        (78.69, served),
    )
    facts["size.parameters"] = known(
        "size.parameters", 81_500_000, [TINYROBERTA_SIZE.quote("Parameter Count81.5M")], "declared"
    )
    none = does(
        "answer.none", "It was trained on SQuAD v2.0, of which a third of the questions have no answer in the text.",
        [card.quote("datasets:\n- squad_v2")], inputs=("question", "text"), outputs=("no_answer", "score"),
    )  # fmt: skip
    return _changed(
        found,
        facts,
        none,
        TINYROBERTA_URL,
        "TinyRoBERTa SQuAD2",
        "A reader for English by deepset: RoBERTa distilled to six layers, tuned on SQuAD v2.0.",
    )


def minilm() -> Passport:
    """Return the passport of a MiniLM reader."""
    found = _card(MINILM, MINILM_URL, "bert-mini-squadv2").passport
    card = QuotedText(MINILM, f"{MINILM_URL}/blob/main/README.md (excerpt)", READ)
    facts: dict[str, Fact] = {fact.name: fact for fact in found.facts}
    facts["size.parameters"] = known("size.parameters", 33_000_000, [card.quote("33M parameters")], "declared")
    facts["quality.squad_v2.f1"] = unknown("quality.squad_v2.f1", "drystone catalog measure-reader")
    facts["quality.squad_v2.em"] = unknown(
        "quality.squad_v2.em", "drystone catalog measure-reader; its card gives 62.95 on a set of its own"
    )
    none = does(
        "answer.none", "Its card says that it predicts no answer where there is none.",
        [card.quote('Handles unanswerable questions by predicting "no answer" when appropriate.')],
        inputs=("question", "text"), outputs=("no_answer", "score"),
    )  # fmt: skip
    return _changed(
        found,
        facts,
        none,
        MINILM_URL,
        "bert-mini-squadv2",
        "A reader for English: MiniLM with twelve layers, tuned on a version of SQuAD v2.0.",
    )


def _changed(found: Passport, facts: dict[str, Fact], none: object, url: str, title: str, description: str) -> Passport:
    artifact = found.artifact.model_copy(
        update={
            "url": url,
            "title": title,
            "description": description,
            "aliases": (url.removeprefix("https://huggingface.co/"),),
        }
    )
    return Passport.model_validate(
        {"artifact": artifact, "capabilities": (*found.capabilities, none), "facts": tuple(facts.values())}
    )
