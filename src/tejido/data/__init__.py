"""Manifest, groups and splits. Free of torch."""
