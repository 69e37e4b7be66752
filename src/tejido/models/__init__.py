"""Networks that a recipe may name."""
