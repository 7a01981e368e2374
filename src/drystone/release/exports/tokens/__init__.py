"""A release as what a model trains on: documents with separators, as text or as tokens in shards that trainers read.

Knows rows of a release and tokenizers; knows nothing of models.
"""
