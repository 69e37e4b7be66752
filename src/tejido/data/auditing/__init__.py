"""What a manifest holds, what was removed from it, what leaks: as numbers and as a page."""
