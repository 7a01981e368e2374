"""Pages and programs' addresses about choosing an artifact of the catalog."""
