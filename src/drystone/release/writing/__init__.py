"""Writing a release: shards, ledger, repositories; the manifest last."""
