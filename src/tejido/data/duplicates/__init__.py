"""Which pictures are one: fingerprints, hashes, the search for near-duplicates and the pixel check that decides."""
