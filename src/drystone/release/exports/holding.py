"""What an export holds and what not, in one line for people."""

from __future__ import annotations

from typing import Final

from drystone._words import many
from drystone.release.exports.forms import RowChoice
from drystone.release.exports.plain import DEFAULT_COLUMNS, columns_of
from drystone.release.schema import DATA

_STACK: Final = {
    "stack-v2": "names, ids and facts of {kept} kept files; no text, no evidence, nothing of what was dropped",
    "stack-v2-repos": "names, ids and facts of {kept} kept files by repository; no text, no evidence, nothing of what "
    "was dropped",
    "stack-v3": "text of {kept} kept files by repository, secrets in it replaced; no evidence, nothing of what was "
    "dropped",
}


def what_it_holds(form: str, choice: RowChoice, kept: int) -> str:
    """Return one line: which files, in which order and splits, with which columns, and what is not in it."""
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
