"""One module for each step; a step that was ever released is never changed."""
