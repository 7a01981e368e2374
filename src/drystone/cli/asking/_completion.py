"""What the shell offers for the words of a search: folders, then fields of the query and their values.

bash takes a colon for the end of a word: there `lang:py` comes as `lang`, `:` and `py`, and what is offered stands for
the last of them.
"""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import CompletionItem

#: What bash has divided, where the cursor stands behind a colon.
_COLON: Final = ":"


def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return what could stand for the word that is being written."""
    from drystone.search.verbs import complete_query

    before = tuple(context.params.get("arguments") or ())
    if incomplete == _COLON and before:
        return [CompletionItem(word) for word in _values(complete_query(f"{before[-1]}:"))]
    if len(before) > 1 and before[-1] == _COLON:
        return [CompletionItem(word) for word in _values(complete_query(f"{before[-2]}:{incomplete}"))]
    words = [CompletionItem(word) for word in complete_query(incomplete)] if incomplete and before else []
    return words or [CompletionItem(incomplete, type="file")]


def _values(words: list[str]) -> list[str]:
    return [word.partition(":")[2] for word in words]
