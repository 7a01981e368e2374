"""The console that commands print on: what it is given is printed as it is.

Names of files and repositories come from others: `:one:` in them is no emoji, and `[red]` no colour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def console(**arguments: Any) -> Console:
    """Return a console of rich's; `arguments` are those of its class."""
    from rich.console import Console

    return Console(highlight=False, emoji=False, markup=False, **arguments)
