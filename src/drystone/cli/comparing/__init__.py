"""Commands about the catalog: what artifacts can do, and how they compare."""
