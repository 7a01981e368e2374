"""Governed code-dataset releases, traced file by file; answers from texts; and the models that give them.

Every verb is here, in one flat list: `build` makes a release, `why` tells why a file is in or out of it, `ask` answers
from a text. They live in the `verbs` of their rooms (docs/design.md), and the command line calls the same ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drystone._lazy import lazily

if TYPE_CHECKING:
    from drystone.building.verbs import audit, build, estimate, retract, verify, why
    from drystone.dedup.verbs import deduplicate
    from drystone.detect.verbs import scan
    from drystone.errors import DrystoneError
    from drystone.policy.verbs import licenses
    from drystone.reader.options import TrainingFile, TrainingOptions
    from drystone.reader.reader import Reader
    from drystone.reader.verbs import (
        ask,
        average_models,
        distil,
        evaluate,
        explain,
        export_model,
        load_reader,
        make_questions,
        pack_model,
        train,
        verify_model,
        write_attention,
        write_features,
        write_model_card,
        write_vectors,
    )
    from drystone.registry.registry import Registry
    from drystone.registry.verbs import (
        decide_optout,
        decide_review,
        encrypt_contacts,
        erase_contact,
        export_optouts,
        export_reviews,
        import_optouts,
        import_reviews,
        list_optouts,
        list_places,
        list_reviews,
        new_contact_key,
        read_log,
        record_place,
        remove_place,
        request_optout,
        show_optout,
        show_review,
        vouch_optout,
        withdraw_optout,
    )
    from drystone.release.manifest import Manifest
    from drystone.release.read import Release, open_release
    from drystone.release.verbs import diff, export, lookup, new_receipt_key, occurrences, stats, verify_receipt
    from drystone.search.verbs import count_files, explain_query, index_release, search_releases
    from drystone.verification.verbs import challenge_optout, check_optout, list_contents
    from drystone.web.verbs import add_moderator, serve

__all__ = [
    "DrystoneError",
    "Manifest",
    "Reader",
    "Registry",
    "Release",
    "TrainingFile",
    "TrainingOptions",
    "add_moderator",
    "ask",
    "audit",
    "average_models",
    "build",
    "challenge_optout",
    "check_optout",
    "count_files",
    "decide_optout",
    "decide_review",
    "deduplicate",
    "diff",
    "distil",
    "encrypt_contacts",
    "erase_contact",
    "estimate",
    "evaluate",
    "explain",
    "explain_query",
    "export",
    "export_model",
    "export_optouts",
    "export_reviews",
    "import_optouts",
    "import_reviews",
    "index_release",
    "licenses",
    "list_contents",
    "list_optouts",
    "list_places",
    "list_reviews",
    "load_reader",
    "lookup",
    "make_questions",
    "new_contact_key",
    "new_receipt_key",
    "occurrences",
    "open_release",
    "pack_model",
    "read_log",
    "record_place",
    "remove_place",
    "request_optout",
    "retract",
    "scan",
    "search_releases",
    "serve",
    "show_optout",
    "show_review",
    "stats",
    "train",
    "verify",
    "verify_model",
    "verify_receipt",
    "vouch_optout",
    "why",
    "withdraw_optout",
    "write_attention",
    "write_features",
    "write_model_card",
    "write_vectors",
]

_HOMES = {
    "DrystoneError": "drystone.errors",
    "Manifest": "drystone.release.manifest",
    "Reader": "drystone.reader.reader",
    "Registry": "drystone.registry.registry",
    "Release": "drystone.release.read",
    "TrainingFile": "drystone.reader.options",
    "TrainingOptions": "drystone.reader.options",
    "add_moderator": "drystone.web.verbs",
    "ask": "drystone.reader.verbs",
    "audit": "drystone.building.verbs",
    "average_models": "drystone.reader.verbs",
    "build": "drystone.building.verbs",
    "challenge_optout": "drystone.verification.verbs",
    "check_optout": "drystone.verification.verbs",
    "count_files": "drystone.search.verbs",
    "decide_optout": "drystone.registry.verbs",
    "decide_review": "drystone.registry.verbs",
    "deduplicate": "drystone.dedup.verbs",
    "diff": "drystone.release.verbs",
    "distil": "drystone.reader.verbs",
    "encrypt_contacts": "drystone.registry.verbs",
    "erase_contact": "drystone.registry.verbs",
    "estimate": "drystone.building.verbs",
    "evaluate": "drystone.reader.verbs",
    "explain": "drystone.reader.verbs",
    "explain_query": "drystone.search.verbs",
    "export": "drystone.release.verbs",
    "export_model": "drystone.reader.verbs",
    "export_optouts": "drystone.registry.verbs",
    "export_reviews": "drystone.registry.verbs",
    "import_optouts": "drystone.registry.verbs",
    "import_reviews": "drystone.registry.verbs",
    "index_release": "drystone.search.verbs",
    "licenses": "drystone.policy.verbs",
    "list_contents": "drystone.verification.verbs",
    "list_optouts": "drystone.registry.verbs",
    "list_places": "drystone.registry.verbs",
    "list_reviews": "drystone.registry.verbs",
    "load_reader": "drystone.reader.verbs",
    "lookup": "drystone.release.verbs",
    "make_questions": "drystone.reader.verbs",
    "new_contact_key": "drystone.registry.verbs",
    "new_receipt_key": "drystone.release.verbs",
    "occurrences": "drystone.release.verbs",
    "open_release": "drystone.release.read",
    "pack_model": "drystone.reader.verbs",
    "read_log": "drystone.registry.verbs",
    "record_place": "drystone.registry.verbs",
    "remove_place": "drystone.registry.verbs",
    "request_optout": "drystone.registry.verbs",
    "retract": "drystone.building.verbs",
    "scan": "drystone.detect.verbs",
    "search_releases": "drystone.search.verbs",
    "serve": "drystone.web.verbs",
    "show_optout": "drystone.registry.verbs",
    "show_review": "drystone.registry.verbs",
    "stats": "drystone.release.verbs",
    "train": "drystone.reader.verbs",
    "verify": "drystone.building.verbs",
    "verify_model": "drystone.reader.verbs",
    "verify_receipt": "drystone.release.verbs",
    "vouch_optout": "drystone.registry.verbs",
    "why": "drystone.building.verbs",
    "withdraw_optout": "drystone.registry.verbs",
    "write_attention": "drystone.reader.verbs",
    "write_features": "drystone.reader.verbs",
    "write_model_card": "drystone.reader.verbs",
    "write_vectors": "drystone.reader.verbs",
}
__getattr__ = lazily(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
