"""Whether a request comes from whom it says: challenges that only somebody with access to a place can meet.

A method is a small object: it tells what to do (`instructions`), and looks whether that was done (`check`). Looks at
git repositories; decides nothing: what a verified request comes to is a moderator's word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drystone._lazy import lazily

if TYPE_CHECKING:
    from drystone.verification.base import (
        VISITOR,
        Challenge,
        NotVerifiedError,
        Proof,
        Reach,
        VerificationMethod,
        covers,
    )
    from drystone.verification.methods import METHODS, check_request

__all__ = [
    "METHODS",
    "VISITOR",
    "Challenge",
    "NotVerifiedError",
    "Proof",
    "Reach",
    "VerificationMethod",
    "check_request",
    "covers",
]

_BASE = "drystone.verification.base"
_METHODS = "drystone.verification.methods"
__getattr__ = lazily(
    __name__,
    {
        "METHODS": _METHODS,
        "VISITOR": _BASE,
        "Challenge": _BASE,
        "VerificationMethod": _BASE,
        "NotVerifiedError": _BASE,
        "Proof": _BASE,
        "Reach": _BASE,
        "check_request": _METHODS,
        "covers": _BASE,
    },
)
