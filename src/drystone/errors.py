"""Every error that Drystone raises on purpose.

    DrystoneError                 exit 1: the work could not be done
    ├── SourceError               a repository, archive or folder cannot be read
    ├── ReleaseError              a folder is not a release, or its bytes are not what they should be
    ├── RegistryError             the registry refuses a step, or cannot be opened
    │   └── RegistryUnavailableError  its database went away or is held by another program
    ├── BuildError                a build cannot start or go on
    ├── ModelError                a reader's checkpoint cannot be loaded, run or written
    └── UsageError                exit 2: the request itself is wrong
        ├── SettingsError         a settings file has unknown keys, wrong types or impossible values
        └── MissingExtraError     a part of Drystone that is not installed

A message names the thing, says what is wrong, and what to do. The command line prints it without a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class DrystoneError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line exits with."""

    exit_code = 1


class SourceError(DrystoneError):
    """A repository, archive or folder cannot be read."""


class ReleaseError(DrystoneError):
    """A folder is not a release, or its bytes are not what its manifest says."""


class RegistryError(DrystoneError):
    """The registry refuses a step, or cannot be opened."""


class RegistryUnavailableError(RegistryError):
    """The registry's database went away or is held by another program; the same step may succeed later."""


class BuildError(DrystoneError):
    """A build cannot start or go on."""


class ModelError(DrystoneError):
    """A reader's checkpoint cannot be loaded, run or written."""


class UsageError(DrystoneError):
    """The request itself is wrong."""

    exit_code = 2


class SettingsError(UsageError):
    """A settings file is wrong; `problems` holds one line per problem, each with file, line and key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class MissingExtraError(UsageError):
    """A part of Drystone that is not installed; the message names the extra to install."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed. Install it with: pip install 'drystone[{extra}]'")
        self.extra = extra


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'X'?" with the known word that is nearest to one that is not known, "" where none is near.

    Case makes no difference.
    """
    by_lower: dict[str, str] = {}
    for name in known:
        by_lower.setdefault(name.lower(), name)
    near = get_close_matches(word.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""
