"""The weights that `Reader.load("mini")` finds: data only, in `model/`."""
