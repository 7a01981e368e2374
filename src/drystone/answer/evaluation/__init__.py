"""How good answers are on labelled questions: the set is read, its places are found, every question is asked."""
