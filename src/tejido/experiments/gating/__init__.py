"""Gates, which tell pictures of a model's own kind from others: what they learn from, and how they are fitted."""
