"""Studies: one recipe over axes, seeds and folds."""
