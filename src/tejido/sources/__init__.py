"""Public data sets: one file each, from its layout on disk to image records."""
