"""The public face: its names, and a build in three lines."""

from __future__ import annotations

from pathlib import Path

import pytest

import drystone


def test_the_public_names_are_these() -> None:
    assert drystone.__all__ == sorted(drystone.__all__)
    assert drystone.__all__ == [
        "AskableRelease",
        "DrystoneError",
        "Manifest",
        "Reader",
        "Registry",
        "Release",
        "TrainingFile",
        "TrainingOptions",
        "adapt_reader",
        "add_artifact",
        "add_moderator",
        "answer_dispute",
        "ask",
        "ask_releases",
        "ask_text",
        "asks_ledger",
        "attribution",
        "audit",
        "average_models",
        "build",
        "challenge_optout",
        "check_artifact",
        "check_optout",
        "compare",
        "complete_query",
        "count_files",
        "count_files_on_text",
        "count_times",
        "decide_optout",
        "decide_review",
        "deduplicate",
        "diff",
        "dispute_fact",
        "distil",
        "draw_badge",
        "draw_comparison",
        "encrypt_contacts",
        "erase_contact",
        "estimate",
        "evaluate",
        "evaluate_answers",
        "explain",
        "explain_query",
        "explain_rank",
        "explain_settings",
        "explain_words",
        "export",
        "export_catalog",
        "export_model",
        "export_optouts",
        "export_reviews",
        "find_artifacts",
        "find_copies",
        "find_passages",
        "import_optouts",
        "import_reviews",
        "index_release",
        "init_registry",
        "license_files",
        "licenses",
        "list_artifacts",
        "list_contents",
        "list_disputes",
        "list_optouts",
        "list_places",
        "list_reviews",
        "load_reader",
        "lookup",
        "make_paper",
        "make_questions",
        "mcp_settings",
        "measure_dataset",
        "measure_reader",
        "new_contact_key",
        "new_receipt_key",
        "occurrences",
        "open_release",
        "pack_model",
        "rank_artifacts",
        "rank_files",
        "rank_history",
        "read_log",
        "record_place",
        "remove_artifact",
        "remove_place",
        "report_outcome",
        "request_optout",
        "resolve_permalink",
        "retract",
        "scan",
        "search_ledger",
        "search_releases",
        "serve",
        "serve_mcp",
        "show_artifact",
        "show_optout",
        "show_review",
        "stats",
        "train",
        "validate_passport",
        "verify",
        "verify_citations",
        "verify_model",
        "verify_receipt",
        "vouch_optout",
        "what_would_turn",
        "why",
        "why_nothing",
        "withdraw_optout",
        "write_attention",
        "write_attribution",
        "write_citations",
        "write_features",
        "write_first_settings",
        "write_model_card",
        "write_vectors",
    ]
    for name in drystone.__all__:
        assert getattr(drystone, name).__name__ == name


def test_build_and_read_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where the registry lies by default
    (tmp_path / "walls").mkdir()
    text = "# SPDX-License-Identifier: MIT\ndef stack(stones):\n    return sorted(stones, key=lambda s: -s.weight)\n"
    (tmp_path / "walls/stack.py").write_text(text)
    release = drystone.build([tmp_path / "walls"], tmp_path / "release", settings={"quality": {"profile": "off"}})
    assert [row["path"] for batch in release.data() for row in batch.to_pylist()] == ["/stack.py"]
    assert drystone.open_release(tmp_path / "release").manifest == release.manifest
    assert release.daft().count_rows() == 1
