"""What an export holds and what not, in one line for people."""

from __future__ import annotations

from typing import Final

from drystone._words import many
from drystone.release.exports.forms import TRAINING, RowChoice
from drystone.release.exports.plain import DEFAULT_COLUMNS, columns_of
from drystone.release.exports.tokens.choice import TokenChoice
from drystone.release.layout import shown
from drystone.release.schema import DATA

_STACK: Final = {
    "stack-v2": "names, ids and facts of {kept} kept files; no text, no evidence, nothing of what was dropped",
    "stack-v2-repos": "names, ids and facts of {kept} kept files by repository; no text, no evidence, nothing of what "
    "was dropped",
    "stack-v3": "text of {kept} kept files by repository, secrets in it replaced; no evidence, nothing of what was "
    "dropped",
}


def what_it_holds(form: str, choice: RowChoice, kept: int, tokens: TokenChoice | None = None) -> str:
    """Return one line: which files, in which order and splits, with which columns, and what is not in it."""
    if form in TRAINING:
        return _training(form, choice, kept, tokens or TokenChoice())
    if form in _STACK:
        return f"Holds {_STACK[form].format(kept=f'{kept:,}')}."
    columns = columns_of(choice)
    rows = kept if choice.limit is None else min(kept, choice.limit)
    whole = f"{'the' if kept == 1 else 'all'} {many(kept, 'kept file')}"
    which = f"{rows:,} of {many(kept, 'kept file')}" if rows < kept else whole
    order = f"shuffled (seed {choice.seed})" if choice.shuffle else "in the order of the release"
    splits = ", ".join(f"{name} {weight:g}" for name, weight in choice.splits)
    parts = f"; splits by {choice.by}: {splits}" if len(choice.splits) > 1 else ""
    text = "text with secrets replaced, " if "content" in columns or form == "text" else "no text, "
    facts = len([name for name in columns if name != "content"])
    left = len(DATA.names) - len(set(columns) | ({"content"} if form == "text" else set()))
    said = "" if not left else f"; {left} other columns of the release are not in it"
    most = " (--columns all has them)" if left and tuple(columns) == DEFAULT_COLUMNS else ""
    each = f"Each row: {text}{facts} columns beside it{said}{most}"
    return f"Holds {which}, {order}{parts}. {each}. Nothing of what was dropped."


def _training(form: str, choice: RowChoice, kept: int, tokens: TokenChoice) -> str:
    each = "repository, imported files first" if tokens.documents == "repository" else "file"
    order = f"in the order of seed {choice.seed}"
    text = "as text" if form == "documents" else f"as tokens of {shown(str(tokens.tokenizer))}"
    length = tokens.sequence_length
    packed = "" if length is None else f", packed into sequences of {length:,} tokens, no document cut that fits one"
    fim = f"; {tokens.fim_rate:.0%} of files cut for filling in the middle" if tokens.fim_rate else ""
    return (
        f"Holds {many(kept, 'kept file')}, a document for each {each}, {order}, {text}{packed}{fim}; secrets replaced. "
        "Nothing of what was dropped."
    )
