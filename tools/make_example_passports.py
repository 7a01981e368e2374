"""Writes the passports that come with the catalog, out of what was read of each artifact.

`python -m tools.make_example_passports` from the repository's root; needs nothing besides the package. Each text is an
excerpt of a page, as it was read on the day that is given; each quote must stand in it, or nothing is written. `mini`,
`mini-half` and the demo (`make demo` builds it) are counted from their own files.
"""

# ruff: noqa: E501  (excerpts stand as they were read)
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.example_parts import READ, disputed, does, offline

from drystone.catalog.importing.imported import Imported, QuotedText, known, unknown, with_always
from drystone.catalog.importing.readers import import_reader
from drystone.catalog.passports.passport import (
    ArtifactVersion,
    Claim,
    Fact,
    Identity,
    Passport,
    Procedure,
)
from drystone.catalog.passports.reading import json_of, load_passport, load_with_texts
from drystone.release.layout import PASSPORT
from tools import example_passports

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "src/drystone/catalog/shelf/examples"

DISTILBERT_CARD: Final = QuotedText(
    """\
language: en
license: apache-2.0
datasets:
- squad
metrics:
- squad
model-index:
- name: distilbert-base-cased-distilled-squad
  results:
  - task:
      type: question-answering
      name: Question Answering
    dataset:
      name: squad
      type: squad
      config: plain_text
      split: validation
    metrics:
    - type: exact_match
      value: 79.5998
      name: Exact Match
      verified: true
    - type: f1
      value: 86.9965
      name: F1
      verified: true

It has 40% less parameters than *bert-base-uncased*, runs 60% faster while preserving over 95% of BERT's performances as \
measured on the GLUE language understanding benchmark.
This model is a fine-tune checkpoint of DistilBERT-base-cased, fine-tuned using (a second step of) knowledge distillation \
on SQuAD v1.1.
Developed by: Hugging Face
Language(s): English
License: Apache 2.0
""",
    "https://huggingface.co/distilbert/distilbert-base-cased-distilled-squad/blob/main/README.md (excerpt)",
    READ,
)
DISTILBERT_AZURE: Final = QuotedText(
    "distilbert-base-cased-distilled-squad\nVersion: 13\n"
    "This model reaches a F1 score of 87.1 on the [SQuAD v1.1] dev set (for comparison, BERT bert-base-cased version "
    "reaches a F1 score of 88.7).\n",
    "https://ai.azure.com/catalog/models/distilbert-base-cased-distilled-squad (excerpt)",
    READ,
)
DISTILBERT_LISTED: Final = QuotedText(
    """\
Identifies and extracts answer spans directly from input text by predicting start and end token positions using a \
fine-tuned DistilBERT encoder. The model uses a dual-head classification approach where each token is scored for being \
a potential answer start or end position, enabling token-level localization without generating new text. Trained on SQuAD dataset with knowledge distillation from a larger BERT teacher model, reducing parameter count by 40% \
while maintaining 97% of original performance.
Uses knowledge distillation from BERT-base to achieve 40% parameter reduction while maintaining 97% performance on \
SQuAD, enabling sub-100ms inference on CPU.
Provides pre-trained weights in multiple serialization formats (PyTorch, TensorFlow, Rust, SafeTensors, OpenVINO)
Faster and more memory-efficient than full BERT-base QA models (66M vs 110M parameters)
""",
    "https://www.unfragile.ai/compare/distilbert--distilbert-base-cased-distilled-squad-vs-vibe-agent-toolkit-rag-lancedb "
    "(excerpt)",
    READ,
)
DISTILBERT_NOTED: Final = QuotedText(
    "F1 88.5\nself-hosted by TGI, Ollama\n",
    "https://www.unfragile.ai/compare/distilbert--distilbert-base-cased-distilled-squad-vs-the-stack-v2 (as noted when "
    "it was read; what is stored of the page ends before these words)",
    READ,
)
DISTILBERT_PRICED: Final = QuotedText(
    """\
| Feature | distilbert-base-cased-distilled-squad | The Stack v2 |
| Pricing | Free | Free |
""",
    "https://www.unfragile.ai/compare/distilbert--distilbert-base-cased-distilled-squad-vs-the-stack-v2 (excerpt)",
    READ,
)
DISTILBERT_HUB: Final = QuotedText(
    "Question Answering\nTransformers\nPyTorch\nTensorFlow\nRust\nSafetensors\nOpenVINO\nEval Results\n"
    "Inference Endpoints\n",
    "https://huggingface.co/distilbert/distilbert-base-cased-distilled-squad/commits/main (the tags at its head, excerpt)",
    READ,
)
TGI: Final = QuotedText(
    "Text Generation Inference (TGI) is a toolkit for deploying and serving Large Language Models (LLMs). TGI enables "
    "high-performance text generation for the most popular open-source LLMs, including Llama, Falcon, StarCoder, BLOOM, "
    "GPT-NeoX, and T5.\n",
    "https://huggingface.co/docs/text-generation-inference (excerpt)",
    READ,
)
OLLAMA: Final = QuotedText(
    """\
The Ollama API provides the following main endpoints:
Generate text completions from a prompt
Create multi-turn conversations with message history
Generate embeddings for text input
""",
    "https://mintlify.com/ollama/ollama/api/introduction (excerpt)",
    READ,
)
STACK_CARD: Final = QuotedText(
    """\
license:
- other
pretty_name: The-Stack-v2
The Stack v2 dataset is a collection of source code in over 600 programming languages.
Downloading the dataset in bulk requires a an agreement with SoftwareHeritage and INRIA.
The Stack v2 is a collection of source code from repositories with various licenses. Any use of all or part of the code \
gathered in The Stack v2 must abide by the terms of the original licenses, including attribution clauses when relevant. \
We facilitate this by providing provenance information for each data point.
The Stack v2 is regularly updated to enact validated data removal requests.
You need to agree to share your contact information to access this dataset
The dataset consists of 4 versions:
bigcode/the-stack-v2-dedup: based on the bigcode/the-stack-v2 but further near-deduplicated
The data is grouped into repositories.
These datasets only contain the SWHIDs to download the code files and not the content of the files itself.
The Stack v1 The Stack v2
full 6.4TB 67.5TB
dedup 2.9TB 32.1TB
train (full) ~200B tokens ~900B tokens
""",
    "https://huggingface.co/datasets/bigcode/the-stack-v2 (excerpt)",
    READ,
)
STACK_LISTED: Final = QuotedText(
    """\
Aggregates 67 TB of source code from the Software Heritage archive, filtering for permissively licensed repositories \
(MIT, Apache 2.0, BSD, etc.) across 600+ programming languages. Uses automated license detection and validation to \
ensure legal compliance for model training. Implements a rigorous deduplication pipeline at file and repository levels \
to eliminate redundant training data and reduce dataset bloat.
"pricing":{"model":"free","free":true,"starting_price":null}
Permissive license filtering excludes GPL and AGPL code, limiting coverage of certain ecosystems (Linux kernel, GNU tools)
License detection relies on heuristics and file headers; edge cases with dual-licensing or custom licenses may be \
misclassified
""",
    "https://www.unfragile.ai/api/v1/passport/the-stack-v2 (excerpt)",
    READ,
)
BIGCODE: Final = QuotedText(
    "permissive licenses or no license\n",
    "https://huggingface.co/spaces/bigcode/README (excerpt, commit 499d295)",
    READ,
)
TEXTS: Final = (
    DISTILBERT_CARD, DISTILBERT_AZURE, DISTILBERT_LISTED, DISTILBERT_NOTED, DISTILBERT_PRICED, DISTILBERT_HUB, TGI,
    OLLAMA, STACK_CARD, STACK_LISTED, BIGCODE,
)  # fmt: skip


def distilbert() -> Passport:
    """Return the passport of the reader whose pipeline many programs used.

    Another catalog counts six capabilities of it, of which only the first two can be read there. These six are what its
    card, its hub and that catalog can be quoted for.
    """
    card, listed, azure, noted = DISTILBERT_CARD, DISTILBERT_LISTED, DISTILBERT_AZURE, DISTILBERT_NOTED
    formats = ("PyTorch", "TensorFlow", "Rust", "safetensors", "OpenVINO")
    return Passport(
        artifact=Identity(
            kind="reader",
            name="distilbert-base-cased-distilled-squad",
            title="DistilBERT base cased distilled SQuAD",
            description="A reader for English: DistilBERT, tuned on SQuAD v1.1 with a second step of distillation.",
            url="https://huggingface.co/distilbert/distilbert-base-cased-distilled-squad",
            aliases=("distilbert/distilbert-base-cased-distilled-squad",),
        ),
        capabilities=(
            does(
                "answer.span", "It predicts where an answer begins and ends in a text that it is given.",
                [card.quote("type: question-answering"), listed.quote("extracts answer spans directly from input text")],
                inputs=("question", "text"), outputs=("span", "score"),
                limits=("English only", "trained on SQuAD v1.1, of which every question has an answer"),
            ),
            does(
                "answer.score", "Each place of the text is scored as the beginning and as the end of an answer.",
                [listed.quote("each token is scored for being a potential answer start or end position")],
                inputs=("question", "text"), outputs=("score",),
                limits=("the scores are not calibrated; nothing that was read measures how far they can be trusted",),
            ),
            does(
                "model.light", "It has 40 % less parameters than its teacher and runs 60 % faster.",
                [
                    card.quote("40% less parameters than *bert-base-uncased*, runs 60% faster"),
                    listed.quote("enabling sub-100ms inference on CPU"),
                ],
                limits=("on which processor and which length of text, nobody says",),
            ),
            does(
                "model.hosted", "A cloud's catalog offers it, and its hub marks it for Inference Endpoints.",
                [azure.quote("distilbert-base-cased-distilled-squad\nVersion: 13"), DISTILBERT_HUB.quote("Inference Endpoints")],
            ),
            does(
                "model.runtimes", "Its weights come in several formats.",
                [listed.quote("(PyTorch, TensorFlow, Rust, SafeTensors, OpenVINO)")],
            ),
            does(
                "model.fine_tune", "It is a checkpoint of DistilBERT that can be tuned further.",
                [card.quote("This model is a fine-tune checkpoint of DistilBERT-base-cased")],
            ),
        ),
        facts=with_always(
            [
                known("license", "Apache-2.0", [card.quote("license: apache-2.0")], "declared"),
                known("maintainer", "Hugging Face", [card.quote("Developed by: Hugging Face")], "declared"),
                known("price", "free", [DISTILBERT_PRICED.quote("| Pricing | Free | Free |")], "declared"),
                disputed(
                    "quality.squad_v1_1.f1", "drystone catalog measure-reader, on the official dev set",
                    (86.9965, card.quote("- type: f1\n      value: 86.9965", "model-index")),
                    (87.1, azure.quote("This model reaches a F1 score of 87.1")),
                    (88.5, noted.quote("F1 88.5")),
                    note="The model-index of its card; the card's prose, as a cloud's catalog prints it; and what another "
                    "catalog was noted to say.",
                ),
                known(
                    "quality.squad_v1_1.em", 79.5998,
                    [card.quote("- type: exact_match\n      value: 79.5998", "model-index")], "declared",
                ),
                disputed(
                    "quality.share_of_teacher", "naming the benchmark: the first is GLUE, the second does not say it",
                    ("over 95 %, on GLUE", card.quote("preserving over 95% of BERT's performances as measured on the GLUE")),
                    ("97 %", listed.quote("maintaining 97% of original performance")),
                ),
                known("size.parameters", 66_000_000, [listed.quote("66M vs 110M parameters")], "declared"),
                known("languages.natural", "English", [card.quote("Language(s): English")], "declared"),
                known("training_data", "SQuAD v1.1", [card.quote("on SQuAD v1.1.")], "declared"),
                offline(listed.quote("Provides pre-trained weights"), is_so=True, why="its weights can be fetched"),
                Fact(
                    name="serving", status="disputed", settled_by="asking one of these servers for a span",
                    claims=(
                        Claim(
                            value="self-hosted by TGI, Ollama", basis="declared",
                            evidence=(noted.quote("self-hosted by TGI, Ollama"),),
                        ),
                        Claim(
                            value="neither: TGI generates text; Ollama generates text, chats and embeds; neither predicts "
                            "spans",
                            basis="editorial",
                            evidence=(
                                TGI.quote("high-performance text generation"),
                                *(OLLAMA.quote(line) for line in OLLAMA.text.splitlines()[1:]),
                            ),
                        ),
                    ),
                ),
                known(
                    "formats", formats, [listed.quote("(PyTorch, TensorFlow, Rust, SafeTensors, OpenVINO)")], "declared"
                ),
                unknown("quality.no_answer.auc", "drystone catalog measure-reader, on questions without an answer"),
                unknown("speed.pairs_per_second", "drystone catalog measure-reader, on a named machine"),
            ],
            "its maintainers saying it",
        ),
    )  # fmt: skip


def the_stack_v2() -> Passport:
    """Return the passport of The Stack v2, the full set."""
    card, listed, bigcode = STACK_CARD, STACK_LISTED, BIGCODE
    ids = "These datasets only contain the SWHIDs to download the code files and not the content of the files itself."
    arithmetic = Procedure(name="terabytes of the source times 10^12", version="1")
    agreement = "Downloading the dataset in bulk requires a an agreement with SoftwareHeritage and INRIA."
    return Passport(
        artifact=Identity(
            kind="dataset",
            name="the-stack-v2",
            title="The Stack v2",
            description="Source code of the Software Heritage archive for training code models, by BigCode: the full set.",
            url="https://huggingface.co/datasets/bigcode/the-stack-v2",
            aliases=("bigcode/the-stack-v2",),
            versions=tuple(
                ArtifactVersion(name=name)
                for name in ("the-stack-v2", "the-stack-v2-dedup", "the-stack-v2-train-full-ids", "the-stack-v2-train-smol-ids")
            ),
        ),
        capabilities=(
            does(
                "code.training_files", "Identifiers of source files, by which their contents are got from the archive.",
                [card.quote("is a collection of source code in over 600 programming languages"), card.quote(ids)],
                outputs=("file_identifiers", "source_files"), requirements=(agreement,),
                limits=("contents are not in the rows; they are got from the archive",),
            ),
            does(
                "code.license_filter", "Repositories are chosen by their licence, and rows name the licences found.",
                [bigcode.quote("permissive licenses or no license")], outputs=("license",),
                limits=("licences are found by tools, which can be wrong",),
            ),
            does(
                "code.opt_out", "Validated requests for removal are enacted with regular updates.",
                [card.quote("is regularly updated to enact validated data removal requests")],
            ),
            does(
                "code.near_deduplication", "One of its versions is near-deduplicated; the full set is not.",
                [card.quote("based on the bigcode/the-stack-v2 but further near-deduplicated")],
            ),
            does(
                "code.provenance", "Rows name origin, revision, path and identifiers in the archive.",
                [card.quote("providing provenance information for each data point"), card.quote("only contain the SWHIDs")],
                outputs=("repositories",),
            ),
            does(
                "code.languages", "Files are told apart by programming language.",
                [card.quote("in over 600 programming languages")],
            ),
            does(
                "code.repositories", "The training versions are grouped by repository.",
                [card.quote("The data is grouped into repositories.")],
            ),
            does(
                "code.versions", "Users agree to go on to the newest usable version.",
                [card.quote("The dataset consists of 4 versions"), card.quote("regularly updated")],
            ),
        ),
        facts=with_always(
            [
                known("license", "other", [card.quote("license:\n- other")], "declared", note="Each file keeps its own."),
                known("maintainer", "BigCode", [bigcode.quote("permissive licenses or no license")], "editorial"),
                known("price", "free", [listed.quote('"pricing":{"model":"free","free":true')], "declared"),
                known(
                    "size.text_bytes", 67_500_000_000_000, [card.quote("full 6.4TB 67.5TB")], "derived", arithmetic,
                    note="The full set.",
                ),
                Fact(
                    name="size.deduplicated_bytes", status="disputed",
                    settled_by="the table of its card: 67.5 TB is the full set, 32.1 TB what deduplication leaves",
                    claims=(
                        Claim(
                            value=32_100_000_000_000, unit="bytes", basis="derived", method=arithmetic,
                            evidence=(card.quote("dedup 2.9TB 32.1TB"),),
                        ),
                        Claim(
                            value=67_000_000_000_000, unit="bytes", basis="derived", method=arithmetic,
                            evidence=(
                                listed.quote("Aggregates 67 TB of source code from the Software Heritage archive"),
                                listed.quote("Implements a rigorous deduplication pipeline at file and repository levels"),
                            ),
                        ),
                    ),
                ),
                known(
                    "size.tokens", 900_000_000_000, [card.quote("train (full) ~200B tokens ~900B tokens")], "derived",
                    Procedure(name="billions of the card times 10^9", version="1"), note="Of the training version.",
                ),
                known("languages.programming", "over 600", [card.quote("over 600 programming languages")], "declared"),
                known("contents", "identifiers only; contents are got from the archive", [card.quote(ids)], "declared"),
                disputed(
                    "licenses.rule", "reading the column license_type of a sample: drystone catalog measure",
                    ("permissive, or no licence found", bigcode.quote("permissive licenses or no license")),
                    ("permissive only", listed.quote("filtering for permissively licensed repositories")),
                ),
                known(
                    "optouts.process", "requests are validated, then enacted by an update",
                    [card.quote("regularly updated to enact validated data removal requests")], "declared",
                ),
                known("access", "after giving contact information; in bulk by agreement", [
                    card.quote("You need to agree to share your contact information to access this dataset"),
                    card.quote(agreement),
                ], "declared"),
                offline(card.quote(ids), is_so=False, why="contents are got from the archive"),
                known("provenance.identifiers", "SWHIDs", [card.quote("only contain the SWHIDs")], "declared"),
                known("versions.count", 4, [card.quote("The dataset consists of 4 versions")], "declared"),
                unknown("licenses.unknown_share", "drystone catalog measure, on a named sample"),
                unknown("optouts.lag_days", "the dates of requests and of the versions without them"),
                unknown("findings.per_million_files", "drystone catalog measure, on a sample with contents"),
            ],
            "its maintainers saying it",
        ),
    )  # fmt: skip


def main() -> None:
    """Write all passports and the texts that they quote."""
    (FOLDER / "texts").mkdir(parents=True, exist_ok=True)
    made = (distilbert(), the_stack_v2(), *example_passports.passports())
    quoted = {one.sha256 for passport in made for one in passport.references}
    for text in (*TEXTS, *example_passports.TEXTS):
        if text.sha256 in quoted:
            (FOLDER / "texts" / f"{text.sha256}.txt").write_text(text.text, "utf-8")
    for passport in made:
        (FOLDER / f"{passport.artifact.name}.json").write_bytes(json_of(passport))
    for imported in own():
        for sha256, kept in imported.texts.items():
            (FOLDER / "texts" / f"{sha256}.txt").write_text(kept, "utf-8")
        (FOLDER / f"{imported.passport.artifact.name}.json").write_bytes(json_of(imported.passport))
        if imported.passport.artifact.kind == "reader":
            beside = model_folder(imported.passport.artifact.name) / PASSPORT
            beside.write_bytes(json_of(imported.passport, imported.texts.values()))
    quoted = {one.sha256 for path in FOLDER.glob("*.json") for one in load_passport(path).references}
    for place in (FOLDER / "texts").iterdir():
        if place.stem not in quoted:
            place.unlink()


def model_folder(name: str) -> Path:
    """Return where a reader of this repository lies."""
    return ROOT / f"models/{name}/src/drystone_{name.replace('-', '_')}/model"


def own() -> Iterator[Imported]:
    """Yield what is counted of the readers that this repository holds, and of the demo where it was built."""
    for name in ("mini", "mini-half"):
        yield import_reader(model_folder(name), name, READ)
    beside = ROOT / "demo/release" / PASSPORT
    if beside.exists():
        yield Imported(*load_with_texts(beside))


if __name__ == "__main__":
    main()
