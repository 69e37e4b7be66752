"""One run end to end: train, decide on validation, evaluate on test, export. Studies of many runs."""
