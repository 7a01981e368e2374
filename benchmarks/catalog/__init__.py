"""The catalog: finding, merging, comparing, ranking, measuring, and the papers that it makes. See docs/catalog.md."""
