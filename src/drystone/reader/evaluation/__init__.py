"""How well a reader answers, by the field's metrics."""
