"""Whether a release is what its manifest says, and keeps its laws."""
