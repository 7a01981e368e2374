"""What a model computes on the way to an answer, as data and as pages."""
