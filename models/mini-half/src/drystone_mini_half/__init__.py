"""The weights that `Reader.load("mini-half")` finds: data only, in `model/`."""
