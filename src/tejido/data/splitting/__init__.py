"""Leak groups, and the splits and folds made of them: tables of their own, checked at every load."""
