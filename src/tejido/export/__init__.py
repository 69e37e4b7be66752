"""Trained network to model file."""
