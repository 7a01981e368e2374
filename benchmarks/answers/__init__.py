"""Questions about documentation, code and configuration of pinned packages, with gold spans. docs/answers.md tells how.

`questions.jsonl` holds the questions; `tune.toml` and `held_out.toml` build the releases that they are asked of.
"""
