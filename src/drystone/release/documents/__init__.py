"""The texts and pictures for people beside a release's tables."""
