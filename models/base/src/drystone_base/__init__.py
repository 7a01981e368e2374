"""Holds the weights of Drystone's strong reader: `Reader.load("base")`."""
