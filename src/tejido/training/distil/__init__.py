"""One network taught by others."""
