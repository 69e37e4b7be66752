"""Why a network answers as it does: maps of evidence, how far they can be trusted, and what it has learned from."""
