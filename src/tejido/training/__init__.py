"""Torch data sets, Lightning modules, the run directory and resume."""
